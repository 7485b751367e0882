"""Which messages are check-ins: the rule on how a message begins.

1. Before the keyword there may be at most 16 spaces, symbols or emoji, and up to three mentions of somebody
   (the bot, usually). No word, no quotation mark (it talks about the word), no mention of everybody (it calls
   others to check in).
2. The keyword is 签到, 簽到, 打卡, or check in, checkin, check-in in any case and width.
3. A Chinese keyword may be said up to three times (打卡打卡). After it there may be one of 了 啦 咯 喽 嘍 囉
   成功 完成, then the end, a space, a symbol, a number, or the count of a day (第3天, day 3). A Han character
   or a letter means another word: 签到功能坏了.
4. After an English keyword comes the end, a space or a symbol, and no word that makes it a verb or a noun of
   a longer sentence: "check in with Bob", "check-in is broken".
5. A question mark right after it asks whether, and does not check in.

Whatever stands behind that is the member's own text. Edits change nothing: the text as posted counts.
"""

import re
from unicodedata import normalize

HEAD_CHARACTERS = 96

_QUOTES = "\"'`“”‘’「」『』《》«»"
_MARKS = rf"[^\w@＠<＜>＞{_QUOTES}]{{0,16}}+"
_EVERYBODY = r"(?!(?:all|everyone|everybody|here|channel|所有人|全体成员|全體成員|大家)(?!\w))"
_MENTION = (
    rf"(?:[@＠]\*\*{_EVERYBODY}[^*\n]{{1,64}}\*\*|<@[^<>\s]{{1,64}}>|[@＠]{_EVERYBODY}[^\s@＠*]{{1,64}}\s)"
)
_OPENING = re.compile(rf"{_MARKS}(?:{_MENTION}{_MARKS}){{0,3}}(?=[签簽打]|[cCｃＣ][hHｈＨ])", re.IGNORECASE)

_CHINESE = r"(?:[签簽]\s{0,2}到|打\s{0,2}卡){1,3}(?:了|啦|咯|喽|嘍|囉|成功|完成)?"
_COUNT = r"\d|day\s?\d|第\s?[\d一二两三四五六七八九十百]{1,5}\s?[天日次]"
_AFTER_CHINESE = rf"(?:(?={_COUNT})|(?![\w/、&{_QUOTES}]))"

_ENGLISH = r"check\s{0,2}[-‐–—−]?\s{0,2}in"
_NOT_ENGLISH = (
    "a|about|after|again|all|also|an|and|any|anyone|are|as|at|based|before|between|bot|button|but|by|can|"
    "counter|desk|did|does|doesn|don|each|every|everyone|failed|fails|feature|for|from|function|has|here|if|"
    "instances|is|isn|it|its|later|me|my|next|not|of|on|or|our|page|please|process|regularly|she|should|"
    "some|somebody|someone|soon|system|that|the|them|there|these|they|this|those|time|to|tomorrow|us|using|"
    "was|we|were|what|when|where|whether|which|while|who|why|will|with|would|you|your"
)
_AFTER_ENGLISH = rf"(?![\w/&{_QUOTES}]|[-‐–—.]\w|\s+--?\w|\s+(?:{_NOT_ENGLISH})\b)"

_KEYWORD = re.compile(rf"(?:{_CHINESE}{_AFTER_CHINESE}|{_ENGLISH}{_AFTER_ENGLISH})(?!\s*\?)")


def is_checkin(text: str) -> bool:
    """Whether a message with this text checks its author in."""
    opening = _OPENING.match(text)  # nearly every message ends here, within a microsecond
    if opening is None:
        return False
    head = text[opening.end() : opening.end() + HEAD_CHARACTERS]
    return _KEYWORD.match(normalize("NFKC", head).casefold()) is not None
