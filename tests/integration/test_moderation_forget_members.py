"""Forgetting on a real database: old windows and notes go, operators and what was decided stay."""

from collections.abc import AsyncIterator

import pytest

from services.moderation.app import routes
from services.moderation.handlers.forget_members import FORGET_MEMBERS, UNTOUCHED
from shared.contracts.chat import MessageDeleted
from shared.engine import DueTimer, Timer, UnitOfWork
from shared.postgres.pool import open_pool
from tests.builders import NOON, at, event, posted, profile
from tests.moderation_world import MakeDatabase, World

AD = "兼职日结，加微信 abc12345"


@pytest.fixture
async def world(service_database: MakeDatabase) -> AsyncIterator[World]:
    """ann said something, bob is an operator, cid advertised, a message was deleted."""
    pool = await open_pool((await service_database("moderation")).app_url, "test", size_min=1, size_max=1)
    async with pool.acquire() as connection:
        world = World(connection)
        await world.handle(
            posted("大家好"),
            posted("大家好", member="bob", member_roles=("operator",)),
            posted(AD, member="cid"),
            event(MessageDeleted(community_id="tea", channel_id="hall", message_id="x")),
        )
        yield world
    await pool.close()


async def forget(world: World, days_later: float) -> dict[str, Timer]:
    """The timer comes due when so much real time has passed; returns what timers it sets."""
    timer = world.timers["tea", "forget_members", "2024-03-11"]
    due = DueTimer(timer, at(days=days_later), profile())
    async with world.connection.transaction():
        work = UnitOfWork(world.connection, now=at(days=days_later), source="/hearth/moderation")
        await routes().timers[FORGET_MEMBERS]([due], work)
    return {each.community_id: each for each in work.timers_set.values()}


async def test_the_timer_is_set_for_the_next_monday(world: World) -> None:
    assert world.timers["tea", "forget_members", "2024-03-11"].due_at == NOON.replace(day=11, hour=0)


async def test_what_is_recent_stays_and_the_timer_comes_again(world: World) -> None:
    again = await forget(world, UNTOUCHED.days - 0.01)
    assert len(await world.rows("member_window")) == 3
    assert again["tea"].due_at >= world.timers["tea", "forget_members", "2024-03-11"].due_at


async def test_what_is_old_goes_but_operators_and_decisions_stay(world: World) -> None:
    again = await forget(world, UNTOUCHED.days + 0.01)
    assert {(row[1], row[2], row[5]) for row in await world.rows("member_window")} == {
        ("ann", "[]", False),
        ("bob", "[]", True),
        ("cid", "[]", False),
    }
    assert await world.rows("gone_message") == []
    assert len(await world.rows("removal")) == 1
    assert set(again) == {"tea"}  # the case's text is there for a while


async def test_what_was_written_in_a_case_is_forgotten_after_ninety_days(world: World) -> None:
    await forget(world, 82)
    assert AD in str(await world.rows("case_message"))
    again = await forget(world, 90)
    assert AD not in str(await world.rows("case_message"))
    assert len(await world.rows("case_message")) == 1
    assert again == {}


async def test_a_member_who_comes_back_sets_the_timer_again(world: World) -> None:
    await forget(world, UNTOUCHED.days + 0.01)
    await world.handle(posted("我回来了", at(days=9)), real_time=at(days=9))
    assert world.timers["tea", "forget_members", "2024-03-18"].due_at == NOON.replace(day=18, hour=0)
