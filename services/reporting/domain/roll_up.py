"""What facts add to the days of their communities. Only sums, extremes and sets: order cannot matter."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import NamedTuple

from services.reporting.domain.fact import Fact

ACTIVE_BY = "message.posted"
"""A member is active on a day by writing: reading and reacting alone do not count."""


class DayCount(NamedTuple):
    """Facts of one type on one day of a community, and the sum of their amounts."""

    community_id: str
    local_date: date
    type: str
    is_bot: bool
    events: int
    amount: int


class DayChange(NamedTuple):
    """What a batch adds to one day of a community."""

    community_id: str
    local_date: date
    events: int
    late_events: int
    first_event_at: datetime
    last_event_at: datetime


class MemberDay(NamedTuple):
    """A member who was active on a day."""

    community_id: str
    local_date: date
    member_id: str


@dataclass(frozen=True, slots=True)
class RollUp:
    """Additions to the three roll-ups, each without repeated keys and sorted by key."""

    counts: list[DayCount]
    days: list[DayChange]
    active: list[MemberDay]


def roll_up(facts: Iterable[Fact]) -> RollUp:
    """The additions of these facts; those of two sets together are those of their union."""
    counts: dict[tuple[str, date, str, bool], list[int]] = {}
    active: set[tuple[str, date, str]] = set()
    days: dict[tuple[str, date], list[Fact]] = {}
    for fact in facts:
        kind, is_bot = fact.type, fact.is_bot
        key = (fact.community_id, fact.local_date, kind, is_bot)
        count = counts.get(key)
        if count is None:
            counts[key] = [1, fact.amount]
        else:
            count[0] += 1
            count[1] += fact.amount
        day = key[:2]
        if day in days:
            days[day].append(fact)
        else:
            days[day] = [fact]
        if kind == ACTIVE_BY and not is_bot and fact.member_id is not None:
            active.add((*day, fact.member_id))
    return RollUp(
        counts=[DayCount(*key, *counts[key]) for key in sorted(counts)],
        days=[_day_change(day, days[day]) for day in sorted(days)],
        active=[MemberDay(*each) for each in sorted(active)],
    )


def _day_change(day: tuple[str, date], facts: list[Fact]) -> DayChange:
    moments = [fact.occurred_at for fact in facts]
    late = sum([fact.is_late for fact in facts])
    return DayChange(*day, len(facts), late, min(moments), max(moments))
