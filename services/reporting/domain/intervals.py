"""Intervals at 95 %: of a share, of the difference of two shares, of the difference of two means."""

from collections.abc import Sequence
from math import sqrt
from statistics import fmean, variance
from typing import NamedTuple

Z95 = 1.959963984540054


class Interval(NamedTuple):
    """An estimate and the bounds around it."""

    value: float
    low: float
    high: float

    @property
    def is_clear(self) -> bool:
        """Whether zero lies outside: the difference is more than chance would often give."""
        return self.low > 0 or self.high < 0


def share(hits: int, of: int) -> Interval:
    """Wilson's score interval (Wilson 1927) of `hits` out of `of` > 0."""
    part = hits / of
    middle = part + Z95**2 / (2 * of)
    spread = Z95 * sqrt(part * (1 - part) / of + Z95**2 / (4 * of**2))
    below = 1 + Z95**2 / of
    return Interval(part, (middle - spread) / below, (middle + spread) / below)


def share_difference(ours: tuple[int, int], theirs: tuple[int, int]) -> Interval:
    """Of two independent shares, each (hits, of): Newcombe's hybrid score interval (Newcombe 1998, 10)."""
    one, two = share(*ours), share(*theirs)
    value = one.value - two.value
    low = value - sqrt((one.value - one.low) ** 2 + (two.high - two.value) ** 2)
    high = value + sqrt((one.high - one.value) ** 2 + (two.value - two.low) ** 2)
    return Interval(value, low, high)


def mean_difference(ours: Sequence[float], theirs: Sequence[float]) -> Interval:
    """Of two means of two or more values each: Welch's interval, the normal quantile for the t of many."""
    value = fmean(ours) - fmean(theirs)
    spread = Z95 * sqrt(variance(ours) / len(ours) + variance(theirs) / len(theirs))
    return Interval(value, value - spread, value + spread)
