"""Stops a lane that sets too much aside: then the log or the code is broken, not a record."""

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field

from shared.engine.settings import EngineSettings


@dataclass(slots=True)
class Breaker:
    """Remembers the ends of a lane's last records, dead or not."""

    settings: EngineSettings
    is_open: bool = False
    _row: int = 0
    _recent: deque[bool] = field(default_factory=deque)
    _dead: int = 0

    def count(self, ends: Iterable[bool]) -> bool:
        """Note records in log order (True: dead letter); returns whether this opened the breaker."""
        for dead in ends:
            self._row = self._row + 1 if dead else 0
            self._recent.append(dead)
            self._dead += dead
            if len(self._recent) > self.settings.breaker_window:
                self._dead -= self._recent.popleft()
            if self._is_too_much() and not self.is_open:
                self.is_open = True
                return True
        return False

    def _is_too_much(self) -> bool:
        window = self.settings.breaker_window
        full = len(self._recent) == window
        return self._row >= self.settings.breaker_row or (
            full and self._dead > window * self.settings.breaker_share
        )
