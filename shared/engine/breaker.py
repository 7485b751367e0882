"""Stops a lane that sets too much of a topic aside: then the log or the code is broken, not a record."""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field

from shared.engine.settings import EngineSettings


@dataclass(slots=True)
class _Recent:
    """The ends of a topic's last records, as runs: how many, and whether they were dead letters."""

    runs: deque[tuple[int, bool]] = field(default_factory=deque)
    records: int = 0
    dead: int = 0
    row: int = 0

    def add(self, count: int, is_dead: bool, window: int) -> None:
        """Note a run; forget what leaves the window, a whole run at a time."""
        self.row = self.row + count if is_dead else 0
        self.runs.append((count, is_dead))
        self.records += count
        self.dead += count if is_dead else 0
        while self.records - self.runs[0][0] >= window:
            gone, was_dead = self.runs.popleft()
            self.records -= gone
            self.dead -= gone if was_dead else 0


@dataclass(slots=True)
class Breaker:
    """Watches one lane, each of its topics apart: a healthy topic must not hide a broken one."""

    settings: EngineSettings
    is_open: bool = False
    _topics: dict[str, _Recent] = field(default_factory=dict)

    def count(self, topic: str, runs: Sequence[tuple[int, bool]]) -> bool:
        """Note a batch as runs in log order (records, whether dead); whether this opened the breaker."""
        recent = self._topics.setdefault(topic, _Recent())
        for records, is_dead in runs:
            recent.add(records, is_dead, self.settings.breaker_window)
            if not self.is_open and self._is_too_much(recent):
                self.is_open = True
                return True
        return False

    def _is_too_much(self, recent: _Recent) -> bool:
        limit = self.settings.breaker_window * self.settings.breaker_share
        return recent.row >= self.settings.breaker_row or recent.dead > limit


def runs_of(offsets: Sequence[int], dead: frozenset[int]) -> list[tuple[int, bool]]:
    """A topic's records of one batch as runs of the same end."""
    if not dead:
        return [(len(offsets), False)]
    runs: list[tuple[int, bool]] = []
    for offset in offsets:
        is_dead = offset in dead
        if runs and runs[-1][1] == is_dead:
            runs[-1] = (runs[-1][0] + 1, is_dead)
        else:
            runs.append((1, is_dead))
    return runs
