"""Removals of messages that never came are forgotten in time, those of check-ins never."""

from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import asyncpg
import pytest

from services.engagement.consumers import routes
from services.engagement.handlers.keep_checkins import KeepCheckins
from services.engagement.timers import add_timers
from shared.contracts.chat import MessageDeleted
from shared.engine import DueTimer, Event, Timer, UnitOfWork
from shared.postgres.connection import Connection
from tests.builders import NOON, at, event, posted, profile
from tests.servers import ServiceDatabase

TABLE = add_timers(routes())
KEEP = next(each.handler for each in TABLE.routes if isinstance(each.handler, KeepCheckins))
FORGET = TABLE.timers["forget_verdicts"]
MakeDatabase = Callable[[str], Awaitable[ServiceDatabase]]


@pytest.fixture
async def connection(service_database: MakeDatabase) -> AsyncIterator[Connection]:
    """A session of the service's own role on a fresh database."""
    session = await asyncpg.connect((await service_database("engagement")).app_url)
    yield session
    await session.close()


def deleted(message: str, occurred_at: datetime, community: str = "tea") -> Event[Any]:
    return event(MessageDeleted(community_id=community, message_id=message, channel_id="hall"), occurred_at)


async def keep(connection: Connection, *batch: Event[Any]) -> list[Timer]:
    work = UnitOfWork(connection, now=NOON, source="/hearth/engagement")
    async with connection.transaction():
        await KEEP(batch, work)
    return list(work.timers_set.values())


async def fire(connection: Connection, *timers: Timer) -> None:
    due = [DueTimer(timer, timer.due_at, profile(timer.community_id)) for timer in timers]
    async with connection.transaction():
        await FORGET(due, UnitOfWork(connection, now=NOON, source="/hearth/engagement"))


async def remembered(connection: Connection) -> list[tuple[str, str]]:
    rows = await connection.fetch("SELECT community_id, message_id FROM message_verdict ORDER BY 1, 2")
    return [(row["community_id"], row["message_id"]) for row in rows]


async def test_a_due_timer_forgets_its_date_in_its_community_and_nothing_else(connection: Connection) -> None:
    (timer,) = await keep(connection, deleted("m1", at()))
    await keep(connection, deleted("m2", at(days=1)), deleted("m3", at(), "club"))
    await fire(connection, timer)
    assert await remembered(connection) == [("club", "m3"), ("tea", "m2")]


async def test_the_edges_of_a_utc_date_are_its_own(connection: Connection) -> None:
    midnight = datetime(2024, 3, 6, tzinfo=UTC)
    before, after = await keep(
        connection, deleted("m1", midnight - timedelta(microseconds=1)), deleted("m2", midnight)
    )
    assert (before.key, after.key) == ("2024-03-05", "2024-03-06")
    await fire(connection, before)
    assert await remembered(connection) == [("tea", "m2")]
    await fire(connection, after)
    assert await remembered(connection) == []


async def test_what_is_known_of_a_check_in_is_kept(connection: Connection) -> None:
    timers = await keep(connection, posted("打卡", message="m1"), deleted("m1", at(1)), deleted("m2", at(1)))
    await fire(connection, *timers)
    assert await remembered(connection) == [("tea", "m1")]
    assert await connection.fetchval("SELECT count(*) FROM checkin WHERE message_id IS NOT NULL") == 0


async def test_a_later_word_about_a_message_keeps_what_is_known_of_it_for_longer(
    connection: Connection,
) -> None:
    (first,) = await keep(connection, deleted("m1", at()))
    (second,) = await keep(connection, event(deleted("m1", at(-60)).data, at(-60), now=at(days=2)))
    await fire(connection, first)
    assert await remembered(connection) == [("tea", "m1")]
    await fire(connection, second)
    assert await remembered(connection) == []


async def test_several_timers_of_a_community_that_are_due_at_once_forget_up_to_the_last(
    connection: Connection,
) -> None:
    timers = await keep(connection, deleted("m1", at()), deleted("m2", at(days=3)), deleted("m3", at(days=9)))
    await fire(connection, *timers[:2])
    assert await remembered(connection) == [("tea", "m3")]
