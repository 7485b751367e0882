"""What is asked of a community: which span, divided how, and up to which day anything is known."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TypeVar

from services.reporting.domain.periods import Period, Span
from services.reporting.domain.series import Value
from shared.postgres.connection import Connection

Item = TypeVar("Item")


@dataclass(frozen=True, slots=True)
class Question:
    """Values are asked for each period, and last for the whole span."""

    connection: Connection
    community_id: str
    span: Span
    periods: Sequence[Period]
    today: date
    """By the community's clock: what ends on this day or later is not over."""

    @property
    def spans(self) -> list[Span]:
        """Each period, and last the whole."""
        return [*(period.span for period in self.periods), self.span]

    def placed(self, items: Iterable[tuple[date, Item]]) -> list[list[Item]]:
        """Dated items by the span that they lie in; the last has all that lie in the whole."""
        found: list[list[Item]] = [[] for _ in self.spans]
        places = {}
        for place, period in enumerate(self.periods):
            for day in period.span:
                places[day] = place
        for day, item in items:
            if day in places:
                found[places[day]].append(item)
                found[-1].append(item)
        return found

    def summed(self, days: Mapping[date, int]) -> list[Value]:
        """Counts of days, added up over each span."""
        return [sum(counts) for counts in self.placed(days.items())]


def running(changes: Sequence[tuple[date, int]], spans: Sequence[Span]) -> list[Value]:
    """The sum of all changes up to the end of each span; `changes` in order of their days."""
    ends = sorted({span.last for span in spans})
    sums: dict[date, int] = {}
    total, place = 0, 0
    for end in ends:
        while place < len(changes) and changes[place][0] <= end:
            total += changes[place][1]
            place += 1
        sums[end] = total
    return [sums[span.last] for span in spans]
