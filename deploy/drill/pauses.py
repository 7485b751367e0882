"""How long each partition stood still while something waited in it."""

import asyncio
import time
from collections import defaultdict
from dataclasses import dataclass, field

import asyncpg

from shared.contracts.topics import CHAT_EVENTS

LOOK_SECONDS = 0.1
OFFSETS = "SELECT partition, next_offset FROM {schema}.lane_offset WHERE topic = $1"


@dataclass(slots=True)
class Pauses:
    """Watches one service's offsets under a steady stream: each partition's longest stand, in seconds."""

    service: str
    admin_url: str
    stopping: asyncio.Event = field(default_factory=asyncio.Event)
    longest: dict[int, float] = field(default_factory=lambda: defaultdict(float))

    async def run(self) -> None:
        """Look until told to stop. Every partition is fed all the time, so a stand is a pause."""
        connection = await asyncpg.connect(self.admin_url)
        moved: dict[int, tuple[int, float]] = {}
        try:
            while not self.stopping.is_set():
                rows = await connection.fetch(OFFSETS.format(schema=self.service), CHAT_EVENTS)
                now = time.monotonic()
                for partition, offset in rows:
                    before, since = moved.get(partition, (-1, now))
                    if offset != before:
                        moved[partition] = (offset, now)
                    self.longest[partition] = max(self.longest[partition], now - since)
                await asyncio.sleep(LOOK_SECONDS)
        finally:
            await connection.close()

    def percentile(self, share: float) -> float:
        """Of the partitions' longest pauses."""
        ordered = sorted(self.longest.values())
        return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else 0.0
