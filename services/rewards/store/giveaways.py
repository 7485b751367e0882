"""Red packets and lotteries: what is given, who takes part, and what each got."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

import asyncpg

from shared.postgres.connection import Connection

ADD = """
    INSERT INTO giveaway (giveaway_id, community_id, kind, points, shares, seed, commitment, state, opened_at,
                          closes_at, opened_by, reason)
    VALUES ($1, $2, $3, $4, $5, $6, $7, 'open', $8, $9, $10, $11)
"""
_COLUMNS = """giveaway_id::text, community_id, kind, points, shares, seed, commitment, opened_at, closes_at,
    opened_by, reason, state"""
LOCK = f"SELECT {_COLUMNS} FROM giveaway WHERE giveaway_id = $1 AND community_id = $2 FOR UPDATE"  # noqa: S608
PAGE = f"""
    SELECT {_COLUMNS} FROM giveaway WHERE community_id = $1
      AND ($2::timestamptz IS NULL OR (opened_at, giveaway_id) < ($2, $3::uuid))
    ORDER BY opened_at DESC, giveaway_id DESC LIMIT $4
"""  # noqa: S608 - constants
ENTRIES = """
    SELECT member_id, place, points FROM giveaway_entry WHERE giveaway_id = $1 ORDER BY place NULLS LAST,
        member_id
"""
ENTER = """
    INSERT INTO giveaway_entry (giveaway_id, member_id, entered_at, place, points) VALUES ($1, $2, $3, $4, $5)
    ON CONFLICT DO NOTHING
"""
PLACE = "UPDATE giveaway_entry SET place = $3, points = $4 WHERE giveaway_id = $1 AND member_id = $2"
CLOSE = "UPDATE giveaway SET state = 'closed' WHERE giveaway_id = $1"


class Giveaway(NamedTuple):
    """One red packet or lottery."""

    giveaway_id: str
    community_id: str
    kind: str
    points: int
    """Of a red packet all, of a lottery each winner's."""
    shares: int
    seed: bytes
    commitment: str
    opened_at: datetime
    closes_at: datetime
    opened_by: str
    reason: str
    state: str = "open"


class Entry(NamedTuple):
    """Somebody who takes part; `place` counts the shares from 0."""

    member_id: str
    place: int | None
    points: int


async def add(connection: Connection, each: Giveaway) -> None:
    """Keep a new one."""
    await connection.execute(ADD, *each[:11])


async def lock(connection: Connection, identifier: UUID, community_id: str) -> Giveaway | None:
    """One, locked, if the community has it."""
    row = await connection.fetchrow(LOCK, identifier, community_id)
    return Giveaway(*row) if row else None


async def page(
    connection: Connection, community_id: str, before: tuple[datetime, UUID] | None, rows: int
) -> Sequence[asyncpg.Record]:
    """Newest first."""
    return await connection.fetch(PAGE, community_id, *(before or (None, None)), rows)


async def entries(connection: Connection, identifier: str | UUID) -> list[Entry]:
    """Who takes part, those with a share first."""
    return [Entry(*row) for row in await connection.fetch(ENTRIES, identifier)]


async def enter(
    connection: Connection, identifier: str, member_id: str, at: datetime, place: int | None, points: int
) -> bool:
    """Take part; False when the member does already."""
    return await connection.execute(ENTER, identifier, member_id, at, place, points) == "INSERT 0 1"


async def give_place(
    connection: Connection, identifier: str, member_id: str, place: int, points: int
) -> None:
    """What was drawn for one who takes part."""
    await connection.execute(PLACE, identifier, member_id, place, points)


async def close(connection: Connection, identifier: str) -> None:
    """Nobody takes part any more."""
    await connection.execute(CLOSE, identifier)
