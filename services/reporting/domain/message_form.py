"""Of what form a message is: a question, a link, a picture, a file, or text alone."""

from collections.abc import Iterable

FORMS = ("question", "link", "picture", "file", "text")
PICTURES = frozenset({"image", "video", "sticker"})
ASKING = (
    "请问",
    "怎么",
    "为什么",
    "为啥",
    "有没有",
    "有人知道",
    "谁知道",
    "求推荐",
    "如何",
    "能不能",
    "是不是",
)
ASKING_ENDS = ("吗", "呢", "么")
_CLOSING = "?？!！\"'”’)）】」"


def form_of(text: str, attachment_kinds: Iterable[str] = ()) -> str:
    """One of FORMS, the first that fits: a message that asks and holds a link is a question."""
    if is_question(text):
        return "question"
    if "://" in text or "www." in text:
        return "link"
    kinds = set(attachment_kinds)
    if kinds & PICTURES:
        return "picture"
    return "file" if kinds else "text"


def is_question(text: str) -> bool:
    """A question mark that ends a word, or Chinese words that ask; one inside an address is none."""
    if not text.isascii() and _asks_in_chinese(text):
        return True
    place = text.find("?")
    while place >= 0:
        following = text[place + 1 : place + 2]
        if not following or following.isspace() or following in _CLOSING:
            return True
        place = text.find("?", place + 1)
    return False


def _asks_in_chinese(text: str) -> bool:
    if "？" in text or text.rstrip("。.！! ").endswith(ASKING_ENDS):
        return True
    return any(word in text for word in ASKING)
