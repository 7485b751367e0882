"""Openers (抛砖引玉): volunteers are asked in private to open a discussion, in turn and seldom."""

import itertools
from collections.abc import AsyncIterator
from datetime import datetime, timedelta

import pytest

from shared.contracts.chat import MemberLeft
from tests.engagement_world import MakeDatabase, World, client_of, engagement_world
from tests.laws.stories import COMMUNITY, HALL, NOON

MIDNIGHT = NOON - timedelta(hours=12)


@pytest.fixture
async def world(service_database: MakeDatabase) -> AsyncIterator[World]:
    async with engagement_world(await service_database("engagement")) as world:
        async with client_of(world) as client:
            changed = {"holdout_share": 0, "version": 1, "reason": "全部暖场"}
            assert (await client.patch("/choices", json=changed)).status_code == 200
        yield world


async def mornings(world: World, first: int, days: int, until: int = 720) -> datetime:
    """People talk from ten until a minute of each day, the last of which ends in silence; returns when."""
    await world.take(
        [
            world.posted(f"{day} {minute}", MIDNIGHT + timedelta(days=day, minutes=minute), f"u{minute % 7}")
            for day in range(first, first + days)
            for minute in range(600, until if day == first + days - 1 else 1260, 10)
        ]
    )
    return MIDNIGHT + timedelta(days=first + days - 1, minutes=until)


async def asked(world: World) -> list[tuple[str, int]]:
    """Who was asked, and on which day."""
    return [(each["member_id"], (each["time"] - MIDNIGHT).days) for each in await world.said("opener")]


async def test_a_volunteer_is_asked_in_private_with_the_topic_that_was_put(world: World) -> None:
    await world.say("我来开场", NOON, "vera")
    silent = await mornings(world, 1, 10)
    assert await world.said("opener") == []
    await world.advance(silent + timedelta(hours=3))
    (put,) = await world.said("warmup")
    (private,) = await world.said("opener")
    assert private["member_id"] == "vera"
    assert private.get("channel_id") is None
    assert put["text"] in private["text"]
    assert put["channel_id"] == HALL


async def test_volunteers_take_turns_and_each_is_asked_once_a_week_at_most(world: World) -> None:
    for member in ("vera", "will"):
        await world.say("我来开场", NOON, member)
    await mornings(world, 1, 9)
    for day in range(10, 20):
        await world.advance(await mornings(world, day, 1) + timedelta(hours=6))
    told = await asked(world)
    assert len(await world.said("warmup")) > len(told) >= 3
    assert [member for member, _ in told[:2]] == ["vera", "will"]
    for member in ("vera", "will"):
        days = [day for name, day in told if name == member]
        assert all(later - earlier >= 7 for earlier, later in itertools.pairwise(days))


@pytest.mark.parametrize("how", ["says so", "leaves", "is switched off"])
async def test_nobody_is_asked_who_does_not_want_to_be(world: World, how: str) -> None:
    await world.say("我来开场", NOON, "vera")
    if how == "says so":
        await world.say("不开场了", NOON + timedelta(minutes=1), "vera")
    elif how == "leaves":
        await world.tell(MemberLeft(community_id=COMMUNITY, member_id="vera"), NOON + timedelta(minutes=1))
    else:
        async with client_of(world) as client:
            off = {"openers_on": False, "version": 2, "reason": "不打扰"}
            assert (await client.patch("/choices", json=off)).status_code == 200
    await world.advance(await mornings(world, 1, 10) + timedelta(hours=3))
    assert len(await world.said("warmup")) == 1
    assert await world.said("opener") == []
