"""What warm-ups are worth: those that were sent against those held out by lot."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt
from statistics import NormalDist, fmean, variance
from typing import NamedTuple

CONFIDENCE = 0.95
GROUP_MIN = 10
"""No interval is given of smaller groups."""
_Z = NormalDist().inv_cdf(0.5 + CONFIDENCE / 2)


class Outcome(NamedTuple):
    """What people said in the half hour after a cold spell was noticed."""

    messages: int
    members: int
    expected: float
    """Messages, by the baseline."""


class Interval(NamedTuple):
    """Of 95 %."""

    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Group:
    """Means over cold spells that were treated alike."""

    spells: int
    revived: int
    """Spells after which anybody spoke."""
    messages: float
    members: float
    expected: float


@dataclass(frozen=True, slots=True)
class Uplift:
    """Sent against held out; the intervals are None while a group is small."""

    sent: Group
    held_out: Group
    messages: float | None
    messages_interval: Interval | None
    revived_share: float | None
    revived_interval: Interval | None


def uplift(sent: Sequence[Outcome], held_out: Sequence[Outcome]) -> Uplift:
    """Differences of means (Welch) and of shares (Newcombe 1998, method 10), with 95 % intervals."""
    one, other = _group(sent), _group(held_out)
    if not sent or not held_out:
        return Uplift(one, other, None, None, None, None)
    is_large = min(len(sent), len(held_out)) >= GROUP_MIN
    ours, theirs = [each.messages for each in sent], [each.messages for each in held_out]
    return Uplift(
        one,
        other,
        one.messages - other.messages,
        _welch(ours, theirs) if is_large else None,
        one.revived / one.spells - other.revived / other.spells,
        _newcombe(one, other) if is_large else None,
    )


def _group(outcomes: Sequence[Outcome]) -> Group:
    if not outcomes:
        return Group(0, 0, 0.0, 0.0, 0.0)
    return Group(
        len(outcomes),
        sum(each.messages > 0 for each in outcomes),
        fmean(each.messages for each in outcomes),
        fmean(each.members for each in outcomes),
        fmean(each.expected for each in outcomes),
    )


def _welch(ours: Sequence[int], theirs: Sequence[int]) -> Interval:
    difference = fmean(ours) - fmean(theirs)
    spread = _Z * sqrt(variance(ours) / len(ours) + variance(theirs) / len(theirs))
    return Interval(difference - spread, difference + spread)


def _newcombe(one: Group, other: Group) -> Interval:
    p, q = one.revived / one.spells, other.revived / other.spells
    low, high = wilson(one.revived, one.spells)
    lower, upper = wilson(other.revived, other.spells)
    down = sqrt((p - low) ** 2 + (upper - q) ** 2)
    up = sqrt((high - p) ** 2 + (q - lower) ** 2)
    return Interval(p - q - down, p - q + up)


def wilson(hits: int, trials: int) -> Interval:
    """The score interval of a share (Wilson 1927)."""
    share, square = hits / trials, _Z * _Z / trials
    middle = (share + square / 2) / (1 + square)
    half = _Z * sqrt(share * (1 - share) / trials + square / (4 * trials)) / (1 + square)
    return Interval(middle - half, middle + half)
