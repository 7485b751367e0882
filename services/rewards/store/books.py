"""The daily seals of the books, and what a community owes its members."""

from collections.abc import AsyncIterator, Sequence
from datetime import date, datetime
from typing import NamedTuple

import asyncpg

from shared.postgres.connection import Connection

ROWS_AT_ONCE = 5_000

# Whom a transaction is of is not hashed: a member may be forgotten, and the books still fit. Texts end with a
# zero, which none of them can hold. Bytes cost a third of what the same values cost as text.
HASH = """
    sha256(uuid_send(t.id) || int8send(t.points) || int4send(t.rule_version)
        || timestamptz_send(t.occurred_at) || coalesce(uuid_send(t.reverses), ''::bytea)
        || textsend(t.community_id) || '\\x00'::bytea
        || textsend(t.kind) || '\\x00'::bytea || textsend(t.rule) || '\\x00'::bytea
        || textsend(t.cause_id) || '\\x00'::bytea || textsend(t.reason) || '\\x00'::bytea
        || int4send(length(t.fingerprint)) || t.fingerprint || coalesce(lines.listed, ''::bytea))
"""
LISTED = "string_agg(int8send(e.account_id) || int8send(e.amount), ''::bytea ORDER BY e.account_id)"
# A day has few transactions: each finds its entries through the accounts that it may touch.
DAY_HASHES = f"""
    SELECT t.id, {HASH} AS hash
    FROM transaction t CROSS JOIN LATERAL (
        SELECT {LISTED} AS listed
        FROM account a JOIN entry e ON e.account_id = a.id AND e.transaction_id = t.id
        WHERE a.community_id = t.community_id AND a.member_id IN ('', t.member_id)
    ) AS lines
    WHERE t.community_id = $1 AND t.recorded_at >= $2 AND t.recorded_at < $3
    ORDER BY t.id
"""  # noqa: S608 - constants
UNSEALED = """
    SELECT t.community_id, (t.recorded_at AT TIME ZONE 'UTC')::date AS day
    FROM transaction t
    WHERE t.recorded_at >= $1 AND t.recorded_at < $2
      AND NOT EXISTS (SELECT FROM seal s WHERE s.community_id = t.community_id
                      AND s.day = (t.recorded_at AT TIME ZONE 'UTC')::date)
    GROUP BY 1, 2 ORDER BY 2, 1 LIMIT $3
"""
LAST_SEALED = "SELECT max(day) FROM seal"
LAST_HASH = "SELECT hash FROM seal WHERE community_id = $1 ORDER BY day DESC LIMIT 1"
ADD_SEAL = """
    INSERT INTO seal (community_id, day, transactions, previous, hash) VALUES ($1, $2, $3, $4, $5)
    ON CONFLICT (community_id, day) DO NOTHING
"""
SEALS = """
    SELECT day, transactions, previous, hash, sealed_at FROM seal
    WHERE community_id = $1 AND ($2::date IS NULL OR day < $2) ORDER BY day DESC LIMIT $3
"""
ALL_SEALS = "SELECT day, transactions, previous, hash FROM seal WHERE community_id = $1 ORDER BY day"
LIABILITY = """
    SELECT kind, sum(balance)::bigint AS points, count(*) AS accounts FROM account
    WHERE community_id = $1 GROUP BY kind
"""


class Seal(NamedTuple):
    """The books of a community's day."""

    day: date
    transactions: int
    previous: bytes
    hash: bytes


async def day_hashes(
    connection: Connection, community_id: str, begins: datetime, ends: datetime
) -> AsyncIterator[bytes]:
    """A hash of each transaction recorded in a span, in order of their ids; inside a transaction."""
    async for row in connection.cursor(DAY_HASHES, community_id, begins, ends, prefetch=ROWS_AT_ONCE):
        yield row["hash"]


async def unsealed(
    connection: Connection, since: datetime, until: datetime, rows_max: int
) -> list[tuple[str, date]]:
    """Days with transactions and without a seal, oldest first."""
    return [(row[0], row[1]) for row in await connection.fetch(UNSEALED, since, until, rows_max)]


async def last_sealed(connection: Connection) -> date | None:
    """The newest day that any community's seal is of."""
    found: date | None = await connection.fetchval(LAST_SEALED)
    return found


async def last_hash(connection: Connection, community_id: str) -> bytes:
    """The newest seal's hash; empty before the first."""
    found: bytes | None = await connection.fetchval(LAST_HASH, community_id)
    return found or b""


async def add_seal(connection: Connection, community_id: str, seal: Seal) -> None:
    """Keep a day's seal; one that is there already stays."""
    await connection.execute(ADD_SEAL, community_id, *seal)


async def seals(
    connection: Connection, community_id: str, before: date | None, rows: int
) -> Sequence[asyncpg.Record]:
    """Seals before a day, newest first."""
    return await connection.fetch(SEALS, community_id, before, rows)


async def all_seals(connection: Connection, community_id: str) -> dict[date, Seal]:
    """Every seal by its day."""
    return {row["day"]: Seal(*row) for row in await connection.fetch(ALL_SEALS, community_id)}


async def liability(connection: Connection, community_id: str) -> dict[str, int]:
    """The sum of balances by kind of account."""
    return {row["kind"]: row["points"] for row in await connection.fetch(LIABILITY, community_id)}
