"""Loads what a request asks for and folds it: metrics by period, by channel or by hour, and one day."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from services.reporting.domain.metric import Computed, Metric, Relation, Sum
from services.reporting.domain.metric_registry import METRICS, with_parts
from services.reporting.domain.periods import By, Period, Span, natural, periods
from services.reporting.domain.series import Series, placed_sums, related, sums, types_of
from services.reporting.handlers.computations import COMPUTATIONS
from services.reporting.handlers.question import Question
from services.reporting.store import numbers as store
from shared.postgres.connection import Connection

HOURS = 24


@dataclass(frozen=True, slots=True)
class Numbers:
    """Metrics of a community over a span, period by period."""

    periods: Sequence[Period]
    series: Sequence[Series]
    revisions: Sequence[int]
    """For each period the revisions of its days, summed."""
    partial: Sequence[bool]
    """For each period whether it is not over by the community's clock, or was cut by the span."""

    def total(self, name: str) -> float | int | None:
        """A metric's value for the whole span."""
        return next(each.total for each in self.series if each.metric.name == name)


@dataclass(frozen=True, slots=True)
class DayNumbers:
    """All about one day."""

    day: store.Day | None
    series: Sequence[Series]
    received: Mapping[str, int]
    """Facts by type, those of bots among them."""


async def read_numbers(
    connection: Connection,
    community_id: str,
    span: Span,
    by: By,
    today: date,
    metrics: Sequence[Metric] = METRICS,
) -> Numbers:
    """The metrics, in the order in which they are asked for."""
    divided = periods(span, by)
    asked = Question(connection, community_id, span, divided, today)
    wanted = with_parts(list(metrics))
    counts = await store.tallies(connection, community_id, span, types_of(wanted))
    found = {series.metric.name: series for series in sums(wanted, divided, counts)}
    for metric in wanted:
        how = metric.how
        if isinstance(how, Computed):
            *values, total = await COMPUTATIONS[how.name](asked, how.arguments)
            found[metric.name] = Series(metric, tuple(values), total)
        elif isinstance(how, Relation):
            found[metric.name] = related(metric, how, found[how.above], found[how.below])
    days = await store.days(connection, community_id, span)
    revisions = {day.local_date: day.revision for day in days}
    return Numbers(
        divided,
        [found[metric.name] for metric in metrics],
        [sum(revisions.get(day, 0) for day in period.span) for period in divided],
        [natural(period.span.first, by) != period.span or period.span.last >= today for period in divided],
    )


async def read_channels(
    connection: Connection, community_id: str, span: Span, metrics: Sequence[Metric]
) -> Numbers:
    """Sums by channel, by its id; the periods are the channels."""
    counts = await store.channel_tallies(connection, community_id, span, types_of(metrics))
    names = sorted({channel for channel, _ in counts})
    places = {name: place for place, name in enumerate(names)}
    series = placed_sums(metrics, len(names), ((places[channel], tally) for channel, tally in counts))
    return _undated([Period(name, span) for name in names], series)


async def read_hours(
    connection: Connection, community_id: str, span: Span, metrics: Sequence[Metric]
) -> Numbers:
    """Sums by hour of the community's day; the periods are the hours, 00 to 23."""
    counts = await store.hour_tallies(connection, community_id, span, types_of(metrics))
    return _undated(
        [Period(f"{hour:02}", span) for hour in range(HOURS)], placed_sums(metrics, HOURS, counts)
    )


def is_divisible(metric: Metric) -> bool:
    """Whether it can be told by channel and hour: a sum over facts, without their labels."""
    return isinstance(metric.how, Sum) and not metric.how.has_labels


def _undated(divided: Sequence[Period], series: Sequence[Series]) -> Numbers:
    nothing = [0] * len(divided)
    return Numbers(divided, series, nothing, [False] * len(divided))


async def read_day(connection: Connection, community_id: str, day: date, today: date) -> DayNumbers:
    """One day; zeros where nothing counts on it."""
    span = Span(day, day)
    numbers = await read_numbers(connection, community_id, span, By.DAY, today)
    found = await store.days(connection, community_id, span)
    received: Counter[str] = Counter()
    for tally in await store.tallies(connection, community_id, span):
        received[tally.type] += tally.events
    return DayNumbers(found[0] if found else None, numbers.series, received)
