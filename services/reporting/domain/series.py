"""From the counts of days to the values of metrics, period by period."""

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

from services.reporting.domain.metric_registry import Metric, Sum
from services.reporting.domain.periods import Period


class Tally(NamedTuple):
    """Facts of one type on one day of the community that is asked about."""

    local_date: date
    type: str
    is_bot: bool
    events: int
    amount: int


@dataclass(frozen=True, slots=True)
class Series:
    """One metric over time."""

    metric: Metric
    values: tuple[int, ...]
    """One for each period, in order."""
    total: int
    """Of the whole span: for distinct members less than the sum of the values."""


def sums(metrics: Iterable[Metric], spans: Sequence[Period], tallies: Iterable[Tally]) -> list[Series]:
    """The series of those metrics that add up over days; every tally lies inside the periods."""
    values: dict[str, list[int]] = {}
    wanted: dict[tuple[str, bool], list[tuple[list[int], int, bool]]] = {}
    adding = [metric for metric in metrics if isinstance(metric.how, Sum)]
    for metric in adding:
        row = values[metric.name] = [0] * len(spans)
        for term in metric.how.terms if isinstance(metric.how, Sum) else ():
            wanted.setdefault((term.type, term.bots), []).append((row, term.sign, term.of == "amount"))
    opens = [period.span.first for period in spans]
    for tally in tallies:
        place = bisect_right(opens, tally.local_date) - 1
        for row, sign, is_amount in wanted.get((tally.type, tally.is_bot), ()):
            row[place] += sign * (tally.amount if is_amount else tally.events)
    return [Series(metric, tuple(values[metric.name]), sum(values[metric.name])) for metric in adding]


def types_of(metrics: Iterable[Metric]) -> list[str]:
    """The types whose counts these metrics need."""
    return sorted({term.type for each in metrics if isinstance(each.how, Sum) for term in each.how.terms})
