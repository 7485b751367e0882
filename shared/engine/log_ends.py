"""Where the log ends: gives the lag of each lane, and the real time up to which it is read.

A snapshot asks the ends at a moment. Once a lane has handled all up to those ends, it has handled everything
that was in the log at that moment: that moment is its clock. While it has not, its clock is what it was.
"""

from collections import deque
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime

Ends = Mapping[str, int]
"""End offsets by topic, of one partition."""


class LogEnds:
    """Snapshots not yet reached, by lane."""

    def __init__(self) -> None:
        self._snapshots: dict[int, deque[tuple[datetime, Ends]]] = {}
        self._clocks: dict[int, datetime] = {}
        self._latest: dict[int, Ends] = {}

    def saw(self, moment: datetime, ends: Mapping[int, Ends]) -> None:
        """Note the ends as they were at a moment or later."""
        for partition, of_lane in ends.items():
            snapshots = self._snapshots.setdefault(partition, deque(maxlen=600))
            snapshots.append((moment, of_lane))
            self._latest[partition] = of_lane

    def clock(self, partition: int, next_offsets: Mapping[str, int]) -> datetime | None:
        """Real time up to which the lane has read its log, or None before that is known."""
        snapshots = self._snapshots.get(partition)
        while snapshots and all(next_offsets.get(topic, 0) >= end for topic, end in snapshots[0][1].items()):
            self._clocks[partition] = snapshots.popleft()[0]
        return self._clocks.get(partition)

    def lag(self, partition: int, next_offsets: Mapping[str, int]) -> int:
        """Records in the log that the lane has not handled, at the latest snapshot."""
        ends = self._latest.get(partition, {})
        return sum(max(0, end - next_offsets.get(topic, 0)) for topic, end in ends.items())

    def forget(self, partitions: Iterable[int]) -> None:
        """Lanes that are not ours any more."""
        for partition in partitions:
            self._snapshots.pop(partition, None)
            self._clocks.pop(partition, None)
            self._latest.pop(partition, None)


def now() -> datetime:
    """Real time."""
    return datetime.now(UTC)
