"""Joins of the last hours, and until when a wave of them that was noticed lasts."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from services.moderation.domain.message import Key
from services.moderation.domain.rules.join_wave import Join
from services.moderation.store.columns import columns_of
from services.moderation.store.moments import microseconds_of, moment_of
from shared.postgres.connection import Connection

LOAD_JOINS = """
    SELECT j.community_id, j.member_id, j.joined_at
    FROM unnest($1::text[], $2::timestamptz[], $3::timestamptz[]) AS wanted (community_id, after, before)
    CROSS JOIN LATERAL (
        SELECT * FROM recent_join r
        WHERE r.community_id = wanted.community_id AND r.joined_at > wanted.after
          AND r.joined_at < wanted.before
        ORDER BY r.joined_at DESC LIMIT 20000
    ) AS j
"""
SAVE_JOINS = """
    INSERT INTO recent_join (community_id, member_id, joined_at)
    SELECT * FROM unnest($1::text[], $2::text[], $3::timestamptz[]) ON CONFLICT DO NOTHING
"""
LOAD_WAVES = "SELECT community_id, scale, lasts_until FROM join_wave WHERE community_id = ANY($1::text[])"
SAVE_WAVES = """
    INSERT INTO join_wave (community_id, scale, lasts_until)
    SELECT * FROM unnest($1::text[], $2::text[], $3::timestamptz[])
    ON CONFLICT (community_id, scale) DO UPDATE SET lasts_until = excluded.lasts_until
"""


async def load_joins(
    connection: Connection, asked: Sequence[tuple[str, datetime, datetime]]
) -> dict[str, set[Join]]:
    """Joins between two moments, by community."""
    joins: dict[str, set[Join]] = {}
    for row in await connection.fetch(LOAD_JOINS, *columns_of(asked, 3)):
        joins.setdefault(row["community_id"], set()).add(
            (microseconds_of(row["joined_at"]), row["member_id"])
        )
    return joins


async def save_joins(connection: Connection, joins: Iterable[tuple[str, Join]]) -> None:
    """Insert; what is there stays."""
    rows = sorted((community_id, member, moment_of(at_us)) for community_id, (at_us, member) in joins)
    if rows:
        await connection.execute(SAVE_JOINS, *columns_of(rows, 3))


async def load_waves(connection: Connection, communities: Sequence[str]) -> dict[Key, int]:
    """Until when (microseconds) the noticed waves last, by community and scale."""
    rows = await connection.fetch(LOAD_WAVES, communities)
    return {(row["community_id"], row["scale"]): microseconds_of(row["lasts_until"]) for row in rows}


async def save_waves(connection: Connection, waves: Iterable[tuple[Key, int]]) -> None:
    """Insert or replace."""
    rows = [(*key, moment_of(until_us)) for key, until_us in sorted(waves)]
    if rows:
        await connection.execute(SAVE_WAVES, *columns_of(rows, 3))
