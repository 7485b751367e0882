"""Pauses that grow with each failure in a row."""

import asyncio
from dataclasses import dataclass


@dataclass(slots=True)
class Patience:
    """Rests the least first, twice as long each further time, never longer than the most."""

    least_seconds: float
    most_seconds: float
    _next: float = 0.0

    async def rest(self) -> None:
        """After a failure."""
        self._next = min(max(self.least_seconds, 2 * self._next), self.most_seconds)
        await asyncio.sleep(self._next)

    def begin_anew(self) -> None:
        """After a success."""
        self._next = 0.0
