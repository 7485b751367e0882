"""Questions (及时回复): noticed, answered from approved answers, passed on, measured."""

from collections.abc import AsyncIterator
from datetime import timedelta

import httpx
import pytest

from tests.engagement_world import MakeDatabase, World, client_of, engagement_world
from tests.laws.stories import NOON


@pytest.fixture
async def world(service_database: MakeDatabase) -> AsyncIterator[World]:
    async with engagement_world(await service_database("engagement")) as world:
        await world.profile(operators_channel_id="staff")
        yield world


@pytest.fixture
async def client(world: World) -> AsyncIterator[httpx.AsyncClient]:
    async with client_of(world) as client:
        yield client


async def test_a_question_and_its_first_answer_are_announced_with_the_wait(
    world: World, client: httpx.AsyncClient
) -> None:
    await world.say("请问明天几点集合？", NOON, "ann", message="q1")
    await world.say("我也想知道", NOON + timedelta(minutes=1), "ann")
    await world.say("八点", NOON + timedelta(minutes=5), "ben", reply_to="q1", reply_to_member="ann")
    await world.say("对，八点", NOON + timedelta(minutes=6), "cat", reply_to="q1", reply_to_member="ann")
    (fact,) = await world.told("question.answered")
    assert (fact["answered_by"], fact["waited_seconds"]) == ("ben", 300)
    assert [each["message_id"] for each in await world.told("question.asked")] == ["q1"]
    assert (await client.get("/questions/stats")).json() == {
        "asked": 1,
        "answered": 1,
        "median_seconds": 300.0,
    }


async def test_an_approved_answer_is_given_only_when_it_fits(world: World, client: httpx.AsyncClient) -> None:
    entry = {"question": "怎么修改群昵称？", "answer": "点右上角头像，选群昵称。"}
    assert (await client.put("/faq/nick", json=entry)).status_code == 200
    await world.say("群昵称怎么修改呀？", NOON, "ann")
    await world.say("明天下雨还去爬山吗？", NOON + timedelta(minutes=1), "ben")
    (given,) = await world.said("faq_answer")
    assert entry["answer"] in given["text"]
    assert [each["kind"] for each in await world.told("question.answered")] == ["faq"]
    assert (await client.delete("/faq/nick")).status_code == 204
    assert (await client.delete("/faq/nick")).status_code == 404


async def test_an_unanswered_question_goes_to_who_answered_before_and_then_to_an_operator(
    world: World,
) -> None:
    await world.say("请问茶会在哪里？", NOON, "ann", message="q1")
    await world.say("在湖边", NOON + timedelta(minutes=2), "ben", reply_to="q1")
    await world.say("请问要带杯子吗？", NOON + timedelta(minutes=10), "cat", message="q2")
    await world.advance(NOON + timedelta(minutes=39))
    assert await world.said("question_help") == []
    await world.advance(NOON + timedelta(minutes=61))
    (asked,) = await world.said("question_help")
    assert (asked["member_id"], "channel_id" in asked) == ("ben", False)
    assert await world.said("question_open") == []
    await world.advance(NOON + timedelta(hours=2))
    (told,) = await world.said("question_open")
    assert (told["channel_id"], "要带杯子" in told["text"]) == ("staff", True)


async def test_nobody_is_asked_about_a_question_that_was_answered_or_at_night(world: World) -> None:
    await world.say("有没有人知道怎么报名？", NOON, "ann", message="q1", thread="报名")
    await world.say("私信群主", NOON + timedelta(minutes=3), "ben", thread="报名")
    night = NOON + timedelta(hours=10, minutes=5)
    await world.say("请问还有人吗？", night, "cat")
    await world.advance(NOON + timedelta(hours=20))
    assert await world.said("question_help") + await world.said("question_open") == []
    await world.advance(NOON + timedelta(hours=22))
    assert len(await world.said("question_open")) == 1


async def test_a_history_asks_and_tells_the_same_however_it_is_cut(world: World) -> None:
    """What a batch brings behind a question's half hours is in the rows when they are looked at."""
    minutes = timedelta(minutes=1)
    history = [
        world.posted("请问茶会在哪里？", NOON, "ann", message="q1"),
        world.posted("在湖边", NOON + 2 * minutes, "ben", reply_to="q1"),
        world.posted("请问要带杯子吗？", NOON + 10 * minutes, "cat", message="q2"),
        world.posted("请问几点结束呀？", NOON + 31 * minutes, "dan", message="q3"),
        world.posted("五点", NOON + 70 * minutes, "eve", reply_to="q3"),
        world.posted("要的", NOON + 100 * minutes, "fay", reply_to="q2"),
        world.posted("请问下次是哪天？", NOON + 110 * minutes, "gus", message="q4"),
        world.posted("有人知道吗？", NOON + 600 * minutes, "gus", message="q5"),
        world.posted("下周", NOON + 1400 * minutes, "ben", reply_to="q4"),
        world.posted("早", NOON + 1900 * minutes, "ann"),
    ]
    told = []
    for places in ([], *([place] for place in range(1, len(history))), range(1, len(history))):
        async with world.bench.undone():
            for first, last in zip([0, *places], [*places, len(history)], strict=True):
                await world.take(history[first:last])
            state = await world.bench.state()
            told.append((state.tables, state.outbox, state.timers))
            helped = [(each["member_id"], each["time"]) for each in await world.said("question_help")]
            assert helped[0] == ("ben", NOON + 60 * minutes)
            assert [each["time"] for each in await world.said("question_open")]
    assert all(each == told[0] for each in told)
