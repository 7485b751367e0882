"""Whether records are the ones that a lane is to handle next: older are dropped, a jump ahead seeks back."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

import structlog

from shared.contracts.topics import COMPACTED
from shared.engine.lane import Lane
from shared.engine.record import Decoded

SEEKS_BEFORE_A_HOLE = 3
"""A compacted log has holes. Batches fetched before a seek may still be on their way, two at most."""

log = structlog.get_logger(__name__)


class Log(Protocol):
    """What lanes need of Kafka."""

    def assigned(self) -> frozenset[int]:
        """Partitions that the group has given to this process, of every topic."""

    def seek(self, topic: str, partition: int, offset: int) -> None:
        """Read on from an offset; nothing when the partition is not ours any more."""

    def pause(self, partition: int) -> None:
        """Fetch nothing more of any topic's partition."""

    def resume(self, partition: int) -> None:
        """Fetch again."""

    async def beginning(self, topic: str, partition: int) -> int:
        """The oldest offset that the log still holds."""


@dataclass(slots=True)
class Places:
    """Checks each run of records against its lane's next offset."""

    log: Log
    _sought: dict[tuple[str, int], tuple[int, int, int]] = field(default_factory=dict)
    """By topic and partition: expected offset, the offset that came instead, how often."""

    async def next_records(self, lane: Lane, decoded: Sequence[Decoded]) -> list[Decoded]:
        """Of one lane's records, per topic in log order, those that continue where the lane stands."""
        runs: dict[str, list[Decoded]] = {}
        for each in decoded:
            runs.setdefault(each.record.topic, []).append(each)
        kept: list[Decoded] = []
        for topic, run in runs.items():
            kept += await self._continue(lane, topic, run)
        return kept

    async def _continue(self, lane: Lane, topic: str, run: list[Decoded]) -> list[Decoded]:
        expected = lane.next_offset.get(topic)
        if expected is None:
            first = run[0].record.offset
            expected = await self.log.beginning(topic, lane.partition) if first else 0
        run = [each for each in run if each.record.offset >= expected]
        if not run or run[0].record.offset == expected:
            return run
        first = run[0].record.offset
        if await self._is_hole(topic, lane.partition, expected, first):
            return run
        self.log.seek(topic, lane.partition, expected)
        return []

    async def _is_hole(self, topic: str, partition: int, expected: int, first: int) -> bool:
        """Whether the log itself has nothing between; else records were passed over."""
        if topic in COMPACTED:
            known = self._sought.get((topic, partition))
            times = known[2] + 1 if known is not None and known[:2] == (expected, first) else 1
            self._sought[(topic, partition)] = (expected, first, times)
            return times >= SEEKS_BEFORE_A_HOLE
        beginning = await self.log.beginning(topic, partition)
        if first > beginning or beginning <= expected:
            return False
        log.error(
            "records were deleted from the log before they were handled", action="log_gap",
            topic=topic, partition=partition, expected=expected, beginning=beginning,
        )  # fmt: skip
        return True
