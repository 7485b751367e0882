"""What is usual for a community, and when something is so far from it that operators should look.

A count is held against the same hour (or the whole day) of the last 28 days. It is alarming when it is twice
what was to be expected or more, and further above it than four standard deviations. The variance is that of
a Poisson count, or of the days themselves where they scatter more; counts under a floor never alarm, so that
three angry people in a small group are no crisis.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from math import sqrt
from typing import NamedTuple

BASELINE_DAYS = 28
DAYS_MIN = 7
"""A community younger than that has no baseline yet."""
DEVIATIONS = 4.0
TIMES_EXPECTED = 2.0
IDS_KEPT = 3


class Kind(StrEnum):
    """What may rise."""

    FINDINGS = "findings"
    """Messages in which rules found something."""
    NEGATIVE = "negative"
    """Messages with negative words, as a share of all."""
    LEAVES = "leaves"
    """Members who left by their own choice."""


class Span(StrEnum):
    """Over which time."""

    HOUR = "hour"
    DAY = "day"


FLOOR = {Span.HOUR: 8, Span.DAY: 16}

Bucket = tuple[str, Span, datetime]
"""community_id, span, and where it starts."""


@dataclass(slots=True)
class Counts:
    """What happened in a bucket."""

    messages: int = 0
    findings: int = 0
    negative: int = 0
    leaves: int = 0

    def add(self, messages: int, kinds: Iterable[Kind]) -> None:
        """One more of each kind."""
        self.messages += messages
        for kind in kinds:
            setattr(self, kind, self.of(kind) + 1)

    def of(self, kind: Kind) -> int:
        """The count of a kind."""
        count: int = getattr(self, kind)
        return count

    def less(self, other: "Counts") -> "Counts":
        """What is left without the other's."""
        return Counts(
            self.messages - other.messages, self.findings - other.findings,
            self.negative - other.negative, self.leaves - other.leaves,
        )  # fmt: skip


Quarter = tuple[str, str, int]
"""community_id, its time zone, and the quarter of an hour since 1970, which lies in one hour and one day."""


class Beat(NamedTuple):
    """What one event adds."""

    cause: int
    """Number of the event in the batch."""
    quarter: Quarter
    messages: int
    ids: Mapping[Kind, str]
    """By kind: the message, or the member who left."""


@dataclass(frozen=True, slots=True)
class Tally:
    """What a batch adds."""

    written: Mapping[Quarter, int]
    """Messages posted."""
    telling: Sequence[Beat]
    """The events that add more than a message, in order of the log."""
    every: Callable[[], Sequence[Beat]]
    """All of them; hardly a batch needs to be gone through."""


def expected(kind: Kind, now: Counts, usual: Sequence[Counts]) -> tuple[float, float]:
    """Mean and variance of a count in a bucket such as `usual` are."""
    if kind is Kind.NEGATIVE:
        # a share that nobody has seen yet is not nought
        share = (sum(each.negative for each in usual) + 1) / (sum(each.messages for each in usual) + 50)
        return share * now.messages, share * now.messages
    counts = [each.of(kind) for each in usual]
    mean = sum(counts) / len(counts)
    scatter = sum((count - mean) ** 2 for count in counts) / len(counts)
    return mean, max(mean, scatter)


def is_alarming(count: int, span: Span, mean: float, variance: float) -> bool:
    """Whether a count is far above what was to be expected."""
    if count < FLOOR[span] or count < TIMES_EXPECTED * mean:
        return False
    return count - mean > DEVIATIONS * sqrt(max(variance, 1.0))
