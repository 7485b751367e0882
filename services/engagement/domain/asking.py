"""What members ask of Hearth in chat, by how a message begins: a word, then what it is about."""

import re
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

from services.engagement.domain.campaign import ONE_DAY

Kind = Literal[
    "makeup", "testimony", "come", "stay_away", "vote", "idea", "draw", "queue", "city", "birthday",
    "opener", "no_opener", "no_care",
]  # fmt: skip
WORDS: dict[str, Kind] = {
    "补卡": "makeup", "補卡": "makeup", "/makeup": "makeup",
    "感言": "testimony", "打卡感言": "testimony", "/testimony": "testimony",
    "报名": "come", "報名": "come", "我要报名": "come", "/rsvp": "come",
    "取消报名": "stay_away", "取消報名": "stay_away", "/unrsvp": "stay_away",
    "投票": "vote", "我选": "vote", "我選": "vote", "/vote": "vote",
    "点子": "idea", "點子": "idea", "/idea": "idea",
    "抽奖": "draw", "抽獎": "draw", "参加抽奖": "draw", "/draw": "draw",
    "提问": "queue", "提問": "queue", "/ask": "queue",
    "我在城市": "city", "城市": "city", "/city": "city",
    "生日": "birthday", "我的生日": "birthday", "/birthday": "birthday",
    "我来开场": "opener", "我來開場": "opener", "/opener": "opener",
    "不开场了": "no_opener", "不開場了": "no_opener", "/no-opener": "no_opener",
    "不要祝福": "no_care", "/no-care": "no_care",
}  # fmt: skip
_FIRST = frozenset(word[0] for word in WORDS)
_WORD = re.compile(
    "(" + "|".join(map(re.escape, sorted(WORDS, key=len, reverse=True))) + r")(?:[\s:：,，]+|(?=\d)|$)",
    re.IGNORECASE,
)
_DATE = re.compile(r"(?:(\d{4})[-/年.])?(\d{1,2})[-/月.](\d{1,2})")
REST_MAX = 2000


@dataclass(frozen=True, slots=True)
class Ask:
    """A request and what stands behind its word."""

    kind: Kind
    rest: str

    def day(self, today: date) -> date:
        """The date that is named, the nearest before today where no year is; without one, yesterday."""
        found = _DATE.search(self.rest)
        if found is None:
            return today - ONE_DAY
        year = int(found[1]) if found[1] else today.year
        try:
            day = date(year, int(found[2]), int(found[3]))
        except ValueError:
            return today
        if not found[1] and day > today + timedelta(days=180):
            return day.replace(year=year - 1)
        return day

    @property
    def number(self) -> int | None:
        """The number that stands first."""
        found = re.match(r"\D{0,3}(\d{1,4})", self.rest)
        return int(found[1]) if found else None


def asked(text: str) -> Ask | None:
    """What a message asks for; None for nearly every message, at the cost of its first character."""
    if not text or (text[0] not in _FIRST and text[0] != " "):
        return None
    head = text.strip()
    found = _WORD.match(head)
    if found is None:
        return None
    return Ask(WORDS[found[1].lower()], head[found.end() :].strip()[:REST_MAX])
