"""What a report knows of a day, week or month of a community, whatever its form and language."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import NamedTuple

from services.reporting.domain.intervals import Interval
from services.reporting.domain.periods import By, Period
from services.reporting.domain.series import Series, Value


class ChannelRow(NamedTuple):
    """What people wrote in one channel."""

    name: str
    messages: int
    members: int
    answers: int


class PersonRow(NamedTuple):
    """A member by name and what they wrote in this period and the one before."""

    member_id: str
    name: str
    messages: int
    before: int
    people_answered: int


class CohortRow(NamedTuple):
    """Members whose first message lies in a period, and how many of them wrote in each period since."""

    name: str
    members: int
    later: tuple[int, ...]
    """From the period of the first message on; the first is all of them."""


class HeatCell(NamedTuple):
    """Messages in an hour of the week."""

    weekday: int
    """1 is Monday."""
    hour: int
    messages: int
    answers: int


class WordRow(NamedTuple):
    """A word, how many messages said it, and how far that is above its usual."""

    word: str
    messages: int
    before: int
    weight: float


class Reconciled(NamedTuple):
    """What was received for the period, and what became of the log that it came from."""

    received: Mapping[str, int]
    """Facts by type."""
    bots: int
    late: int
    refused: int
    """Dead letters of the community, of whatever time."""
    read: int
    """Records of the community's lane in all topics, since the service began to read them."""
    applied: int
    duplicates: int
    dead_lettered: int
    skipped: int

    @property
    def fits(self) -> bool:
        """Whether every record of the lane has one end."""
        return self.applied + self.duplicates + self.dead_lettered + self.skipped == self.read


@dataclass(frozen=True, slots=True)
class Effect:
    """A comparison of two groups, with its interval."""

    key: str
    """Of the catalogue: effect.<key>."""
    ours: tuple[float, int]
    """Value and number of the group that something was done with."""
    theirs: tuple[float, int]
    difference: Interval
    is_experiment: bool
    """Whether chance made the groups; else it is a correlation."""


@dataclass(frozen=True, slots=True)
class Advice:
    """Something to do, and the numbers behind it."""

    key: str
    """Of the catalogue: advice.<key>."""
    values: Mapping[str, str | int]
    link: str
    """Path of the API that shows the numbers."""


@dataclass(frozen=True, slots=True)
class Report:
    """One period of one community."""

    community_id: str
    name: str
    """The community's, or its id where it has none."""
    time_zone: str
    by: By
    period: Period
    is_partial: bool
    parts: Sequence[Period]
    """The days of the period."""
    series: Sequence[Series]
    """Every metric by those parts."""
    previous: Mapping[str, Value]
    """Totals of the period before, by the metric's name."""
    revisions: Mapping[date, int]
    last_event_at: datetime | None
    reconciled: Reconciled
    channels: Sequence[ChannelRow] = ()
    heat: Sequence[HeatCell] = ()
    top: Sequence[PersonRow] = ()
    rising: Sequence[PersonRow] = ()
    at_risk: Sequence[PersonRow] = ()
    cohorts: Sequence[CohortRow] = ()
    words: Sequence[WordRow] = ()
    falling: Sequence[WordRow] = ()
    mentions: Sequence[WordRow] = ()
    mood: tuple[int, int] | None = None
    """Messages with more friendly than unfriendly words, and the other way round."""
    forms: Sequence[tuple[str, int, int]] = ()
    """Form of message, how many, and how many of them were answered."""
    effects: Sequence[Effect] = ()
    advice: Sequence[Advice] = field(default=())

    def total(self, name: str) -> Value:
        """A metric of the whole period."""
        return next((each.total for each in self.series if each.metric.name == name), None)

    def change(self, name: str) -> tuple[Value, Value]:
        """A metric of the period, and of the one before."""
        return self.total(name), self.previous.get(name)
