"""Reads all of a community's books, in slices that several connections take at the same time."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import NamedTuple
from uuid import UUID

import asyncpg

from services.rewards.store.books import HASH, LISTED
from shared.postgres.connection import Connection

DIFFERENCES_MAX = 100
SECONDS_MAX = 900.0
# It reads whole tables, for as long as that takes; it locks nothing that anybody waits for.
AT_LEISURE = f"""
    SELECT set_config(name, value, true) FROM (VALUES
        ('statement_timeout', '{SECONDS_MAX:.0f}s'),
        ('idle_in_transaction_session_timeout', '{SECONDS_MAX:.0f}s'),
        ('enable_seqscan', 'on'), ('work_mem', '64MB')
    ) AS setting (name, value)
"""  # noqa: S608 - constants
SNAPSHOT = "SELECT pg_export_snapshot()"
END_OF_SLICE = "SELECT id FROM transaction WHERE id > $1 ORDER BY id OFFSET $2 LIMIT 1"
# The key of the entries begins with the account, so a slice is a short way along each account's entries; it
# is sorted in memory, which all of the books at once are not.
SLICE = f"""
    WITH lines AS (
        SELECT e.transaction_id, {LISTED} AS listed, sum(e.amount)::bigint AS total,
               sum(greatest(e.amount, 0))::bigint AS moved
        FROM account a CROSS JOIN LATERAL (
            SELECT * FROM entry e
            WHERE e.account_id = a.id AND e.transaction_id > $2 AND e.transaction_id <= $3 OFFSET 0
        ) AS e
        WHERE a.community_id = $1
        GROUP BY e.transaction_id
    )
    , hashed AS (
        SELECT (t.recorded_at AT TIME ZONE 'UTC')::date AS day, coalesce(t.id, lines.transaction_id) AS id,
               {HASH} AS hash, (lines.total = 0 AND lines.moved = t.points) IS TRUE AS fits,
               coalesce(lines.total, 0) AS total, coalesce(lines.moved, 0) AS moved,
               coalesce(t.points, 0) AS points
        FROM (SELECT * FROM transaction WHERE community_id = $1 AND id > $2 AND id <= $3) AS t
        FULL JOIN lines ON lines.transaction_id = t.id
    )
    SELECT day, count(day) AS transactions, string_agg(hash, ''::bytea ORDER BY id) AS hashes,
           array_agg(id || ' ' || total || ' ' || moved || ' ' || points ORDER BY id)
               FILTER (WHERE NOT fits) AS wrong
    FROM hashed GROUP BY day ORDER BY day
"""  # noqa: S608 - constants
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
FIRST, LAST = UUID(int=0), UUID(int=2**128 - 1)


class Slice(NamedTuple):
    """Transactions by their ids: behind the first, up to the last."""

    after: UUID
    upto: UUID


@asynccontextmanager
async def reading(connection: Connection, snapshot: str | None = None) -> AsyncIterator[str]:
    """A long look at one state, that of `snapshot` where one is given; gives a snapshot for others."""
    async with connection.transaction(isolation="repeatable_read", readonly=True):
        if snapshot is not None:
            await connection.execute(f"SET TRANSACTION SNAPSHOT '{snapshot}'")
        await connection.execute(AT_LEISURE)
        yield await connection.fetchval(SNAPSHOT) if snapshot is None else snapshot


async def slices(connection: Connection, transactions: int) -> AsyncIterator[Slice]:
    """All of the books, in order, so many transactions at a time."""
    after = FIRST
    while end := await connection.fetchval(END_OF_SLICE, after, transactions - 1, timeout=SECONDS_MAX):
        yield Slice(after, end)
        after = end
    yield Slice(after, LAST)


async def days_of_slice(connection: Connection, community_id: str, part: Slice) -> Sequence[asyncpg.Record]:
    """By day of recording its transactions, their hashes in order of their ids in a row, and those whose
    entries do not fit (`id sum moved points`); entries without a transaction are of no day.
    """
    return await connection.fetch(SLICE, community_id, *part, timeout=SECONDS_MAX)


async def wrong_balances(connection: Connection, community_id: str) -> Sequence[asyncpg.Record]:
    """Accounts whose balance is not the sum of their entries."""
    return await connection.fetch(WRONG_BALANCES, community_id, DIFFERENCES_MAX, timeout=SECONDS_MAX)


async def wrong_earned(connection: Connection, community_id: str) -> Sequence[asyncpg.Record]:
    """Wallets whose earned points are not what their transactions say."""
    return await connection.fetch(WRONG_EARNED, community_id, DIFFERENCES_MAX, timeout=SECONDS_MAX)


async def unpaid_awards(connection: Connection, community_id: str) -> Sequence[asyncpg.Record]:
    """What says that it is paid, and is not."""
    return await connection.fetch(UNPAID_AWARDS, community_id, DIFFERENCES_MAX, timeout=SECONDS_MAX)
