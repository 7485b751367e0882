"""Who answered most in a channel lately, as of moments that rise."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from heapq import heappop, heappush, nlargest
from typing import NamedTuple

LATELY = timedelta(days=90)


class Given(NamedTuple):
    """An answer by a member."""

    settled_at: datetime
    """The community's clock then; it is known from then on."""
    answered_at: datetime
    answered_by: str


@dataclass(slots=True)
class Answerers:
    """A channel's answers, rising by `settled_at`, counted up to the moment that was asked for last."""

    given: Sequence[Given]
    taken: int = 0
    counts: Counter[str] = field(default_factory=Counter)
    last: dict[str, datetime] = field(default_factory=dict)
    counted: list[tuple[datetime, str]] = field(default_factory=list)
    """What is in the counts, as a heap: the oldest leaves first."""

    def best(self, now: datetime, but: str, most: int) -> list[str]:
        """The members with most answers before now, then with the latest; one of them left out."""
        while self.taken < len(self.given) and self.given[self.taken].settled_at < now:
            self._count(self.given[self.taken])
            self.taken += 1
        while self.counted and self.counted[0][0] <= now - LATELY:
            self._forget(heappop(self.counted)[1])
        enough = min(nlargest(most + 1, self.counts.values()), default=0)  # the one who is left out may lead
        leading = [name for name, count in self.counts.items() if count >= enough and name != but]
        return sorted(leading, key=lambda name: (-self.counts[name], now - self.last[name], name))[:most]

    def _count(self, answer: Given) -> None:
        _, answered_at, name = answer
        self.counts[name] += 1
        self.last[name] = max(answered_at, self.last.get(name, answered_at))
        heappush(self.counted, (answered_at, name))

    def _forget(self, name: str) -> None:
        self.counts[name] -= 1
        if not self.counts[name]:
            del self.counts[name], self.last[name]
