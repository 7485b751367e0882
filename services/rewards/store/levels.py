"""Members' levels and badges."""

from collections.abc import Collection, Iterable, Sequence
from typing import NamedTuple

import asyncpg

from services.rewards.domain.ledger import Owner
from services.rewards.domain.level import Standing
from shared.postgres.connection import Connection

LOAD_LEVELS = """
    SELECT known.community_id, known.member_id, known.level, known.change, known.grace_until
    FROM unnest($1::text[], $2::text[]) AS w (c, m)
    CROSS JOIN LATERAL (
        SELECT * FROM member_level l WHERE l.community_id = w.c AND l.member_id = w.m FOR UPDATE OFFSET 0
    ) AS known
"""
SAVE_LEVELS = """
    INSERT INTO member_level (community_id, member_id, level, change, grace_until)
    SELECT * FROM unnest($1::text[], $2::text[], $3::int[], $4::int[], $5::timestamptz[])
    ON CONFLICT (community_id, member_id) DO UPDATE SET
        level = excluded.level, change = excluded.change, grace_until = excluded.grace_until
"""
EARNED = """
    SELECT w.c, w.m, coalesce(a.earned, 0) FROM unnest($1::text[], $2::text[]) AS w (c, m)
    LEFT JOIN account a ON a.community_id = w.c AND a.member_id = w.m AND a.kind = 'wallet'
"""
OF_MEMBER = """
    SELECT coalesce(l.level, 0) AS level, l.grace_until, coalesce(a.earned, 0) AS earned
    FROM (SELECT $1::text AS c, $2::text AS m) AS w
    LEFT JOIN member_level l ON l.community_id = w.c AND l.member_id = w.m
    LEFT JOIN account a ON a.community_id = w.c AND a.member_id = w.m AND a.kind = 'wallet'
"""
BADGES = """
    SELECT badge, earned_at FROM badge WHERE community_id = $1 AND member_id = $2 ORDER BY earned_at, badge
"""
ADD_BADGES = """
    INSERT INTO badge (community_id, member_id, badge, earned_at, cause_id)
    SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::timestamptz[], $5::text[])
    ON CONFLICT DO NOTHING
"""


class Badge(NamedTuple):
    """A badge that a member earns once for ever."""

    community_id: str
    member_id: str
    badge: str
    earned_at: object
    cause_id: str


async def load_levels(connection: Connection, owners: Collection[Owner]) -> dict[Owner, Standing]:
    """The standings of those of whom anything is known, locked."""
    rows = await connection.fetch(LOAD_LEVELS, *zip(*sorted(owners), strict=True))
    return {(row[0], row[1]): Standing((row[0], row[1]), *row[2:]) for row in rows}


async def save_levels(connection: Connection, standings: Iterable[Standing]) -> None:
    """Insert or replace, in the order of their owners."""
    rows = sorted((*each.owner, each.level, each.change, each.grace_until) for each in standings)
    if rows:
        await connection.execute(SAVE_LEVELS, *zip(*rows, strict=True))


async def earned(connection: Connection, owners: Collection[Owner]) -> dict[Owner, int]:
    """All that these members ever earned, less what was taken back."""
    rows = await connection.fetch(EARNED, *zip(*owners, strict=True))
    return {(row[0], row[1]): row[2] for row in rows}


async def of_member(connection: Connection, community_id: str, member_id: str) -> asyncpg.Record:
    """Level, grace and earned points of one member."""
    row = await connection.fetchrow(OF_MEMBER, community_id, member_id)
    assert row is not None
    return row


async def badges(connection: Connection, community_id: str, member_id: str) -> Sequence[asyncpg.Record]:
    """A member's badges, in order of their moments."""
    return await connection.fetch(BADGES, community_id, member_id)


async def add_badges(connection: Connection, earned_ones: Collection[Badge]) -> None:
    """Keep badges; who has one keeps it as it is."""
    if earned_ones:
        await connection.execute(ADD_BADGES, *zip(*sorted(earned_ones), strict=True))
