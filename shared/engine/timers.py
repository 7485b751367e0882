"""Durable timers: rows that fire inside a lane's transaction when the community's clock passes them."""

import json
from collections.abc import Collection, Iterable, Mapping
from datetime import datetime

import asyncpg

from shared.contracts.partitioning import partition_of
from shared.engine.event import Timer
from shared.engine.work import TimerName
from shared.postgres.connection import Connection

TIMERS_PER_ROUND_MAX = 500

DUE_OF_COMMUNITIES = """
    SELECT t.community_id, t.kind, t.key, t.due_at, t.payload, t.after FROM timers t
    JOIN unnest($1::text[], $2::timestamptz[]) AS c (community_id, clock) USING (community_id)
    WHERE t.due_at <= c.clock AND t.kind <> ALL($4::text[])
    ORDER BY t.due_at, t.community_id, t.kind, t.key LIMIT $3
"""
DUE_OF_LANES = """
    SELECT t.community_id, t.kind, t.key, t.due_at, t.payload, t.after
    FROM unnest($1::int[], $2::timestamptz[]) AS lane (partition, clock)
    JOIN timers t USING (partition) LEFT JOIN community c USING (community_id)
    WHERE t.due_at <= CASE WHEN c.mode = 'event' THEN c.event_clock ELSE lane.clock END
    ORDER BY t.due_at, t.community_id, t.kind, t.key LIMIT $3
"""
SET_TIMERS = """
    INSERT INTO timers (community_id, kind, key, due_at, payload, after, partition)
    SELECT community_id, kind, key, due_at, payload, string_to_array(after, ','), partition
    FROM unnest($1::text[], $2::text[], $3::text[], $4::timestamptz[], $5::jsonb[], $6::text[], $7::int[])
         AS t (community_id, kind, key, due_at, payload, after, partition)
    ON CONFLICT (community_id, kind, key) DO UPDATE SET
        due_at = excluded.due_at, payload = excluded.payload, after = excluded.after
"""
CANCEL_TIMERS = """
    DELETE FROM timers USING unnest($1::text[], $2::text[], $3::text[]) AS gone (community_id, kind, key)
    WHERE timers.community_id = gone.community_id AND timers.kind = gone.kind AND timers.key = gone.key
"""


async def due_of_communities(
    connection: Connection, clocks: Mapping[str, datetime], but: Collection[str] = ()
) -> list[Timer]:
    """Timers of these communities, but of these kinds, whose moment is not after their clock, in order."""
    if not clocks:
        return []
    rows = await connection.fetch(
        DUE_OF_COMMUNITIES, list(clocks.keys()), list(clocks.values()), TIMERS_PER_ROUND_MAX, list(but)
    )
    return [_timer(row) for row in rows]


async def due_of_lanes(connection: Connection, clocks: Mapping[int, datetime]) -> list[Timer]:
    """Timers of all communities of these lanes that are due by lane clock or event clock, earliest first."""
    if not clocks:
        return []
    rows = await connection.fetch(
        DUE_OF_LANES, list(clocks.keys()), list(clocks.values()), TIMERS_PER_ROUND_MAX
    )
    return [_timer(row) for row in rows]


async def set_timers(connection: Connection, timers: Iterable[Timer]) -> None:
    """Set or move timers, in the order of their names."""
    rows = sorted(timers, key=lambda timer: (timer.community_id, timer.kind, timer.key))
    if not rows:
        return
    await connection.execute(
        SET_TIMERS,
        [timer.community_id for timer in rows],
        [timer.kind for timer in rows],
        [timer.key for timer in rows],
        [timer.due_at for timer in rows],
        [json.dumps(dict(timer.payload)) for timer in rows],
        [",".join(timer.after) for timer in rows],
        [partition_of(timer.community_id) for timer in rows],
    )


async def cancel_timers(connection: Connection, names: Iterable[TimerName]) -> None:
    """Take timers back; those not there are no error."""
    rows = sorted(names)
    if not rows:
        return
    await connection.execute(
        CANCEL_TIMERS, [name[0] for name in rows], [name[1] for name in rows], [name[2] for name in rows]
    )


def _timer(row: asyncpg.Record) -> Timer:
    return Timer(
        community_id=row["community_id"],
        kind=row["kind"],
        due_at=row["due_at"],
        key=row["key"],
        payload=json.loads(row["payload"]),
        after=tuple(row["after"]),
    )
