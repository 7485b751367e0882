"""What members ask of rewards in the chat: a word at the beginning, and what it is about behind it."""

import unicodedata
from collections.abc import Mapping
from enum import StrEnum
from typing import NamedTuple

CHARACTERS_MAX = 60


class Wish(StrEnum):
    """What a member wants."""

    POINTS = "points"
    RANKING = "ranking"
    GIFTS = "gifts"
    REDEEM = "redeem"
    INVITE = "invite"


class Period(StrEnum):
    """Of which time a ranking is."""

    DAY = "day"
    WEEK = "week"
    MONTH = "month"
    ALL = "all"


WORDS: Mapping[str, Wish] = {
    "我的积分": Wish.POINTS,
    "积分": Wish.POINTS,
    "積分": Wish.POINTS,
    "points": Wish.POINTS,
    "排行榜": Wish.RANKING,
    "排行": Wish.RANKING,
    "ranking": Wish.RANKING,
    "leaderboard": Wish.RANKING,
    "top": Wish.RANKING,
    "兑换": Wish.REDEEM,
    "兌換": Wish.REDEEM,
    "redeem": Wish.REDEEM,
    "礼品": Wish.GIFTS,
    "禮品": Wish.GIFTS,
    "gifts": Wish.GIFTS,
    "邀请码": Wish.INVITE,
    "邀請碼": Wish.INVITE,
    "invite": Wish.INVITE,
}
"""A longer word before one that it begins with."""
PERIODS: Mapping[str, Period] = {
    "日": Period.DAY,
    "今日": Period.DAY,
    "今天": Period.DAY,
    "day": Period.DAY,
    "today": Period.DAY,
    "周": Period.WEEK,
    "本周": Period.WEEK,
    "week": Period.WEEK,
    "": Period.MONTH,
    "月": Period.MONTH,
    "本月": Period.MONTH,
    "month": Period.MONTH,
    "总": Period.ALL,
    "总榜": Period.ALL,
    "全部": Period.ALL,
    "all": Period.ALL,
}
_FIRST = frozenset({"/", "／", *(word[0] for word in WORDS), *(word[0].upper() for word in WORDS)})
"""By its first character nearly every message is told apart at once."""


class Asked(NamedTuple):
    """A wish, and what it is about: a period, or a gift by number or name."""

    wish: Wish
    about: str = ""

    @property
    def period(self) -> Period:
        """Of which time a ranking is wanted."""
        return PERIODS[self.about]


def asked(text: str) -> Asked | None:
    """The wish in a message, if it is nothing else: `积分` and `兑换 2`, but not `积分怎么算`."""
    if len(text) > CHARACTERS_MAX or text.lstrip()[:1] not in _FIRST:
        return None
    line = unicodedata.normalize("NFKC", text).strip().removeprefix("/").casefold()
    for word, wish in WORDS.items():
        if line.startswith(word):
            return _about(wish, line[len(word) :])
    return None


def _about(wish: Wish, rest: str) -> Asked | None:
    about = rest.strip()
    match wish:
        case Wish.REDEEM:
            # a name stands apart, a number need not
            return Asked(wish, about) if not about or rest[0].isspace() or about.isdecimal() else None
        case Wish.RANKING:
            return Asked(wish, about) if about in PERIODS else None
    return Asked(wish) if not about else None


def choice_of(text: str, names: Mapping[str, str], numbered: tuple[str, ...]) -> str | None:
    """The gift that a text names by its number, from 1, or by its whole name; `names`: ids by name."""
    if len(text) > CHARACTERS_MAX:
        return None
    line = unicodedata.normalize("NFKC", text).strip().casefold()
    if line.isdecimal() and len(line) <= 2:
        place = int(line) - 1
        return numbered[place] if 0 <= place < len(numbered) else None
    return next((gift for name, gift in names.items() if name.casefold() == line), None)
