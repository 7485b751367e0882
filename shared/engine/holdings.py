"""The lanes that this process holds: claimed, given back, stopped by their breaker, or resting."""

import time
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from datetime import datetime

from shared.engine import metrics
from shared.engine.breaker import Breaker
from shared.engine.lane import Lane, claim_lanes, release_lanes
from shared.engine.log_ends import LogEnds
from shared.engine.place import Log
from shared.engine.settings import EngineSettings
from shared.postgres.connection import Pool

FAILURE_REST_SECONDS_MAX = 20.0
FENCED_REST_SECONDS = 2.0
"""After another owner showed itself: time for the group to tell us what is ours."""


@dataclass(slots=True)
class Holdings:
    """Which lanes are ours to work on now."""

    group: str
    owner: str
    pool: Pool
    log: Log
    ends: LogEnds
    settings: EngineSettings
    topics: tuple[str, ...]
    lanes: dict[int, Lane] = field(default_factory=dict)
    breakers: dict[int, Breaker] = field(default_factory=dict)
    _resting: dict[int, float] = field(default_factory=dict)
    """By lane: process time until which it is left alone."""
    _failures: dict[int, int] = field(default_factory=dict)
    """By lane: how often in a row it failed for reasons of its own."""

    def workable(self) -> frozenset[int]:
        """Lanes that are assigned, not stopped and not resting; forgets those that went elsewhere."""
        assigned = self.log.assigned()
        for partition in [n for n in self.lanes if n not in assigned]:
            del self.lanes[partition]
        stopped = {n for n, breaker in self.breakers.items() if breaker.is_open}
        return assigned - stopped - self._resting.keys()

    async def claim(self, partitions: Iterable[int]) -> list[int]:
        """Take lanes over that are not held yet; returns those."""
        wanted = [partition for partition in partitions if partition not in self.lanes]
        if wanted:
            async with self.pool.acquire() as connection, connection.transaction():
                lanes = await claim_lanes(connection, self.group, wanted, self.owner, self.settings)
            self.lanes.update({lane.partition: lane for lane in lanes})
            metrics.LANES.set(len(self.lanes))
        return wanted

    async def release(self, partitions: Collection[int]) -> None:
        """Give lanes back, so that the next owner does not take this for a crash."""
        lanes = [self.lanes.pop(partition) for partition in partitions if partition in self.lanes]
        self.ends.forget(partitions)
        metrics.LANES.set(len(self.lanes))
        if lanes:
            async with self.pool.acquire() as connection:
                await release_lanes(connection, self.group, lanes)

    def forget(self, partitions: Iterable[int]) -> None:
        """Another owner was met: drop what we knew, and look again in a while whether they are ours."""
        for partition in partitions:
            self.lanes.pop(partition, None)
            metrics.FENCED.inc()
            self.rest(partition, FENCED_REST_SECONDS)

    def rest(self, partition: int, seconds: float) -> None:
        """Leave a lane alone for a while; its records are read again afterwards."""
        self._resting[partition] = time.monotonic() + seconds
        self.log.pause(partition)

    def rest_after_failure(self, partition: int) -> None:
        """Leave alone a lane that failed for reasons of its own, each time for longer."""
        failures = self._failures[partition] = self._failures.get(partition, 0) + 1
        self.rest(partition, min(FAILURE_REST_SECONDS_MAX, 0.25 * 2**failures))

    def worked(self, partitions: Iterable[int]) -> None:
        """These lanes are in order."""
        for partition in partitions:
            self._failures.pop(partition, None)

    def wake_rested(self) -> None:
        """Take up lanes whose rest is over."""
        for partition in [n for n, until in self._resting.items() if until <= time.monotonic()]:
            del self._resting[partition]
            breaker = self.breakers.get(partition)
            if breaker is None or not breaker.is_open:
                self.read_on(partition)

    def resume(self, partition: int) -> bool:
        """Let a lane that its breaker stopped go on; False when it was not stopped."""
        breaker = self.breakers.get(partition)
        if breaker is None or not breaker.is_open:
            return False
        del self.breakers[partition]
        self.read_on(partition)
        return True

    def clock(self, lane: Lane) -> datetime | None:
        """Real time up to which the lane has read its log, never back; None before that is known."""
        clock = self.ends.clock(lane.partition, lane.next_offset)
        known = [moment for moment in (clock, lane.clock) if moment is not None]
        return max(known, default=None)

    def read_on(self, partition: int) -> None:
        """Fetch a lane's records from where it stands; one that is not claimed yet is placed when it is.

        A topic of which nothing was ever handled is read from its start: 0, or what is left of the log.
        """
        self.log.resume(partition)
        lane = self.lanes.get(partition)
        if lane is not None:
            for topic in self.topics:
                self.log.seek(topic, partition, lane.next_offset.get(topic, 0))
