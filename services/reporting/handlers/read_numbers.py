"""Loads what a request asks for and folds it: series of metrics, one day, a month's report."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from services.reporting import store
from services.reporting.domain.metric_registry import METRICS, DistinctMembers, Metric
from services.reporting.domain.month_report import CHANNELS_MAX, ChannelRow, MonthReport
from services.reporting.domain.periods import By, Period, Span, month_before, periods
from services.reporting.domain.series import Series, sums, types_of
from shared.contracts.profiles import CommunityProfile
from shared.postgres.connection import Connection


@dataclass(frozen=True, slots=True)
class Numbers:
    """Metrics of a community over a span, period by period."""

    periods: Sequence[Period]
    series: Sequence[Series]
    revisions: Sequence[int]
    """For each period the revisions of its days, summed."""


@dataclass(frozen=True, slots=True)
class DayNumbers:
    """All about one day."""

    day: store.Day | None
    series: Sequence[Series]
    received: Mapping[str, int]
    """Facts by type, those of bots among them."""


async def read_numbers(
    connection: Connection, community_id: str, span: Span, by: By, metrics: Sequence[Metric] = METRICS
) -> Numbers:
    """The metrics, in the order in which they are asked for."""
    divided = periods(span, by)
    counts = await store.tallies(connection, community_id, span, types_of(metrics))
    found = {series.metric.name: series for series in sums(metrics, divided, counts)}
    days = await store.days(connection, community_id, span)
    for metric in metrics:
        if isinstance(metric.how, DistinctMembers):
            found[metric.name] = await _distinct(connection, community_id, metric, span, divided)
    revisions = {day.local_date: day.revision for day in days}
    return Numbers(
        divided,
        [found[metric.name] for metric in metrics],
        [sum(revisions.get(day, 0) for day in period.span) for period in divided],
    )


async def _distinct(
    connection: Connection, community_id: str, metric: Metric, span: Span, divided: Sequence[Period]
) -> Series:
    spans = [*(period.span for period in divided), span]
    *values, total = await store.active_members(connection, community_id, spans)
    return Series(metric, tuple(values), total)


async def read_day(connection: Connection, community_id: str, day: date) -> DayNumbers:
    """One day; zeros where nothing counts on it."""
    span = Span(day, day)
    numbers = await read_numbers(connection, community_id, span, By.DAY)
    found = await store.days(connection, community_id, span)
    received: Counter[str] = Counter()
    for tally in await store.tallies(connection, community_id, span):
        received[tally.type] += tally.events
    return DayNumbers(found[0] if found else None, numbers.series, received)


async def read_month_report(connection: Connection, profile: CommunityProfile, month: Span) -> MonthReport:
    """The report of a calendar month. Raises `BadSpan` for the first month that there is."""
    community_id = profile.community_id
    before = await read_numbers(connection, community_id, month_before(month), By.MONTH)
    numbers = await read_numbers(connection, community_id, month, By.DAY)
    days = await store.days(connection, community_id, month)
    channels = await store.busiest_channels(connection, community_id, month, CHANNELS_MAX)
    names = {channel.channel_id: channel.name for channel in profile.channels}
    return MonthReport(
        name=profile.name or community_id,
        time_zone=profile.time_zone,
        month=month,
        series=numbers.series,
        previous={series.metric.name: series.total for series in before.series},
        revisions={day.local_date: day.revision for day in days},
        events=sum(day.events for day in days),
        last_event_at=max((day.last_event_at for day in days), default=None),
        channels=[
            ChannelRow(names.get(each.channel_id) or each.channel_id, each.messages, each.members)
            for each in channels
        ],
    )
