"""Newcomers (新人): greeting, introduction, answers, the first seven days."""

from collections import Counter
from collections.abc import AsyncIterator
from datetime import datetime, timedelta

import httpx
import pytest

from shared.contracts.chat import MemberJoined, MemberLeft
from shared.contracts.moderation import JoinWaveNoticed
from tests.engagement_world import MakeDatabase, World, client_of, engagement_world
from tests.laws.stories import COMMUNITY, HALL, NOON, sample

INTRODUCTION = "昵称：小王\n城市：杭州\n爱好：登山、茶"


@pytest.fixture
async def world(service_database: MakeDatabase) -> AsyncIterator[World]:
    async with engagement_world(await service_database("engagement")) as world:
        await world.profile(operators_channel_id="staff")
        yield world


@pytest.fixture
async def client(world: World) -> AsyncIterator[httpx.AsyncClient]:
    async with client_of(world) as client:
        yield client


async def join(world: World, at: datetime, *members: str) -> None:
    await world.take(
        [
            sample(
                MemberJoined(
                    community_id=COMMUNITY, member_id=each, member_name=each.title(), channel_id=HALL
                ),
                at + timedelta(seconds=n), "/test",
            )
            for n, each in enumerate(members)
        ]
    )  # fmt: skip


async def test_newcomers_who_join_together_are_greeted_together(world: World) -> None:
    await join(world, NOON, "ann", "ben")
    await world.advance(NOON + timedelta(minutes=4))
    assert await world.said("welcome") == []
    await world.advance(NOON + timedelta(minutes=6))
    (greeting,) = await world.said("welcome")
    assert greeting["text"].startswith("欢迎新朋友 Ann、Ben")
    assert "城市：" in greeting["text"]
    assert greeting["channel_id"] == HALL


async def test_who_leaves_before_the_greeting_is_not_greeted(world: World) -> None:
    await join(world, NOON, "ann")
    await world.tell(MemberLeft(community_id=COMMUNITY, member_id="ann"), NOON + timedelta(minutes=1))
    await world.advance(NOON + timedelta(minutes=10))
    assert await world.said("welcome") == []


async def test_greetings_pause_in_a_raid_and_are_said_once_without_names(world: World) -> None:
    wave = JoinWaveNoticed(
        community_id=COMMUNITY, wave_id="w", scale="burst", joins=30, window_seconds=60,
        until=NOON + timedelta(hours=1),
    )  # fmt: skip
    await join(world, NOON, "ann", "ben", "cat")
    await world.tell(wave, NOON + timedelta(minutes=1))
    await world.advance(NOON + timedelta(minutes=59))
    assert await world.said("welcome") == []
    await world.advance(NOON + timedelta(hours=2))
    (greeting,) = await world.said("welcome")
    assert greeting["text"].startswith("欢迎新来的 3 位朋友")


async def test_at_night_nobody_is_greeted_before_the_morning(world: World) -> None:
    night = NOON + timedelta(hours=11)
    await join(world, night, "ann")
    await world.advance(NOON + timedelta(hours=20))
    assert await world.said("welcome") == []
    await world.advance(NOON + timedelta(hours=21, minutes=1))
    assert len(await world.said("welcome")) == 1


async def test_an_introduction_is_recognised_thanked_and_similar_members_are_named(world: World) -> None:
    await join(world, NOON, "ann", "ben")
    await world.say("大家好", NOON + timedelta(minutes=7), "ann")
    await world.say(INTRODUCTION, NOON + timedelta(minutes=8), "ann")
    await world.say("我叫阿本，新来的，请多关照！", NOON + timedelta(minutes=9), "ben")
    await join(world, NOON + timedelta(minutes=20), "cat")
    await world.say("昵称：小陈\n城市：杭州\n爱好：摄影", NOON + timedelta(minutes=30), "cat")
    facts = await world.told("introduction.completed")
    assert [each["member_id"] for each in facts] == ["ann", "ben", "cat"]
    thanks = [each["text"] for each in await world.said("introduction_answer")]
    assert thanks[0] == "谢谢介绍，很高兴认识你！"
    assert "Ann" in thanks[2]
    assert "杭州" in thanks[2]


async def test_an_introduction_without_an_answer_in_two_hours_is_told_to_operators_once(world: World) -> None:
    await join(world, NOON, "ann", "ben")
    await world.say(INTRODUCTION, NOON + timedelta(minutes=8), "ann")
    await world.say(INTRODUCTION, NOON + timedelta(minutes=9), "ben")
    await world.say("欢迎阿本！", NOON + timedelta(hours=1), "old", reply_to_member="ben")
    await world.advance(NOON + timedelta(hours=2, minutes=7))
    assert await world.said("introduction_unanswered") == []
    await world.advance(NOON + timedelta(hours=9))
    (alert,) = await world.said("introduction_unanswered")
    assert alert["channel_id"] == "staff"
    assert "Ann" in alert["text"]


async def test_the_first_seven_days_are_tracked(world: World, client: httpx.AsyncClient) -> None:
    await join(world, NOON, "ann")
    await world.say(INTRODUCTION, NOON + timedelta(minutes=8), "ann")
    await world.say("@ann 你好呀", NOON + timedelta(minutes=20), "old", mentions=("ann",))
    await world.say("早上好", NOON + timedelta(days=1), "ann")
    (journey,) = (await client.get("/newcomers")).json()["items"]
    assert journey["welcomed_at"] == "2024-03-05T04:05:00Z"
    assert journey["introduced_at"] == "2024-03-05T04:08:00Z"
    assert journey["answered_at"] == "2024-03-05T04:20:00Z"
    assert journey["came_back_on"] == "2024-03-06"


async def test_a_member_of_long_ago_does_not_introduce_themselves(world: World) -> None:
    await join(world, NOON, "ann")
    await world.say(INTRODUCTION, NOON + timedelta(days=8), "ann")
    assert await world.told("introduction.completed") == []


async def test_a_history_of_many_joins_is_heard_a_few_times_at_most(world: World) -> None:
    """Each asks for a greeting inside the batch's own span, before which nobody who comes later was heard."""
    history = [
        sample(
            MemberJoined(community_id=COMMUNITY, member_id=f"n{hour}", channel_id=HALL),
            NOON + timedelta(hours=hour), "/test",
        )
        for hour in range(200)
    ]  # fmt: skip
    world.bench.calls.events.clear()
    await world.take(history)
    welcomed = await world.said("welcome")
    assert len(welcomed) > 50
    handled = Counter(world.bench.calls.events)
    assert handled.keys() >= {each.event_id for each in history}
    assert handled.total() < 40 * len(history)
