"""Stops a lane that sets too much of a topic aside: then the log or the code is broken, not a record."""

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field

from shared.engine.settings import EngineSettings


@dataclass(slots=True)
class _Recent:
    """The ends of a topic's last records, dead or not."""

    row: int = 0
    dead: int = 0
    ends: deque[bool] = field(default_factory=deque)


@dataclass(slots=True)
class Breaker:
    """Watches one lane, each of its topics apart: a healthy topic must not hide a broken one."""

    settings: EngineSettings
    is_open: bool = False
    _topics: dict[str, _Recent] = field(default_factory=dict)

    def count(self, ends: Iterable[tuple[str, bool]]) -> bool:
        """Note records in log order (topic, whether it is dead); returns whether this opened the breaker."""
        for topic, is_dead in ends:
            recent = self._topics.setdefault(topic, _Recent())
            recent.row = recent.row + 1 if is_dead else 0
            recent.dead += is_dead
            recent.ends.append(is_dead)
            if len(recent.ends) > self.settings.breaker_window:
                recent.dead -= recent.ends.popleft()
            if not self.is_open and self._is_too_much(recent):
                self.is_open = True
                return True
        return False

    def _is_too_much(self, recent: _Recent) -> bool:
        limit = self.settings.breaker_window * self.settings.breaker_share
        return recent.row >= self.settings.breaker_row or recent.dead > limit
