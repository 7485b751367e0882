"""The database itself keeps the books: nothing unbalanced, nothing changed, nothing reversed twice."""

import uuid
from collections.abc import AsyncIterator, Awaitable, Callable

import asyncpg
import pytest

from services.rewards.handlers import posting
from services.rewards.store.ledger import BalanceMoved, write_movements
from shared.engine import Poison, UnitOfWork
from shared.engine.errors import is_poison
from shared.postgres.connection import Connection
from tests.builders import NOON, posted
from tests.rewards_world import SOURCE, World, connected, removed
from tests.servers import ServiceDatabase

CHAT = "今天的茶很好喝"
HEADER = """
    INSERT INTO transaction (id, community_id, member_id, kind, points, rule, rule_version, cause_id,
                             reverses, fingerprint, occurred_at)
    VALUES ($1, $2, 'ann', $3, 2, 'message', 1, 'cause', $4, '', now())
"""
ENTRIES = """
    INSERT INTO entry (account_id, transaction_id, amount)
    SELECT * FROM unnest($1::bigint[], $2::uuid[], $3::bigint[])
"""
HIDDEN = "WITH hidden AS (INSERT INTO entry VALUES ($1, $2, 1) {} RETURNING 1) SELECT 1"
CHANGED = {"entry": "amount", "transaction": "points", "month_result": "candidates", "month_winner": "score"}
Line = tuple[int, int]
"""account id, amount"""


@pytest.fixture
async def database(service_database: Callable[[str], Awaitable[ServiceDatabase]]) -> ServiceDatabase:
    return await service_database("rewards")


@pytest.fixture
async def world(database: ServiceDatabase) -> AsyncIterator[World]:
    async with connected(database) as connection:
        yield World(connection)


@pytest.fixture
async def accounts(world: World) -> dict[str, int]:
    """Ann has 2 points in tea and in mokka, and ben in tea: ids by community and kind."""
    await world.tell(posted(CHAT), posted(CHAT, member="ben"), posted(CHAT, community="mokka"))
    rows = await world.connection.fetch("SELECT id, community_id, member_id, kind FROM account")
    return {
        f"{row['community_id']} {row['kind']}" + (" of ben" if row["member_id"] == "ben" else ""): row["id"]
        for row in rows
    }


async def header(
    connection: Connection, community: str = "tea", reverses: uuid.UUID | None = None
) -> uuid.UUID:
    identifier = uuid.uuid4()
    await connection.execute(HEADER, identifier, community, "reversal" if reverses else "award", reverses)
    return identifier


async def enter(connection: Connection, transaction: uuid.UUID, lines: list[Line]) -> None:
    await connection.execute(
        ENTRIES, [line[0] for line in lines], [transaction] * len(lines), [line[1] for line in lines]
    )


async def write(connection: Connection, *statements: list[Line]) -> None:
    """A new transaction of tea whose lines come in these statements."""
    async with connection.transaction():
        transaction = await header(connection)
        for lines in statements:
            await enter(connection, transaction, lines)


async def write_two_at_once(connection: Connection, first: list[Line], second: list[Line]) -> None:
    """Two new transactions whose lines come in one statement."""
    async with connection.transaction():
        transactions = [await header(connection)] * len(first) + [await header(connection)] * len(second)
        lines = first + second
        await connection.execute(ENTRIES, [line[0] for line in lines], transactions, [n for _, n in lines])


async def copy(connection: Connection, lines: list[Line]) -> None:
    """A new transaction whose lines come by COPY."""
    async with connection.transaction():
        transaction = await header(connection)
        records = [(account, transaction, amount) for account, amount in lines]
        await connection.copy_records_to_table("entry", records=records)


async def hide(connection: Connection, account: int, clause: str) -> None:
    """A new transaction with one line, inside a query."""
    async with connection.transaction():
        await connection.execute(HIDDEN.format(clause), account, await header(connection))


async def test_balanced_entries_of_a_new_transaction_are_taken(
    world: World, accounts: dict[str, int]
) -> None:
    await write(world.connection, [(accounts["tea issuer"], -2), (accounts["tea wallet"], 2)])


async def test_entries_that_do_not_sum_to_zero_are_refused(world: World, accounts: dict[str, int]) -> None:
    with pytest.raises(asyncpg.CheckViolationError, match="sum to zero") as refusal:
        await write(world.connection, [(accounts["tea issuer"], -2), (accounts["tea wallet"], 3)])
    assert is_poison(refusal.value)


async def test_two_unbalanced_transactions_do_not_balance_each_other(
    world: World, accounts: dict[str, int]
) -> None:
    issuer, wallet = accounts["tea issuer"], accounts["tea wallet"]
    with pytest.raises(asyncpg.CheckViolationError):
        await write_two_at_once(world.connection, [(issuer, -2), (wallet, 1)], [(issuer, -2), (wallet, 3)])


async def test_halves_of_a_transaction_in_two_statements_are_refused(
    world: World, accounts: dict[str, int]
) -> None:
    with pytest.raises(asyncpg.CheckViolationError):
        await write(world.connection, [(accounts["tea issuer"], -2)], [(accounts["tea wallet"], 2)])


async def test_an_unbalanced_copy_is_refused(world: World, accounts: dict[str, int]) -> None:
    with pytest.raises(asyncpg.CheckViolationError):
        await copy(world.connection, [(accounts["tea wallet"], 5)])


@pytest.mark.parametrize("clause", ["", "ON CONFLICT DO NOTHING"])
async def test_an_unbalanced_insert_inside_a_query_is_refused(
    world: World, accounts: dict[str, int], clause: str
) -> None:
    with pytest.raises(asyncpg.CheckViolationError):
        await hide(world.connection, accounts["tea wallet"], clause)


async def test_nothing_is_added_to_a_transaction_of_the_past(world: World, accounts: dict[str, int]) -> None:
    transaction = await header(world.connection)
    with pytest.raises(asyncpg.CheckViolationError):
        await enter(
            world.connection, transaction, [(accounts["tea issuer"], -2), (accounts["tea wallet"], 2)]
        )


async def test_entries_without_a_transaction_are_refused(world: World, accounts: dict[str, int]) -> None:
    with pytest.raises(asyncpg.CheckViolationError):
        await enter(
            world.connection, uuid.uuid4(), [(accounts["tea issuer"], -2), (accounts["tea wallet"], 2)]
        )


@pytest.mark.parametrize("stranger", ["mokka wallet", "tea wallet of ben"])
async def test_points_move_only_between_the_issuer_and_the_member_of_a_transaction(
    world: World, accounts: dict[str, int], stranger: str
) -> None:
    with pytest.raises(asyncpg.CheckViolationError):
        await write(world.connection, [(accounts["tea issuer"], -2), (accounts[stranger], 2)])


@pytest.mark.parametrize("table", ["entry", "transaction", "month_result", "month_winner"])
@pytest.mark.parametrize("act", ["DELETE FROM {}", "UPDATE {} SET {} = {}", "TRUNCATE {} CASCADE"])
async def test_neither_the_service_nor_the_owner_can_change_what_is_written(
    world: World, database: ServiceDatabase, table: str, act: str
) -> None:
    statement = act.format(table, CHANGED[table], CHANGED[table])
    with pytest.raises(asyncpg.InsufficientPrivilegeError, match="permission denied"):
        await world.connection.execute(statement)
    owner = await asyncpg.connect(database.owner_url)
    try:
        with pytest.raises(asyncpg.InsufficientPrivilegeError, match="append-only"):
            await owner.execute(statement)
    finally:
        await owner.close()


async def test_the_service_can_change_a_balance_and_nothing_else_of_an_account(
    world: World, accounts: dict[str, int]
) -> None:
    for statement in ("UPDATE account SET kind = 'debt'", "DELETE FROM account"):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await world.connection.execute(statement)


async def test_a_wallet_below_zero_and_a_debt_above_it_are_refused(
    world: World, accounts: dict[str, int]
) -> None:
    for kind, balance in (("wallet", -1), ("debt", 1)):
        with pytest.raises(asyncpg.CheckViolationError):
            await world.connection.execute(
                "UPDATE account SET balance = $1 WHERE id = $2", balance, accounts[f"tea {kind}"]
            )


async def test_a_transaction_is_reversed_once(world: World, accounts: dict[str, int]) -> None:
    award = await world.connection.fetchval("SELECT id FROM transaction LIMIT 1")
    await header(world.connection, reverses=award)
    with pytest.raises(asyncpg.UniqueViolationError, match="a_transaction_is_reversed_once"):
        await header(world.connection, reverses=award)


async def test_a_balance_that_is_too_small_by_now_is_tried_again_and_is_no_poison(
    world: World, accounts: dict[str, int]
) -> None:
    changes = {accounts["tea wallet"]: -3, accounts["tea issuer"]: 3}
    with pytest.raises(BalanceMoved) as moved:
        await write_movements(world.connection, [], [], changes)
    assert not is_poison(moved.value)


async def test_the_ledger_pays_a_cause_once_even_when_the_message_is_forgotten(
    world: World, database: ServiceDatabase
) -> None:
    message = posted(CHAT)
    await world.tell(message)
    await world.connection.execute("DELETE FROM message")
    await world.connection.execute("DELETE FROM member_day")
    await world.tell(message)
    assert await world.purse() == (2, 0)
    assert await world.books_are_right()


async def test_an_id_that_stands_for_something_else_is_poison(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    await world.tell(posted(CHAT))
    known = await world.connection.fetchval("SELECT id::text FROM transaction")
    monkeypatch.setattr("services.rewards.handlers.message_desk.award_id", lambda *_: known)
    with pytest.raises(Poison, match="another fingerprint"):
        await world.tell(posted(CHAT, member="ben"))
    assert await world.purse("ben") == (0, 0)


async def test_nothing_to_post_asks_the_database_nothing(world: World) -> None:
    await world.connection.close()
    await posting.post(UnitOfWork(connection=world.connection, now=NOON, source=SOURCE), [])


async def test_a_removal_writes_a_transaction_that_names_what_it_reverses(world: World) -> None:
    message = posted(CHAT)
    await world.tell(message, removed(message))
    award, reversal = await world.connection.fetch("SELECT * FROM transaction ORDER BY occurred_at")
    assert (award["kind"], award["points"], award["cause_id"]) == ("award", 2, message.id)
    assert (reversal["kind"], reversal["reverses"], reversal["reason"]) == (
        "reversal",
        award["id"],
        "message_removed",
    )
