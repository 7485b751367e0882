"""Signs that points are farmed rather than earned. They open a review by a person, and punish nobody.

- repetition: of a month's substantive messages at least 20, and half of those that could be paid,
    were like others;
- cadence: at least 30 paid messages whose pauses inside a day hardly vary (coefficient of variation below
    0.1);
- ring: at least 30 points of thanks and reactions,
    nine of ten from at most three people to whom as much went back.
"""

from collections.abc import Mapping, Sequence
from enum import StrEnum
from itertools import pairwise
from statistics import fmean, pstdev
from typing import NamedTuple

CADENCE_MESSAGES_MIN = 30
CADENCE_VARIATION_MAX = 0.1
RING_POINTS_MIN = 30
RING_PEOPLE_MAX = 3
RING_SHARE = 0.9
RING_BACK = 0.5
REPEATS_MIN = 20


class Signal(StrEnum):
    """Why somebody should look."""

    REPETITION = "repetition"
    CADENCE = "cadence"
    RING = "ring"


class Found(NamedTuple):
    """A signal, with what was counted."""

    signal: Signal
    evidence: Mapping[str, float]


def cadence(days: Sequence[Sequence[int]]) -> Found | None:
    """Whether the pauses between a member's paid messages are those of a machine; moments in milliseconds."""
    messages = sum(map(len, days))
    pauses = [later - earlier for day in days for earlier, later in pairwise(sorted(day))]
    if messages < CADENCE_MESSAGES_MIN or len(pauses) < CADENCE_MESSAGES_MIN // 2:
        return None
    mean = fmean(pauses)
    variation = pstdev(pauses) / mean if mean else 0.0
    if variation >= CADENCE_VARIATION_MAX:
        return None
    evidence = {
        "messages": messages,
        "pause_seconds": round(mean / 1000, 1),
        "variation": round(variation, 3),
    }
    return Found(Signal.CADENCE, evidence)


def ring(received: Mapping[str, int], given: Mapping[str, int]) -> Found | None:
    """Whether points that others give come from a few to whom as many go; both by the other person."""
    total = sum(received.values())
    if total < RING_POINTS_MIN:
        return None
    few = sorted(received, key=lambda person: (-received[person], person))[:RING_PEOPLE_MAX]
    from_few = sum(received[person] for person in few)
    back = sum(given.get(person, 0) for person in few)
    if from_few < RING_SHARE * total or back < RING_BACK * from_few:
        return None
    return Found(
        Signal.RING, {"received": total, "from_few": from_few, "given_back": back, "people": len(few)}
    )


def repetition(refused: int, paid: int) -> Found | None:
    """Whether as many messages were refused as alike as were paid."""
    if refused < REPEATS_MIN or refused < paid:
        return None
    return Found(Signal.REPETITION, {"alike": refused, "paid": paid})
