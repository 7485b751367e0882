"""The books as they are recomputed from their entries: daily seals, and every difference."""

from collections.abc import AsyncIterator, Sequence
from datetime import date, datetime
from typing import NamedTuple

import asyncpg

from shared.postgres.connection import Connection

ROWS_AT_ONCE = 5_000
DAYS_AT_ONCE = 10
DIFFERENCES_MAX = 100

# Whom a transaction is of is not hashed: a member may be forgotten, and the books still fit.
_HASH = """
    sha256(convert_to(concat_ws('|', t.id, t.community_id, t.kind, t.points, t.rule, t.rule_version,
        t.cause_id,
        t.reverses, t.reason, encode(t.fingerprint, 'hex'), extract(epoch FROM t.occurred_at), lines.listed
    ), 'UTF8'))
"""
# A day has few transactions: each finds its entries through the accounts that it may touch.
DAY_HASHES = f"""
    SELECT t.id, {_HASH} AS hash
    FROM transaction t CROSS JOIN LATERAL (
        SELECT string_agg(a.id || ':' || e.amount, ',' ORDER BY a.id) AS listed
        FROM account a JOIN entry e ON e.account_id = a.id AND e.transaction_id = t.id
        WHERE a.community_id = t.community_id AND a.member_id IN ('', t.member_id)
    ) AS lines
    WHERE t.community_id = $1 AND t.recorded_at >= $2 AND t.recorded_at < $3
    ORDER BY t.id
"""  # noqa: S608 - constants
DAYS_OF_HASHES = f"""
    WITH lines AS (
        SELECT e.transaction_id, string_agg(e.account_id || ':' || e.amount,
            ',' ORDER BY e.account_id) AS listed,
               sum(e.amount)::bigint AS total, sum(greatest(e.amount, 0))::bigint AS moved
        FROM entry e JOIN account a ON a.id = e.account_id WHERE a.community_id = $1
        GROUP BY e.transaction_id
    )
    , hashed AS (
        SELECT (t.recorded_at AT TIME ZONE 'UTC')::date AS day, t.id, {_HASH} AS hash,
               (lines.total = 0 AND lines.moved = t.points) IS TRUE AS fits, lines.total, lines.moved,
                   t.points
        FROM transaction t LEFT JOIN lines ON lines.transaction_id = t.id
        WHERE t.community_id = $1
    )
    SELECT day, count(*) AS transactions, string_agg(hash, ''::bytea ORDER BY id) AS hashes,
           array_agg(id::text || ' ' || coalesce(total, 0) || ' ' || coalesce(moved,
               0) || ' ' || points ORDER BY id)
               FILTER (WHERE NOT fits) AS wrong
    FROM hashed GROUP BY day ORDER BY day
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
WRONG_BALANCES = """
    SELECT a.id, a.member_id, a.kind, a.balance, coalesce(sums.entered, 0)::bigint AS entered
    FROM account a LEFT JOIN (
        SELECT e.account_id, sum(e.amount) AS entered
        FROM entry e JOIN account b ON b.id = e.account_id WHERE b.community_id = $1 GROUP BY e.account_id
    ) AS sums ON sums.account_id = a.id
    WHERE a.community_id = $1 AND a.balance <> coalesce(sums.entered, 0) ORDER BY a.id LIMIT $2
"""
# What wallets earned is what awards gave and reversals took.
WRONG_EARNED = """
    SELECT a.member_id, a.earned, coalesce(sums.earned, 0)::bigint AS expected
    FROM account a LEFT JOIN (
        SELECT t.member_id, sum(CASE t.kind WHEN 'award' THEN t.points ELSE -t.points END) AS earned
        FROM transaction t WHERE t.community_id = $1 AND t.kind IN ('award', 'reversal') GROUP BY t.member_id
    ) AS sums ON sums.member_id = a.member_id
    WHERE a.community_id = $1 AND a.kind = 'wallet' AND a.earned <> coalesce(sums.earned, 0) LIMIT $2
"""
# What says that it is paid names an award that is in the books and was not taken back.
UNPAID_AWARDS = """
    SELECT paid.source, paid.member_id, paid.award_id FROM (
        SELECT 'message' AS source, member_id, award_id FROM message
        WHERE community_id = $1 AND award_id IS NOT NULL
        UNION ALL
        SELECT 'checkin', member_id, award_id FROM checkin WHERE community_id = $1 AND award_id IS NOT NULL
        UNION ALL
        SELECT rule, member_id, award_id FROM earning WHERE community_id = $1 AND award_id IS NOT NULL
        UNION ALL
        SELECT 'referral', inviter_id, award_id FROM referral WHERE community_id = $1 AND award_id IS NOT NULL
    ) AS paid
    WHERE NOT EXISTS (SELECT FROM transaction t WHERE t.id = paid.award_id)
       OR EXISTS (SELECT FROM transaction r WHERE r.reverses = paid.award_id)
    LIMIT $2
"""
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


async def days_of_hashes(connection: Connection, community_id: str) -> AsyncIterator[asyncpg.Record]:
    """By day of recording its transactions, their hashes in order of their ids in a row, and those whose
    entries do not fit (`id sum moved points`); inside a transaction.
    """
    async for row in connection.cursor(DAYS_OF_HASHES, community_id, prefetch=DAYS_AT_ONCE):
        yield row


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


async def wrong_balances(connection: Connection, community_id: str) -> Sequence[asyncpg.Record]:
    """Accounts whose balance is not the sum of their entries."""
    return await connection.fetch(WRONG_BALANCES, community_id, DIFFERENCES_MAX)


async def wrong_earned(connection: Connection, community_id: str) -> Sequence[asyncpg.Record]:
    """Wallets whose earned points are not what their transactions say."""
    return await connection.fetch(WRONG_EARNED, community_id, DIFFERENCES_MAX)


async def unpaid_awards(connection: Connection, community_id: str) -> Sequence[asyncpg.Record]:
    """What says that it is paid, and is not."""
    return await connection.fetch(UNPAID_AWARDS, community_id, DIFFERENCES_MAX)


async def liability(connection: Connection, community_id: str) -> dict[str, int]:
    """The sum of balances by kind of account."""
    return {row["kind"]: row["points"] for row in await connection.fetch(LIABILITY, community_id)}
