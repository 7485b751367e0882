"""What is to be handed over, by a webhook or by hand."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

import asyncpg

from shared.postgres.connection import Connection

ADD = """
    INSERT INTO fulfilment (fulfilment_id, community_id, member_id, gift_id, source, source_id, state,
        next_at,
                            address, created_at)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) ON CONFLICT DO NOTHING
"""
LOAD = """
    SELECT f.*, g.kind, g.name FROM fulfilment f JOIN gift g USING (community_id,
        gift_id) WHERE fulfilment_id = $1
"""
LOCK = "SELECT * FROM fulfilment WHERE fulfilment_id = $1 FOR UPDATE"
PAGE = """
    SELECT f.*, g.kind, g.name FROM fulfilment f JOIN gift g USING (community_id, gift_id)
    WHERE f.community_id = $1 AND ($2::text IS NULL OR f.state = $2)
      AND ($3::timestamptz IS NULL OR (f.created_at, f.fulfilment_id) > ($3, $4::uuid))
    ORDER BY f.created_at, f.fulfilment_id LIMIT $5
"""
# A lease: another process leaves it alone until `until`, and takes it up if this one is gone by then.
LEASE = """
    UPDATE fulfilment SET next_at = $2, attempts = attempts + 1
    WHERE fulfilment_id IN (
        SELECT fulfilment_id FROM fulfilment WHERE state = 'waiting' AND next_at <= $1
        ORDER BY next_at LIMIT $3 FOR UPDATE SKIP LOCKED
    )
    RETURNING fulfilment_id
"""
FAIL = """
    UPDATE fulfilment SET next_at = $2, error = $3, state = CASE WHEN $4 THEN 'dead' ELSE state END
    WHERE fulfilment_id = $1 AND state = 'waiting'
"""
DONE = """
    UPDATE fulfilment SET state = 'done', done_at = $2, done_by = $3, proof = $4, address = NULL, error = ''
    WHERE fulfilment_id = $1 AND state <> 'done'
"""
RETRY = """
    UPDATE fulfilment SET state = 'waiting', next_at = $2, attempts = 0
    WHERE fulfilment_id = $1 AND state = 'dead'
"""
CANCEL = """
    UPDATE fulfilment SET state = 'cancelled', address = NULL
    WHERE source = $1 AND source_id = $2 AND community_id = $3 AND state <> 'done'
"""
SET_ADDRESS = """
    UPDATE fulfilment SET address = $2, next_at = CASE WHEN state = 'waiting' THEN $3 ELSE next_at END
    WHERE fulfilment_id = $1 AND state IN ('waiting', 'by_hand', 'dead')
"""


class Fulfilment(NamedTuple):
    """Something to hand over."""

    fulfilment_id: str
    community_id: str
    member_id: str
    gift_id: str
    source: str
    source_id: str
    state: str
    next_at: datetime | None
    address: bytes | None
    created_at: datetime


async def add(connection: Connection, each: Fulfilment) -> None:
    """Keep it; what is known stays."""
    await connection.execute(ADD, *each)


async def load(connection: Connection, identifier: UUID) -> asyncpg.Record | None:
    """One, with its gift's kind and name."""
    return await connection.fetchrow(LOAD, identifier)


async def lock(connection: Connection, identifier: UUID) -> asyncpg.Record | None:
    """One, locked."""
    return await connection.fetchrow(LOCK, identifier)


async def page(
    connection: Connection,
    community_id: str,
    state: str | None,
    after: tuple[datetime, UUID] | None,
    rows: int,
) -> Sequence[asyncpg.Record]:
    """Oldest first."""
    return await connection.fetch(PAGE, community_id, state, *(after or (None, None)), rows)


async def lease(connection: Connection, now: datetime, until: datetime, rows: int) -> list[UUID]:
    """Take those that are due, each an attempt more."""
    return [row[0] for row in await connection.fetch(LEASE, now, until, rows)]


async def fail(
    connection: Connection, identifier: UUID, next_at: datetime, error: str, *, dead: bool
) -> None:
    """Try again then, or never."""
    await connection.execute(FAIL, identifier, next_at, error, dead)


async def done(connection: Connection, identifier: UUID, at: datetime, by: str, proof: str) -> bool:
    """It is handed over, and the address is gone; False when it was before."""
    return await connection.execute(DONE, identifier, at, by, proof) == "UPDATE 1"


async def retry(connection: Connection, identifier: UUID, at: datetime) -> bool:
    """Try again what was given up."""
    return await connection.execute(RETRY, identifier, at) == "UPDATE 1"


async def cancel(connection: Connection, source: str, source_id: str, community_id: str) -> None:
    """Hand it over no more."""
    await connection.execute(CANCEL, source, source_id, community_id)


async def set_address(connection: Connection, identifier: UUID, address: bytes, now: datetime) -> bool:
    """Keep where to send it, encrypted; False when it is handed over already."""
    return await connection.execute(SET_ADDRESS, identifier, address, now) == "UPDATE 1"
