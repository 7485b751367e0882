"""A community's joins, and the waves of them that nobody was told of yet."""

from bisect import bisect_left, insort
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import NamedTuple

from services.moderation.domain.rules.join_wave import BURST, WAVE, Join, JoinWave, joins_around


class Wave(NamedTuple):
    """A wave that begins to be noticed."""

    scale: str
    joins: int
    span_us: int
    until_us: int


@dataclass(slots=True)
class Joins:
    """Joins of one community in order of time; `until` tells by scale how long a notice holds."""

    joins: list[Join] = field(default_factory=list)
    until: dict[str, int] = field(default_factory=dict)
    fresh: list[Join] = field(default_factory=list)
    moved: set[str] = field(default_factory=set)

    @classmethod
    def of(cls, joins: Iterable[Join], until: dict[str, int]) -> "Joins":
        """What was loaded."""
        return cls(sorted(joins), until)

    def join(self, join: Join, params: JoinWave, *, is_stale: bool) -> list[Wave]:
        """The waves that this join brings to notice; one that came too late only counts for others."""
        place = bisect_left(self.joins, join)
        if self.joins[place : place + 1] == [join]:
            return []
        insort(self.joins, join)
        self.fresh.append(join)
        if is_stale:
            return []
        waves = (self._notice(scale, join[0], params) for scale in (BURST, WAVE))
        return [wave for wave in waves if wave]

    def _notice(self, scale: str, at_us: int, params: JoinWave) -> Wave | None:
        """A burst is told again when its pause has passed, a wave once as long as it lasts."""
        least, span_us, holds_us = params.limits(scale)
        count = joins_around(self.joins, at_us, span_us)
        if count < least:
            return None
        until_us = self.until.get(scale)
        is_new = until_us is None or at_us > until_us
        if is_new or scale == WAVE:
            self.until[scale] = max(until_us or 0, at_us + holds_us)
            self.moved.add(scale)
        return Wave(scale, count, span_us, self.until[scale]) if is_new else None
