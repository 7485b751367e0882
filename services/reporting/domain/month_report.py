"""The month of a community in numbers: what a report says, whatever its form."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from services.reporting.domain.metric import RATE_FROM, Metric
from services.reporting.domain.metric_registry import UNITS
from services.reporting.domain.periods import Span
from services.reporting.domain.series import Series, Value

CHANNELS_MAX = 10
NOTHING = "–"

Say = Callable[..., str]
"""A text of the catalogue in the reader's language: `say("report.title", month="2024-03")`."""
Cell = str | int


@dataclass(frozen=True, slots=True)
class ChannelRow:
    """What people wrote in one channel."""

    name: str
    messages: int
    members: int


@dataclass(frozen=True, slots=True)
class MonthReport:
    """One month of one community."""

    name: str
    """The community's, or its id where it has none."""
    time_zone: str
    month: Span
    series: Sequence[Series]
    """Every metric by day."""
    previous: Mapping[str, Value]
    """Totals of the month before, by the metric's name."""
    revisions: Mapping[date, int]
    events: int
    """Facts of every type received for this month."""
    last_event_at: datetime | None
    channels: Sequence[ChannelRow]


@dataclass(frozen=True, slots=True)
class Table:
    """A titled table of a report; its cells are plain text, escaped by whoever shows them."""

    title: str
    heads: Sequence[str]
    rows: Sequence[Sequence[Cell]]
    note: str = ""


def title(report: MonthReport, say: Say) -> str:
    """Whose report, and of which month."""
    return say("report.title", community=report.name, month=f"{report.month.first:%Y-%m}")


def basis(report: MonthReport, say: Say) -> str:
    """On what the numbers rest."""
    last = f"{report.last_event_at:%Y-%m-%d %H:%M} UTC" if report.last_event_at else NOTHING
    return say("report.basis", zone=report.time_zone, events=report.events, last=last)


def tables(report: MonthReport, say: Say, locale: str) -> list[Table]:
    """The totals beside the month before, the days, and the busiest channels where there are any."""
    found = [_totals(report, say, locale), _days(report, say, locale)]
    if report.channels:
        heads = [say(f"report.{key}") for key in ("channel", "messages", "members")]
        rows: list[list[Cell]] = [[each.name, each.messages, each.members] for each in report.channels]
        found.append(Table(say("report.channels"), heads, rows))
    return found


def definitions(report: MonthReport, locale: str) -> list[tuple[str, str]]:
    """Each metric's title and what it means."""
    return [(each.metric.titles[locale], each.metric.definitions[locale]) for each in report.series]


def percent(total: Value, before: Value) -> str:
    """The change with its sign, or a dash where the number before is too small for a rate."""
    if total is None or before is None or before < RATE_FROM:
        return NOTHING
    return f"{(total - before) / before:+.1%}"


def shown(value: Value) -> str:
    """A number for people: whole ones as they are, others with one or two places."""
    if value is None:
        return NOTHING
    if isinstance(value, int):
        return f"{value:,}"
    return f"{value:,.2f}" if abs(value) < 10 else f"{value:,.1f}"


def _totals(report: MonthReport, say: Say, locale: str) -> Table:
    def row(metric: Metric, total: Value) -> list[Cell]:
        before = report.previous.get(metric.name)
        unit = UNITS[metric.unit][locale]
        change = None if total is None or before is None else total - before
        return [
            f"{metric.titles[locale]} ({unit})" if unit else metric.titles[locale],
            shown(total),
            shown(before),
            NOTHING if change is None else ("+" if change >= 0 else "") + shown(change),
            percent(total, before) if metric.unit != "percent" else NOTHING,
        ]

    heads = [say(f"report.{key}") for key in ("metric", "this_month", "month_before", "change")]
    return Table(
        say("report.totals"), [*heads, "%"], [row(each.metric, each.total) for each in report.series]
    )


def _days(report: MonthReport, say: Say, locale: str) -> Table:
    heads = [
        say("report.day"),
        *(each.metric.titles[locale] for each in report.series),
        say("report.revision"),
    ]
    rows: list[list[Cell]] = [
        [
            day.isoformat(),
            *(shown(each.values[number]) for each in report.series),
            report.revisions.get(day, 0),
        ]
        for number, day in enumerate(report.month)
    ]
    note = say("report.revision_note", changes=sum(report.revisions.values()))
    return Table(say("report.days"), heads, rows, note)
