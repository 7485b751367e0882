"""Streaks: a member's days of check-in as runs of consecutive dates."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from typing import NamedTuple

from services.engagement.domain.day import ONE_DAY


class Run(NamedTuple):
    """Consecutive dates, both ends inclusive."""

    first: date
    last: date

    @property
    def days(self) -> int:
        """How many."""
        return (self.last - self.first).days + 1


@dataclass(slots=True)
class Streaks:
    """The runs of one member in one campaign: a function of the set of dates, whatever the order of changes.

    It may hold only a part of the member's runs, as long as it holds each that contains or touches a date
    that is going to be changed.
    """

    runs: set[Run] = field(default_factory=set)
    loaded: frozenset[Run] = frozenset()

    @classmethod
    def of(cls, runs: Iterable[Run]) -> "Streaks":
        """As stored."""
        known = frozenset(runs)
        return cls(set(known), known)

    def add(self, day: date) -> None:
        """The date counts from now on; it may join the runs on its two sides."""
        if self.around(day) is not None:
            return
        before = next((run for run in self.runs if run.last + ONE_DAY == day), None)
        after = next((run for run in self.runs if run.first == day + ONE_DAY), None)
        self.runs -= {before, after}
        self.runs.add(Run(before.first if before else day, after.last if after else day))

    def discard(self, day: date) -> None:
        """The date counts no more; its run is cut, parted or gone."""
        run = self.around(day)
        if run is None:
            return
        self.runs.remove(run)
        if run.first < day:
            self.runs.add(Run(run.first, day - ONE_DAY))
        if day < run.last:
            self.runs.add(Run(day + ONE_DAY, run.last))

    def around(self, day: date) -> Run | None:
        """The run that contains the date."""
        return next((run for run in self.runs if run.first <= day <= run.last), None)

    def days_at(self, day: date) -> int:
        """Length of the streak that ends on the date: 0 when the date does not count."""
        run = self.around(day)
        return (day - run.first).days + 1 if run else 0

    @property
    def ended(self) -> frozenset[Run]:
        """Stored runs that are no more."""
        return self.loaded - self.runs

    @property
    def begun(self) -> set[Run]:
        """Runs that are not stored yet."""
        return self.runs - self.loaded
