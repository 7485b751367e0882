"""Redemptions: points set aside for a gift, then spent or given back."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import NamedTuple
from uuid import UUID

import asyncpg

from services.rewards.domain.redemption import Wisher
from shared.postgres.connection import Connection

ADD = """
    INSERT INTO redemption (redemption_id, community_id, member_id, gift_id, points, month, reserved_at,
                            expires_at, state)
    SELECT * FROM unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::bigint[], $6::date[],
                         $7::timestamptz[], $8::timestamptz[], $9::text[])
"""
_COLUMNS = "redemption_id, community_id, member_id, gift_id, points, month, reserved_at, expires_at, state"
KNOWN = f"SELECT {_COLUMNS} FROM redemption WHERE redemption_id = ANY($1::uuid[])"  # noqa: S608 - constants
LOCK = f"""
    SELECT {_COLUMNS} FROM redemption WHERE redemption_id = ANY($1::uuid[]) ORDER BY redemption_id FOR UPDATE
"""  # noqa: S608 - constants
CLOSE = """
    UPDATE redemption SET state = $2, closed_at = closed.at, closed_by = $4, reason = $5
    FROM unnest($1::uuid[], $3::timestamptz[]) AS closed (redemption_id, at)
    WHERE redemption.redemption_id = closed.redemption_id
"""
# A member's redemptions wait for one another here, so that two at once cannot both be the last allowed.
LOCK_MEMBERS = """
    SELECT pg_advisory_xact_lock(hashtextextended($1 || chr(31) || member_id, 7))
    FROM (SELECT * FROM unnest($2::text[]) AS m (member_id) ORDER BY member_id) AS ordered
"""
WISHERS = """
    SELECT member_id,
           (SELECT count(*) FROM redemption r
            WHERE r.community_id = $1 AND r.member_id = m.member_id AND r.month = $3
              AND r.state IN ('reserved', 'confirmed')),
           EXISTS (SELECT FROM review v
                   WHERE v.community_id = $1 AND v.member_id = m.member_id AND v.state = 'held')
    FROM unnest($2::text[]) AS m (member_id)
"""
PAGE = """
    SELECT * FROM redemption
    WHERE community_id = $1 AND ($2::text IS NULL OR member_id = $2) AND ($3::text IS NULL OR state = $3)
      AND ($4::timestamptz IS NULL OR (reserved_at, redemption_id) < ($4, $5::uuid))
    ORDER BY reserved_at DESC, redemption_id DESC LIMIT $6
"""
ONE = "SELECT * FROM redemption WHERE redemption_id = $1 AND community_id = $2"


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


async def add(connection: Connection, made: Sequence[Redemption]) -> None:
    """Keep new ones."""
    if made:
        await connection.execute(ADD, *map(list, zip(*made, strict=True)))


async def known(connection: Connection, identifiers: Collection[str]) -> dict[str, Redemption]:
    """Those that were made before, by id."""
    rows = await connection.fetch(KNOWN, list(identifiers))
    return {str(row["redemption_id"]): Redemption(*row) for row in rows}


async def lock(connection: Connection, identifiers: Iterable[UUID]) -> list[Redemption]:
    """Those of them that are there, locked, in the order of their ids."""
    return [Redemption(*row) for row in await connection.fetch(LOCK, list(identifiers))]


async def close(
    connection: Connection, moments: Mapping[str, datetime], state: str, by: str, reason: str
) -> None:
    """They are over, each since its moment."""
    await connection.execute(CLOSE, list(moments), state, list(moments.values()), by, reason)


async def lock_members(connection: Connection, community_id: str, members: Collection[str]) -> None:
    """Nobody else redeems for them until the end."""
    await connection.execute(LOCK_MEMBERS, community_id, list(members))


async def wishers(
    connection: Connection, community_id: str, members: Collection[str], month: date
) -> dict[str, Wisher]:
    """What the members, who are locked, have redeemed in a month, and whether they may."""
    rows = await connection.fetch(WISHERS, community_id, list(members), month)
    return {row[0]: Wisher(row[1], row[2]) for row in rows}


async def one(connection: Connection, identifier: UUID, community_id: str) -> asyncpg.Record | None:
    """One as it is."""
    return await connection.fetchrow(ONE, identifier, community_id)


async def page(
    connection: Connection, community_id: str, member_id: str | None, state: str | None,
    before: tuple[datetime, UUID] | None, rows: int,
) -> Sequence[asyncpg.Record]:  # fmt: skip
    """Newest first."""
    return await connection.fetch(PAGE, community_id, member_id, state, *(before or (None, None)), rows)
