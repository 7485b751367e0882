"""Redemptions: points set aside for a gift, then spent or given back."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import NamedTuple
from uuid import UUID

import asyncpg

from shared.postgres.connection import Connection

ADD = """
    INSERT INTO redemption (redemption_id, community_id, member_id, gift_id, points, state, month,
        reserved_at,
                            expires_at)
    VALUES ($1, $2, $3, $4, $5, 'reserved', $6, $7, $8) ON CONFLICT DO NOTHING
"""
LOCK = """
    SELECT redemption_id, community_id, member_id, gift_id, points, month, reserved_at, expires_at, state
    FROM redemption WHERE redemption_id = $1 AND community_id = $2 FOR UPDATE
"""
CLOSE = """
    UPDATE redemption SET state = $2, closed_at = $3, closed_by = $4, reason = $5 WHERE redemption_id = $1
"""
# A member's redemptions wait for one another here, so that two at once cannot both be the last allowed.
LOCK_MEMBER = "SELECT pg_advisory_xact_lock(hashtextextended($1 || chr(31) || $2, 7))"
COUNT = """
    SELECT count(*) FROM redemption
    WHERE community_id = $1 AND member_id = $2 AND month = $3 AND state IN ('reserved', 'confirmed')
"""
PAGE = """
    SELECT * FROM redemption
    WHERE community_id = $1 AND ($2::text IS NULL OR member_id = $2) AND ($3::text IS NULL OR state = $3)
      AND ($4::timestamptz IS NULL OR (reserved_at, redemption_id) < ($4, $5::uuid))
    ORDER BY reserved_at DESC, redemption_id DESC LIMIT $6
"""
ONE = "SELECT * FROM redemption WHERE redemption_id = $1 AND community_id = $2"
HELD = "SELECT EXISTS (SELECT FROM review WHERE community_id = $1 AND member_id = $2 AND state = 'held')"


class Redemption(NamedTuple):
    """Points set aside for a gift."""

    redemption_id: str | UUID
    community_id: str
    member_id: str
    gift_id: str
    points: int
    month: date
    reserved_at: datetime
    expires_at: datetime
    state: str = "reserved"


async def add(connection: Connection, each: Redemption) -> None:
    """Keep a new one."""
    await connection.execute(ADD, *each[:8])


async def lock(connection: Connection, identifier: UUID, community_id: str) -> Redemption | None:
    """One, locked, if the community has it."""
    row = await connection.fetchrow(LOCK, identifier, community_id)
    return Redemption(*row) if row else None


async def close(
    connection: Connection, identifier: str | UUID, state: str, at: datetime, by: str, reason: str
) -> None:
    """It is over."""
    await connection.execute(CLOSE, identifier, state, at, by, reason)


async def count(connection: Connection, community_id: str, member_id: str, month: date) -> int:
    """How many a member has in a month, from here on alone until the end."""
    await connection.execute(LOCK_MEMBER, community_id, member_id)
    found: int = await connection.fetchval(COUNT, community_id, member_id, month)
    return found


async def is_held(connection: Connection, community_id: str, member_id: str) -> bool:
    """Whether somebody looks at how the member's points were earned."""
    found: bool = await connection.fetchval(HELD, community_id, member_id)
    return found


async def one(connection: Connection, identifier: UUID, community_id: str) -> asyncpg.Record | None:
    """One as it is."""
    return await connection.fetchrow(ONE, identifier, community_id)


async def page(
    connection: Connection, community_id: str, member_id: str | None, state: str | None,
    before: tuple[datetime, UUID] | None, rows: int,
) -> Sequence[asyncpg.Record]:  # fmt: skip
    """Newest first."""
    return await connection.fetch(PAGE, community_id, member_id, state, *(before or (None, None)), rows)
