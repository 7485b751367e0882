"""What facts add to the roll-ups of their communities. Only sums, extremes and sets: order cannot matter."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import NamedTuple

from services.reporting.domain.fact import MESSAGE, Fact
from services.reporting.domain.members import MemberChange, Presence, member_changes

Sums = list[int]
"""Events, the sum of their amounts, and how many of them answer a message."""


class DayCount(NamedTuple):
    """Facts of one type and label on one day of a community, and the sum of their amounts."""

    community_id: str
    local_date: date
    type: str
    is_bot: bool
    label: str
    events: int
    amount: int
    answers: int


class ChannelCount(NamedTuple):
    """Facts of one type in one channel on one day."""

    community_id: str
    local_date: date
    channel_id: str
    type: str
    is_bot: bool
    events: int
    amount: int
    answers: int


class HourCount(NamedTuple):
    """Facts of one type in one hour of one day, over all channels."""

    community_id: str
    local_date: date
    local_hour: int
    type: str
    is_bot: bool
    events: int
    amount: int
    answers: int


class DayChange(NamedTuple):
    """What a batch adds to one day of a community."""

    community_id: str
    local_date: date
    events: int
    late_events: int
    first_event_at: datetime
    last_event_at: datetime


class MemberPeriod(NamedTuple):
    """What a member wrote in a day, week or month."""

    community_id: str
    by: str
    first_day: date
    member_id: str
    messages: int
    answers: int


@dataclass(frozen=True, slots=True)
class RollUp:
    """Additions to the roll-ups, each without repeated keys and sorted by key."""

    counts: list[DayCount]
    channels: list[ChannelCount]
    hours: list[HourCount]
    days: list[DayChange]
    active: list[MemberPeriod]
    members: list[MemberChange]
    presences: list[Presence]


@dataclass(slots=True)
class _Sums:
    """While the facts are gone through."""

    days: dict[tuple[str, date], list[Fact]] = field(default_factory=dict)
    counts: dict[tuple[str, date, str, bool, str], Sums] = field(default_factory=dict)
    channels: dict[tuple[str, date, str, str, bool], Sums] = field(default_factory=dict)
    hours: dict[tuple[str, date, int, str, bool], Sums] = field(default_factory=dict)
    written: dict[tuple[str, date, str], Sums] = field(default_factory=dict)

    def add(self, facts: Iterable[Fact]) -> None:
        """The hot loop: each fact once, every dictionary by one look."""
        days, counts, channels, hours, written = (
            self.days, self.counts, self.channels, self.hours, self.written,
        )  # fmt: skip
        for fact in facts:
            community, day, kind, is_bot = fact.community_id, fact.local_date, fact.type, fact.is_bot
            amount, answers = fact.amount, fact.answers_id is not None
            days.setdefault((community, day), []).append(fact)
            touched = [counts.setdefault((community, day, kind, is_bot, fact.label or ""), [0, 0, 0])]
            if fact.channel_id is not None:
                touched += (
                    channels.setdefault((community, day, fact.channel_id, kind, is_bot), [0, 0, 0]),
                    hours.setdefault((community, day, fact.local_hour, kind, is_bot), [0, 0, 0]),
                )
            if kind == MESSAGE and not is_bot and fact.member_id is not None:
                touched.append(written.setdefault((community, day, fact.member_id), [0, 0, 0]))
            for sums in touched:
                sums[0] += 1
                sums[1] += amount
                sums[2] += answers


def roll_up(facts: Iterable[Fact], names: Mapping[str, str] | None = None) -> RollUp:
    """The additions of these facts; those of two sets together are those of their union.

    `names`: by event id, what the member was called.
    """
    facts = list(facts)
    found = _Sums()
    found.add(facts)
    members, presences = member_changes(facts, names or {})
    return RollUp(
        counts=[DayCount(*key, *sums) for key, sums in sorted(found.counts.items())],
        channels=[ChannelCount(*key, *sums) for key, sums in sorted(found.channels.items())],
        hours=[HourCount(*key, *sums) for key, sums in sorted(found.hours.items())],
        days=[_day_change(day, found.days[day]) for day in sorted(found.days)],
        active=_periods_of(found.written),
        members=members,
        presences=presences,
    )


def _periods_of(written: Mapping[tuple[str, date, str], Sums]) -> list[MemberPeriod]:
    """Days, and the weeks and months that they belong to."""
    periods: dict[tuple[str, str, date, str], Sums] = {}
    for (community, day, member), (messages, _, answers) in written.items():
        for by, first in (("day", day), ("week", week_of(day)), ("month", day.replace(day=1))):
            sums = periods.setdefault((community, by, first, member), [0, 0])
            sums[0] += messages
            sums[1] += answers
    return [MemberPeriod(*key, *sums) for key, sums in sorted(periods.items())]


def week_of(day: date) -> date:
    """The Monday of its ISO week; the calendar's first days, which have none, are their own."""
    return day - timedelta(days=min(day.weekday(), (day - date.min).days))


def _day_change(day: tuple[str, date], facts: list[Fact]) -> DayChange:
    moments = [fact.occurred_at for fact in facts]
    late = sum([fact.is_late for fact in facts])
    return DayChange(*day, len(facts), late, min(moments), max(moments))
