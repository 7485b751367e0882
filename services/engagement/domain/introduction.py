"""Introductions of newcomers: which message is one, and what it says of its author."""

import re
from datetime import timedelta

JOURNEY = timedelta(days=7)
UNANSWERED = timedelta(hours=2)
GREETED_AFTER = timedelta(minutes=5)
"""Those who join within this time are greeted together."""
NAMES_MAX = 10
SIMILAR_MAX = 3
WORDS_MAX = 20
CHARACTERS_MIN = 12

_LABELS = (
    "昵称|暱稱|姓名|名字|称呼|城市|坐标|座标|所在地|职业|職業|行业|行業|工作|爱好|愛好|兴趣|興趣|标签|关注|期待|"
    "name|city|location|based in|job|work|hobbies|interests|looking for"
)
_FIELD = re.compile(rf"(?:^|[\n;；|。])\s*(?:{_LABELS})\s*[:：]\s*([^\n;；|。]{{1,80}})", re.IGNORECASE)
_OPENING = re.compile(
    r"\s*[^\w]{0,8}"
    r"(?:大家好|各位好|你们好|嗨|哈喽|(?:hello|hi|hey)(?:[\s,]+(?:all|everyone|everybody|there|folks))?)?"
    r"[\s,，!！。~、]*"
    r"(?:我是|我叫|本人|新人报到|新人報到|新人|自我介绍|自我介紹|报到|初来乍到|"
    r"i am|i'm|i’m|my name is|new here|just joined|introduc)",
    re.IGNORECASE,
)
_APART = re.compile(r"[\s、,，/／;；和与及&+]+|(?:\band\b)", re.IGNORECASE)


def is_introduction(text: str) -> bool:
    """Whether a newcomer's message introduces them: two fields of the template, or an opening."""
    if len(_FIELD.findall(text)) >= 2:
        return True
    opening = _OPENING.match(text)
    return (
        opening is not None and len(text.strip()) >= CHARACTERS_MIN and "?" not in text and "？" not in text
    )


def words_of(text: str) -> tuple[str, ...]:
    """What somebody says of themselves in the fields of the template, in lower case, sorted."""
    found = {
        word.casefold()
        for value in _FIELD.findall(text)
        for word in _APART.split(value.strip())
        if 2 <= len(word) <= 20
    }
    return tuple(sorted(found)[:WORDS_MAX])
