"""Points given or taken by people, and who agreed."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

import asyncpg

from shared.postgres.connection import Connection

ADD = """
    INSERT INTO adjustment (adjustment_id, community_id, member_id, kind, points, state, proposed_at,
        proposed_by,
                            reason)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
"""
LOCK = """
    SELECT adjustment_id::text, community_id, member_id, kind, points, state, proposed_at, proposed_by, reason
    FROM adjustment WHERE adjustment_id = $1 AND community_id = $2 FOR UPDATE
"""
DECIDE = """
    UPDATE adjustment SET state = $2, decided_at = $3, decided_by = $4, decision = $5 WHERE adjustment_id = $1
"""
PAGE = """
    SELECT * FROM adjustment
    WHERE community_id = $1 AND ($2::text IS NULL OR state = $2)
      AND ($3::timestamptz IS NULL OR (proposed_at, adjustment_id) < ($3, $4::uuid))
    ORDER BY proposed_at DESC, adjustment_id DESC LIMIT $5
"""


class Adjustment(NamedTuple):
    """One adjustment."""

    adjustment_id: str
    community_id: str
    member_id: str
    kind: str
    points: int
    state: str
    proposed_at: datetime
    proposed_by: str
    reason: str


async def add(connection: Connection, each: Adjustment) -> None:
    """Keep a new one."""
    await connection.execute(ADD, *each)


async def lock(connection: Connection, identifier: UUID, community_id: str) -> Adjustment | None:
    """One, locked, if the community has it."""
    row = await connection.fetchrow(LOCK, identifier, community_id)
    return Adjustment(*row) if row else None


async def decide(
    connection: Connection, identifier: str, state: str, at: datetime, by: str, why: str
) -> None:
    """It is applied or refused."""
    await connection.execute(DECIDE, identifier, state, at, by, why)


async def page(
    connection: Connection,
    community_id: str,
    state: str | None,
    before: tuple[datetime, UUID] | None,
    rows: int,
) -> Sequence[asyncpg.Record]:
    """Newest first."""
    return await connection.fetch(PAGE, community_id, state, *(before or (None, None)), rows)
