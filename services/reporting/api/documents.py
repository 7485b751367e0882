"""The shapes of the API's answers."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Self

from pydantic import BaseModel, Field

from services.reporting.domain.metric import Metric
from services.reporting.domain.metric_registry import UNITS
from services.reporting.domain.periods import Span
from services.reporting.domain.series import Tally, Value
from services.reporting.handlers.read_numbers import DayNumbers, Numbers
from services.reporting.store.numbers import Heat, KnownCommunity, LaneOffset
from shared.contracts.commands import COMMAND_CONTRACTS
from shared.contracts.profiles import CommunityProfile

COMMANDS = frozenset(contract.TYPE for contract in COMMAND_CONTRACTS)


class MetricDocument(BaseModel):
    """What a metric means, in the reader's language."""

    name: str
    title: str
    unit: str
    definition: str
    how: str = Field(description="how it is computed from the types of events, or from other metrics")

    @classmethod
    def of(cls, metric: Metric, locale: str) -> Self:
        """From the registry."""
        return cls(
            name=metric.name,
            title=metric.titles[locale],
            unit=UNITS[metric.unit][locale],
            definition=metric.definitions[locale],
            how=metric.formula,
        )


class CommunityDocument(BaseModel):
    """A community of which events were received."""

    community_id: str
    name: str
    time_zone: str
    locale: str
    events: int
    first_event_at: datetime
    last_event_at: datetime

    @classmethod
    def of(cls, known: KnownCommunity) -> Self:
        """From its profile and its days."""
        return cls(
            community_id=known.profile.community_id,
            name=known.profile.name,
            time_zone=known.profile.time_zone,
            locale=known.profile.locale,
            events=known.events,
            first_event_at=known.first_event_at,
            last_event_at=known.last_event_at,
        )


class PeriodDocument(BaseModel):
    """A day, week or month, cut to what was asked for; both dates belong to it. Or a channel, or an hour."""

    name: str = Field(description="2024-03-05, 2024-W10 or 2024-03; the id of a channel; 00 to 23")
    first: date
    last: date
    revision: int = Field(description="how often its days were changed after they had ended")
    partial: bool = Field(description="it is not over yet, or was cut by the dates asked for")


class SeriesDocument(BaseModel):
    """One metric over the periods."""

    metric: MetricDocument
    values: list[Value] = Field(
        description="one for each period, in order; null where there is nothing, or too little for a rate"
    )
    total: Value = Field(description="of the whole span; distinct members are not the sum of the values")


class MetricsDocument(BaseModel):
    """Metrics of a community."""

    community_id: str
    time_zone: str
    by: str
    periods: list[PeriodDocument]
    series: list[SeriesDocument]

    @classmethod
    def of(cls, profile: CommunityProfile, by: str, numbers: Numbers, locale: str) -> Self:
        """From the numbers."""
        return cls(
            community_id=profile.community_id,
            time_zone=profile.time_zone,
            by=by,
            periods=[
                PeriodDocument(
                    name=each.name,
                    first=each.span.first,
                    last=each.span.last,
                    revision=revision,
                    partial=partial,
                )
                for each, revision, partial in zip(
                    numbers.periods, numbers.revisions, numbers.partial, strict=True
                )
            ],
            series=[
                SeriesDocument(
                    metric=MetricDocument.of(each.metric, locale), values=list(each.values), total=each.total
                )
                for each in numbers.series
            ],
        )


class HeatCell(BaseModel):
    """Messages of people in one hour of the week."""

    weekday: int = Field(description="1 is Monday")
    hour: int
    messages: int
    replies: int


class HeatDocument(BaseModel):
    """When people write; hours without a message are left out."""

    community_id: str
    time_zone: str
    first: date
    last: date
    cells: list[HeatCell]

    @classmethod
    def of(cls, profile: CommunityProfile, span: Span, heat: Sequence[Heat]) -> Self:
        """From the hours of the span."""
        cells = [
            HeatCell(weekday=each.weekday, hour=each.hour, messages=each.messages, replies=each.answers)
            for each in heat
        ]
        return cls(
            community_id=profile.community_id,
            time_zone=profile.time_zone,
            first=span.first,
            last=span.last,
            cells=cells,
        )


class DayDocument(BaseModel):
    """All about one day of a community."""

    community_id: str
    local_date: date
    time_zone: str
    revision: int = Field(description="how many events changed the day after it had ended")
    metrics: dict[str, Value]
    events: int
    received: dict[str, int] = Field(description="facts by type; they sum to `events`")
    commands: dict[str, int] = Field(description="those of them that asked connectors for something")
    first_event_at: datetime | None
    last_event_at: datetime | None

    @classmethod
    def of(cls, profile: CommunityProfile, local_date: date, numbers: DayNumbers) -> Self:
        """From the numbers."""
        day = numbers.day
        return cls(
            community_id=profile.community_id,
            local_date=local_date,
            time_zone=profile.time_zone,
            revision=day.revision if day else 0,
            metrics={each.metric.name: each.total for each in numbers.series},
            events=day.events if day else 0,
            received=dict(numbers.received),
            commands={name: count for name, count in numbers.received.items() if name in COMMANDS},
            first_event_at=day.first_event_at if day else None,
            last_event_at=day.last_event_at if day else None,
        )


class ReceivedDocument(BaseModel):
    """What was received of a community by day and type; days without anything are left out."""

    community_id: str
    first: date
    last: date
    events: int
    days: dict[date, dict[str, int]]

    @classmethod
    def of(cls, community_id: str, span: Span, tallies: Sequence[Tally]) -> Self:
        """From the counts of the span."""
        days: dict[date, dict[str, int]] = {}
        for tally in tallies:
            types = days.setdefault(tally.local_date, {})
            types[tally.type] = types.get(tally.type, 0) + tally.events
        events = sum(tally.events for tally in tallies)
        return cls(community_id=community_id, first=span.first, last=span.last, events=events, days=days)


class LaneOffsetDocument(BaseModel):
    """What became of the records of one partition of a topic."""

    topic: str
    partition: int
    first_offset: int
    next_offset: int
    applied: int
    duplicates: int
    dead_lettered: int
    skipped: int
    fits: bool = Field(description="the four counts sum to next_offset - first_offset")

    @classmethod
    def of(cls, offset: LaneOffset) -> Self:
        """From the engine's table."""
        accounted = offset.applied + offset.duplicates + offset.dead_lettered + offset.skipped
        return cls(**offset._asdict(), fits=accounted == offset.next_offset - offset.first_offset)


class ReconciliationDocument(BaseModel):
    """Whether every record that was read is accounted for."""

    fits: bool
    applied: int
    duplicates: int
    dead_lettered: int
    skipped: int
    facts: int = Field(
        description="facts kept; `applied` counts profiles, clocks and events known already too"
    )
    partitions: list[LaneOffsetDocument]

    @classmethod
    def of(cls, offsets: list[LaneOffset], facts: int) -> Self:
        """From the engine's table and the sum of the days."""
        partitions = [LaneOffsetDocument.of(each) for each in offsets]
        return cls(
            fits=all(each.fits for each in partitions),
            applied=sum(each.applied for each in offsets),
            duplicates=sum(each.duplicates for each in offsets),
            dead_lettered=sum(each.dead_lettered for each in offsets),
            skipped=sum(each.skipped for each in offsets),
            facts=facts,
            partitions=partitions,
        )
