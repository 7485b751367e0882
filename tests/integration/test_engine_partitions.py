"""Partitions of inbox and outbox are there before they are written, and go when their time is over."""

from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, date, datetime, timedelta

import asyncpg
import pytest

from shared.contracts.identity import event_id
from shared.engine.inbox import take_in
from shared.engine.partitions import Partitions, inbox_week
from shared.postgres.connection import Pool
from shared.postgres.pool import open_pool
from tests.servers import ServiceDatabase

WEEK = timedelta(days=7)
TODAY = datetime.now(UTC).date()
A_WEEK_BEGINS = datetime(2026, 3, 5, tzinfo=UTC)
"""Weeks are counted from 1970-01-01, a Thursday."""
INBOX = "SELECT relname FROM pg_class WHERE relname ~ '^inbox_w[0-9]+$' ORDER BY relname"
OUTBOX = "SELECT relname FROM pg_class WHERE relname ~ '^outbox_d[0-9]+$' ORDER BY relname"
ROW = """
    INSERT INTO outbox (lane, seq, day, event_id, topic, partition, key, headers, payload)
    VALUES (1, $1, $2, gen_random_uuid(), 't', 0, 'k', '', '')
"""


@pytest.fixture
async def database(service_database: Callable[[str], Awaitable[ServiceDatabase]]) -> ServiceDatabase:
    return await service_database("teahouse")


@pytest.fixture
async def pool(database: ServiceDatabase) -> AsyncIterator[Pool]:
    async with await open_pool(database.app_url, "test") as pool:
        yield pool


@pytest.fixture
async def owner(database: ServiceDatabase) -> AsyncIterator["asyncpg.Connection[asyncpg.Record]"]:
    connection = await asyncpg.connect(database.owner_url)
    yield connection
    await connection.close()


def spoken(moment: datetime, *parts: str) -> str:
    """The id of an event of this moment."""
    return event_id(moment, "spoken", *parts)


@pytest.mark.parametrize("seconds", range(-140, 141, 10))
async def test_a_single_event_near_the_end_of_a_week_has_its_partition(pool: Pool, seconds: int) -> None:
    identifier = spoken(A_WEEK_BEGINS + timedelta(seconds=seconds))
    await Partitions(pool).ensure([identifier], TODAY)
    async with pool.acquire() as connection:
        await take_in(connection, [identifier])
        assert await connection.fetchval("SELECT count(*) FROM inbox") == 1


async def test_weeks_go_when_they_are_old_and_were_not_written_for_long(
    pool: Pool, owner: "asyncpg.Connection[asyncpg.Record]"
) -> None:
    old, read_again, new = (spoken(datetime.now(UTC) - weeks * WEEK) for weeks in (30, 20, 0))
    partitions = Partitions(pool)
    await partitions.ensure([old, read_again, new], TODAY)
    await partitions.upkeep(5 * WEEK)
    everything = {row[0] for row in await pool.fetch(INBOX)}
    assert {f"inbox_w{inbox_week(each)}" for each in (old, read_again, new)} <= everything
    await owner.execute("UPDATE inbox_week SET written_at = now() - interval '6 weeks'")
    await partitions.ensure([read_again], TODAY)
    await partitions.upkeep(5 * WEEK)
    left = {row[0] for row in await pool.fetch(INBOX)}
    assert f"inbox_w{inbox_week(old)}" in everything - left
    assert {f"inbox_w{inbox_week(each)}" for each in (read_again, new)} <= left


async def test_days_of_the_outbox_go_when_they_are_over_and_sent(
    pool: Pool, owner: "asyncpg.Connection[asyncpg.Record]"
) -> None:
    sent, waits = [await a_past_day(owner, days, seq) for days, seq in ((9, 1), (8, 2))]
    await owner.execute("INSERT INTO outbox_cursor (lane, seq) VALUES (1, 1)")
    partitions = Partitions(pool)
    await partitions.ensure([], TODAY)
    await partitions.upkeep(5 * WEEK)
    left = {row[0] for row in await pool.fetch(OUTBOX)}
    assert sent not in left
    assert {waits, f"outbox_d{TODAY:%Y%m%d}", f"outbox_d{TODAY + timedelta(days=1):%Y%m%d}"} == left


async def a_past_day(owner: "asyncpg.Connection[asyncpg.Record]", days: int, seq: int) -> str:
    """A partition of a day that is over, with one row; its name."""
    day: date = TODAY - timedelta(days=days)
    name = f"outbox_d{day:%Y%m%d}"
    await owner.execute(f"CREATE TABLE {name} (LIKE outbox INCLUDING ALL)")
    span = f"FROM ('{day}') TO ('{day + timedelta(days=1)}')"
    await owner.execute(f"ALTER TABLE outbox ATTACH PARTITION {name} FOR VALUES {span}")
    await owner.execute(ROW, seq, day)
    return name
