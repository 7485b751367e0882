"""What people may ask of the ledger: balances, statements, and whether the books are right."""

from collections.abc import Sequence

import asyncpg

from shared.postgres.connection import Connection

BALANCES = """
    SELECT coalesce(sum(balance) FILTER (WHERE kind = 'wallet'), 0)::bigint AS balance,
           coalesce(-sum(balance) FILTER (WHERE kind = 'debt'), 0)::bigint AS debt,
           coalesce(sum(balance) FILTER (WHERE kind = 'pending'), 0)::bigint AS pending,
           coalesce(sum(balance) FILTER (WHERE kind = 'held'), 0)::bigint AS held
    FROM account WHERE community_id = $1 AND member_id = $2 AND member_id <> ''
"""
STATEMENT = """
    WITH line AS (
        SELECT entry.transaction_id,
               coalesce(sum(entry.amount) FILTER (WHERE account.kind = 'wallet'), 0)::bigint AS wallet,
               coalesce(sum(entry.amount) FILTER (WHERE account.kind = 'debt'), 0)::bigint AS debt,
               coalesce(sum(entry.amount) FILTER (WHERE account.kind = 'pending'), 0)::bigint AS pending,
               coalesce(sum(entry.amount) FILTER (WHERE account.kind = 'held'), 0)::bigint AS held
        FROM account CROSS JOIN LATERAL (
            SELECT * FROM entry e
            WHERE e.account_id = account.id AND ($3::uuid IS NULL OR e.transaction_id < $3)
            ORDER BY e.transaction_id DESC LIMIT $4
        ) AS entry
        WHERE account.community_id = $1 AND account.member_id = $2 AND account.member_id <> ''
        GROUP BY entry.transaction_id ORDER BY entry.transaction_id DESC LIMIT $4
    )
    SELECT transaction.id, transaction.kind, transaction.points, transaction.rule, transaction.rule_version,
           transaction.cause_id, transaction.reverses, transaction.reason, transaction.occurred_at,
           transaction.recorded_at, line.wallet, line.debt, line.pending, line.held
    FROM line JOIN transaction ON transaction.id = line.transaction_id
    ORDER BY line.transaction_id DESC
"""
# Reads all entries of the community.
CHECK = """
    WITH truth AS (
        SELECT account.id, account.member_id, account.kind, account.balance,
               coalesce(sum(entry.amount), 0) AS entered, count(entry.amount) AS entries
        FROM account LEFT JOIN entry ON entry.account_id = account.id
        WHERE account.community_id = $1
        GROUP BY account.id
    )
    SELECT count(*) AS accounts, coalesce(sum(entries), 0)::bigint AS entries,
           coalesce(sum(entered), 0)::bigint AS entries_sum,
           count(*) FILTER (WHERE balance <> entered) AS wrong_balances,
           coalesce(sum(entered) FILTER (WHERE member_id <> ''), 0)::bigint AS outstanding,
           (SELECT count(*) FROM truth wallet JOIN truth debt USING (member_id)
            WHERE wallet.kind = 'wallet' AND debt.kind = 'debt' AND wallet.balance > 0 AND debt.balance < 0
           ) AS unpaid_debts
    FROM truth
"""


async def balances(connection: Connection, community_id: str, member_id: str) -> asyncpg.Record:
    """`balance` and `debt` of a member, both zero or above; zero for whom never earned."""
    row = await connection.fetchrow(BALANCES, community_id, member_id)
    assert row is not None
    return row


async def statement(
    connection: Connection, community_id: str, member_id: str, before: str | None, rows: int
) -> Sequence[asyncpg.Record]:
    """Transactions of a member before one of them, newest first, with what each added to wallet and debt."""
    return await connection.fetch(STATEMENT, community_id, member_id, before, rows)


async def check(connection: Connection, community_id: str) -> asyncpg.Record:
    """Sums of the community's books, computed from its entries."""
    row = await connection.fetchrow(CHECK, community_id)
    assert row is not None
    return row
