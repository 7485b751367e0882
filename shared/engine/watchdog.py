"""Whether this process still does its work; a dependency that is away is no reason to be restarted."""

import time
from dataclasses import dataclass, field

from shared.engine.settings import EngineSettings


@dataclass(slots=True)
class Watchdog:
    """Marks of progress of the consuming loop and of the ticking loop, in process time."""

    settings: EngineSettings
    ticked_at: float = field(default_factory=time.monotonic)
    polled_at: float = field(default_factory=time.monotonic)
    """The last time that records came, or that there were none to come, or that nobody could know."""

    def tick(self) -> None:
        """The ticking loop went round."""
        self.ticked_at = time.monotonic()

    def poll(self) -> None:
        """The consuming loop went round, or had nothing to do."""
        self.polled_at = time.monotonic()

    def is_live(self) -> bool:
        """Both loops went round lately."""
        oldest = min(self.ticked_at, self.polled_at)
        return time.monotonic() - oldest < self.settings.stalled_seconds
