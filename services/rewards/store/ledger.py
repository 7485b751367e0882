"""The ledger: accounts, transactions and entries, written a batch at a time."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from types import MappingProxyType
from typing import NamedTuple

from services.rewards.domain.ledger import Entry, Movement, Owner
from shared.contracts.identity import milliseconds
from shared.postgres.connection import Connection

KNOWN_TRANSACTIONS = """
    SELECT known.id, known.fingerprint
    FROM unnest(string_to_array($1, ',')::uuid[]) AS wanted (id)
    CROSS JOIN LATERAL (SELECT * FROM transaction t WHERE t.id = wanted.id OFFSET 0) AS known
"""
# Whoever moves points locks the accounts first, in the order of their names: two that meet do not deadlock.
LOCK_ACCOUNTS = """
    SELECT known.community_id, known.member_id, known.kind, known.id, known.balance, known.earned
    FROM (SELECT * FROM unnest($1::text[], $2::text[]) AS w (community_id, member_id) ORDER BY 1, 2) AS wanted
    CROSS JOIN LATERAL (
        SELECT * FROM account a
        WHERE a.community_id = wanted.community_id AND a.member_id = wanted.member_id
        ORDER BY a.kind FOR UPDATE
    ) AS known
"""
OPEN_ACCOUNTS = """
    INSERT INTO account (community_id, member_id, kind)
    SELECT * FROM unnest($1::text[], $2::text[], $3::text[])
    ON CONFLICT (community_id, member_id, kind) DO NOTHING
"""
# The conditions repeat the table's own: a balance that moved under us is tried again, not taken for poison.
CHANGE_BALANCES = """
    UPDATE account SET balance = account.balance + change.amount, earned = account.earned + change.earned
    FROM unnest($1::bigint[], $2::bigint[], $3::bigint[]) AS change (account_id, amount, earned)
    WHERE account.id = change.account_id
      AND (account.kind IN ('issuer', 'debt') OR account.balance + change.amount >= 0)
      AND (account.kind <> 'debt' OR account.balance + change.amount <= 0)
"""
# A transaction's id begins with its time, so that the newest of a wallet says when it was last moved.
IDLE_WALLETS = """
    SELECT a.member_id, a.balance FROM account a
    WHERE a.community_id = $1 AND a.kind = 'wallet' AND a.balance > 0
      AND NOT EXISTS (SELECT FROM entry e WHERE e.account_id = a.id AND e.transaction_id >= $2::uuid)
    ORDER BY a.member_id
"""
AWARD_COLUMNS = (
    "id", "community_id", "member_id", "points", "rule", "rule_version", "cause_id", "fingerprint",
    "occurred_at",
)  # fmt: skip
OTHER_COLUMNS = (*AWARD_COLUMNS, "kind", "reverses", "reason")
ENTRY_COLUMNS = ("account_id", "transaction_id", "amount")


class BalanceMoved(Exception):
    """A balance changed although it was locked, or an account is gone: nothing was written; try again."""


class Account(NamedTuple):
    """An account as it was locked."""

    community_id: str
    member_id: str
    kind: str
    id: int
    balance: int
    earned: int = 0
    """Of a wallet: all that was ever earned, less what was taken back."""


async def known_transactions(connection: Connection, ids: Sequence[str]) -> dict[str, bytes]:
    """Those of the transactions that are in the ledger already, with their fingerprints."""
    return {str(row[0]): row[1] for row in await connection.fetch(KNOWN_TRANSACTIONS, ",".join(ids))}


async def lock_accounts(connection: Connection, owners: Collection[Owner]) -> list[Account]:
    """All accounts of these owners (the issuer's has no member id), locked."""
    columns = list(zip(*owners, strict=True)) or [(), ()]
    return [Account(*row) for row in await connection.fetch(LOCK_ACCOUNTS, *columns)]


async def open_accounts(connection: Connection, accounts: Collection[tuple[str, str, str]]) -> None:
    """Make accounts (community_id, member_id, kind) with nothing on them, where there are none."""
    await connection.execute(OPEN_ACCOUNTS, *zip(*sorted(accounts), strict=True))


async def idle_wallets(connection: Connection, community_id: str, before: datetime) -> list[tuple[str, int]]:
    """Members with points and no transaction since, and their points."""
    since = f"{milliseconds(before):012x}".ljust(32, "0")
    return [(row[0], row[1]) for row in await connection.fetch(IDLE_WALLETS, community_id, since)]


async def write_movements(
    connection: Connection,
    movements: Sequence[Movement],
    entries: Sequence[Entry],
    changes: Mapping[int, int],
    earned: Mapping[int, int] = MappingProxyType({}),
) -> None:
    """Append transactions with their entries and bring the balances along. Raises `BalanceMoved`.

    `earned`: what wallets earned and lost, by account.
    """
    moved = sorted({**dict.fromkeys(earned, 0), **changes}.items())
    status = await connection.execute(
        CHANGE_BALANCES,
        [account_id for account_id, _ in moved],
        [amount for _, amount in moved],
        [earned.get(account_id, 0) for account_id, _ in moved],
    )
    if status != f"UPDATE {len(moved)}":
        raise BalanceMoved(f"{len(moved)} balances were to change, the answer was {status}")
    # COPY, as these rows are never there before: half the time of an insert by unnest, on both ends
    await _append(connection, AWARD_COLUMNS, [_award(each) for each in movements if not _is_special(each)])
    others = [_other(each) for each in movements if _is_special(each)]
    await _append(connection, OTHER_COLUMNS, others)
    await connection.copy_records_to_table("entry", records=sorted(entries), columns=ENTRY_COLUMNS)


async def _append(
    connection: Connection, columns: Sequence[str], transactions: Sequence[tuple[object, ...]]
) -> None:
    if transactions:
        await connection.copy_records_to_table("transaction", records=transactions, columns=columns)


def _is_special(movement: Movement) -> bool:
    """Whether it is more than an award by a rule."""
    return bool(movement.does or movement.reverses or movement.reason)


def _award(movement: Movement) -> tuple[object, ...]:
    return (
        movement.transaction_id,
        movement.community_id,
        movement.member_id,
        movement.points,
        movement.rule,
        movement.rule_version,
        movement.cause_id,
        movement.fingerprint,
        movement.occurred_at,
    )


def _other(movement: Movement) -> tuple[object, ...]:
    return (*_award(movement), movement.kind, movement.reverses, movement.reason)
