"""How far other services are, so that a timer may wait until all their facts up to its moment are read."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from shared.contracts.progress import CommunityProgress, LaneProgress
from shared.engine.community import Community
from shared.postgres.connection import Connection

LOAD_WATERMARKS = """
    SELECT service, partition, community_id, mode, turns, clock FROM watermark
    WHERE partition = ANY($1::int[])
"""
SAVE_WATERMARKS = """
    INSERT INTO watermark (service, partition, community_id, mode, turns, clock)
    SELECT * FROM unnest($1::text[], $2::int[], $3::text[], $4::text[], $5::int[], $6::timestamptz[])
    ON CONFLICT (service, partition, community_id) DO UPDATE SET
        mode = excluded.mode, turns = excluded.turns, clock = excluded.clock
    WHERE (watermark.turns, watermark.clock) < (excluded.turns, excluded.clock)
"""

Place = tuple[str, int, str]
"""service, partition, community_id; '' stands for the lane itself."""


@dataclass(frozen=True, slots=True, order=True)
class Mark:
    """The furthest that one service has announced for one place."""

    turns: int
    clock: datetime
    mode: str = "wall"


def read_progress(progress: LaneProgress | CommunityProgress, partition: int) -> tuple[Place, Mark]:
    """The watermark that a progress record tells."""
    if isinstance(progress, LaneProgress):
        return (progress.service, partition, ""), Mark(0, progress.clock)
    place = (progress.service, partition, progress.community_id)
    return place, Mark(progress.turns, progress.clock, progress.mode)


def has_passed(
    marks: Mapping[Place, Mark],
    service: str,
    partition: int,
    community_id: str,
    mine: Community,
    moment: datetime,
) -> bool:
    """Whether all facts of `service` about this community up to `moment` have been read here."""
    if mine.turns:
        theirs = marks.get((service, partition, community_id))
        if theirs is None or theirs.turns < mine.turns:
            return False
        if theirs.turns > mine.turns:
            return True
        if theirs.mode == "event":
            return theirs.clock >= moment
    lane = marks.get((service, partition, ""))
    return lane is not None and lane.clock >= moment


async def load_watermarks(connection: Connection, partitions: list[int]) -> dict[Place, Mark]:
    """All watermarks of these lanes."""
    rows = await connection.fetch(LOAD_WATERMARKS, partitions)
    return {
        (row["service"], row["partition"], row["community_id"]): Mark(row["turns"], row["clock"], row["mode"])
        for row in rows
    }


async def save_watermarks(connection: Connection, marks: Iterable[tuple[Place, Mark]]) -> None:
    """Write watermarks, never back."""
    rows = sorted(marks, key=lambda pair: pair[0])
    await connection.execute(
        SAVE_WATERMARKS,
        [place[0] for place, _ in rows],
        [place[1] for place, _ in rows],
        [place[2] for place, _ in rows],
        [mark.mode for _, mark in rows],
        [mark.turns for _, mark in rows],
        [mark.clock for _, mark in rows],
    )
