"""Campaigns (广告团伙): several members post what is nearly the same text within minutes."""

from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

from services.moderation.domain.message import Match, Message
from services.moderation.domain.rules.kind import Kind
from shared.text import Fingerprint, normalise, similarity

MINUTE_US = 60 * 1_000_000
MINUTES_MAX = 30
OPENING_CHARACTERS = 24
"""A custom names itself at the beginning of its messages."""
CUSTOMS = (
    "打卡", "签到", "接龙", "报名", "check in", "checkin", "祝", "恭喜", "生日快乐", "新年快乐", "节日快乐",
    "早上好", "晚安", "欢迎", "加油", "谢谢", "感谢", "congrat", "happy", "welcome", "thank",
)  # fmt: skip
"""What many people say alike because it is the custom, in normalised text or before."""


class Said(NamedTuple):
    """What a community remembers of a text."""

    posted_us: int
    message_id: str
    member_id: str
    channel_id: str
    fingerprint: Fingerprint
    was_stale: bool = False
    """Too old on arrival to be punished."""
    case_id: str | None = None
    """The campaign that it belongs to, as far as that is not closed."""
    is_edit: bool = False
    """What an edit made of the message, at the time of the edit."""
    community_id: str = ""
    """Another community of the same owner; empty: this one."""


Place = tuple[int, str, bool, str]


def place_of(said: Said) -> Place:
    """Its place in order of time, which no other text has."""
    return said.posted_us, said.message_id, said.is_edit, said.community_id


@dataclass(frozen=True, slots=True)
class Campaign:
    """Texts of `members_min` or more members that are alike, within `minutes`, in all channels.

    Texts of other communities of the same owner count, too; what is decided is about this one's alone.

    Windows are half-open and by event time, and texts of a window are alike when all are like one of them:
    whatever order messages come in, the same ones are condemned.
    """

    members_min: int = 3
    minutes: int = 10
    similarity_min: float = 0.85
    characters_min: int = 16
    """Of the normalised text: greetings and short answers are alike without a plan."""
    distinct_min: int = 8
    """Different characters: `哈哈哈哈哈哈` says nothing."""
    customs: tuple[str, ...] = CUSTOMS
    """Texts that begin with one of these are nobody's campaign."""

    def __post_init__(self) -> None:
        if self.members_min < 2 or self.characters_min < 4 or self.distinct_min < 1:
            raise ValueError("a campaign has 2 members or more, and its texts 4 characters or more")
        if not 1 <= self.minutes <= MINUTES_MAX:
            raise ValueError(f"a campaign's window lasts 1 to {MINUTES_MAX} minutes")
        if not 0.5 <= self.similarity_min <= 1:
            raise ValueError("texts are alike from a similarity between 0.5 and 1")

    def reads(self, message: Message) -> bool:
        """Whether the text is long enough to be compared, and no command for a bot."""
        text = message.text.text
        return len(text) >= self.characters_min and text[0] not in "/!"

    def is_custom(self, message: Message) -> bool:
        """Whether many may say so without a plan; asked only of what many say."""
        text = message.text.text
        if len(set(text)) < self.distinct_min:
            return True
        opening = text[:OPENING_CHARACTERS]
        return any(custom in opening for custom in _normalised(self.customs))

    def judge(self, newest: Said, said: Sequence[Said]) -> tuple[Match, tuple[Said, ...]] | None:
        """The campaign that the newest text makes or joins; `said` holds it too, in order of time."""
        span_us = self.minutes * MINUTE_US
        near = _near(said, newest, span_us)
        own = self._like(near, newest)
        if len(own) < 2 or len({each.member_id for each in near}) < self.members_min:
            return None
        condemned: set[Said] = set()
        for centre in own:
            like = own if centre is newest else self._like(near, centre)
            condemned.update(_crowded(like, newest, span_us, self.members_min))
        if not condemned:
            return None
        members = len({each.member_id for each in condemned})
        communities = len({each.community_id for each in condemned})
        where = f" in {communities} communities" if communities > 1 else ""
        evidence = f"{len(condemned)} texts alike of {members} members{where} within {self.minutes} minutes"
        score = min(1.0, members / (2 * self.members_min))
        return Match(score, (), evidence), tuple(sorted(condemned, key=place_of))

    def _like(self, near: Sequence[Said], centre: Said) -> list[Said]:
        """Lengths alone tell most apart: a common subsequence is no longer than the shorter text."""
        mark, least = centre.fingerprint, self.similarity_min
        shortest, longest = mark.length * least / (2 - least), mark.length * (2 - least) / least
        like = []
        for each in near:
            other = each.fingerprint
            if shortest <= other.length <= longest and similarity(other, mark, least) >= least:
                like.append(each)
        return like


def _near(said: Sequence[Said], newest: Said, span_us: int) -> Sequence[Said]:
    """The texts less than that far from the newest, which nearly always is the last."""
    if said[-1] is newest:
        low, since_us = len(said) - 1, newest.posted_us - span_us
        while low and said[low - 1].posted_us > since_us:
            low -= 1
        return said[low:]
    low = bisect_right(said, newest.posted_us - span_us, key=_moment)
    return said[low : bisect_left(said, newest.posted_us + span_us, lo=low, key=_moment)]


def _crowded(like: Sequence[Said], newest: Said, span_us: int, members_min: int) -> Sequence[Said]:
    """Of texts alike, those of all windows that hold the newest and enough members: one stretch."""
    at = like.index(newest)
    members: Counter[str] = Counter(each.member_id for each in like[:at])
    low, first, last = 0, len(like), -1
    for high in range(at, len(like)):
        if like[high].posted_us - newest.posted_us >= span_us:
            break
        members[like[high].member_id] += 1
        while like[high].posted_us - like[low].posted_us >= span_us:
            members[like[low].member_id] -= 1
            low += 1
        if sum(count > 0 for count in members.values()) >= members_min:
            first, last = min(first, low), high
    return like[first : last + 1]


def _moment(said: Said) -> int:
    return said.posted_us


@lru_cache(maxsize=1000)
def _normalised(customs: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(normalise(custom).text for custom in customs)


CAMPAIGN = Kind("campaign", Campaign, lambda params, _: params, crosses_members=True)
