"""From the counts of days to the values of metrics, period by period."""

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

from services.reporting.domain.metric import RATE_FROM, Metric, Relation, Sum, Term
from services.reporting.domain.periods import Period

Value = int | float | None
"""None where there is nothing to tell, or too little for a rate."""


class Tally(NamedTuple):
    """Facts of one type and label on one day of the community that is asked about."""

    local_date: date
    type: str
    is_bot: bool
    label: str
    events: int
    amount: int
    answers: int


@dataclass(frozen=True, slots=True)
class Series:
    """One metric over time."""

    metric: Metric
    values: tuple[Value, ...]
    """One for each period, in order."""
    total: Value
    """Of the whole span: for distinct members less than the sum of the values."""


def sums(metrics: Iterable[Metric], spans: Sequence[Period], tallies: Iterable[Tally]) -> list[Series]:
    """The series of those metrics that add up over days; every tally lies inside the periods."""
    opens = [period.span.first for period in spans]
    placed = ((bisect_right(opens, tally.local_date) - 1, tally) for tally in tallies)
    return placed_sums(metrics, len(spans), placed)


def placed_sums(metrics: Iterable[Metric], places: int, tallies: Iterable[tuple[int, Tally]]) -> list[Series]:
    """The same for tallies whose place is known: a period, an hour, a channel."""
    values: dict[str, list[int]] = {}
    wanted: dict[tuple[str, bool], list[tuple[list[int], Term]]] = {}
    adding = [metric for metric in metrics if isinstance(metric.how, Sum)]
    for metric in adding:
        row = values[metric.name] = [0] * places
        for term in metric.how.terms if isinstance(metric.how, Sum) else ():
            wanted.setdefault((term.type, term.bots), []).append((row, term))
    for place, tally in tallies:
        for row, term in wanted.get((tally.type, tally.is_bot), ()):
            if term.label is None or term.label == tally.label:
                row[place] += term.sign * _measured(tally, term)
    return [Series(metric, tuple(values[metric.name]), sum(values[metric.name])) for metric in adding]


def _measured(tally: Tally, term: Term) -> int:
    if term.of == "count":
        return tally.events
    return tally.amount if term.of == "sum" else tally.answers


def related(metric: Metric, how: Relation, above: Series, below: Series) -> Series:
    """One series divided by another, period by period."""
    pairs = zip(above.values, below.values, strict=True)
    return Series(
        metric, tuple(divided(how, *pair) for pair in pairs), divided(how, above.total, below.total)
    )


def divided(how: Relation, above: Value, below: Value) -> float | None:
    """A share in percent, from RATE_FROM on; else the plain ratio."""
    if above is None or not below:
        return None
    if how.kind == "share":
        return percentage(above, below)
    return above / below


def percentage(part: int | float, whole: int | float) -> float | None:
    """The part in percent, or nothing where the whole is too small for a rate."""
    return 100 * part / whole if whole >= RATE_FROM else None


def types_of(metrics: Iterable[Metric]) -> list[str]:
    """The types whose counts these metrics need."""
    return sorted({term.type for each in metrics if isinstance(each.how, Sum) for term in each.how.terms})
