"""Who was first in each part of a month's score."""

from collections.abc import Iterable
from typing import NamedTuple

from services.rewards.domain.score import Standing

PARTS = ("messages", "checkins", "talked_with")


class Honour(NamedTuple):
    """The first of a category."""

    part: str
    member_id: str
    score: int


def honours_of(placed: Iterable[Standing]) -> list[Honour]:
    """By part the member with most of it; of equals the one who stands higher in the month."""
    ordered = list(placed)
    honours = []
    for part in PARTS:
        best = max(ordered, key=lambda each: (each.parts[part], -each.rank), default=None)
        if best is not None and best.parts[part]:
            honours.append(Honour(part, best.member_id, best.parts[part]))
    return honours
