"""Gatherings (活动预告、分享会): three announcements, RSVP and waiting list, moves, sessions."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from tests.engagement_world import MakeDatabase, World, client_of, engagement_world
from tests.laws.stories import HALL, NOON

STARTS = NOON + timedelta(days=3, hours=3)
"""2024-03-08 15:00 in Shanghai."""


@pytest.fixture
async def world(service_database: MakeDatabase) -> AsyncIterator[World]:
    async with engagement_world(await service_database("engagement")) as world:
        yield world


@pytest.fixture
async def client(world: World) -> AsyncIterator[httpx.AsyncClient]:
    async with client_of(world) as client:
        yield client


async def plan(client: httpx.AsyncClient, **more: Any) -> httpx.Response:
    new = {
        "event_id": "tea", "title": "茶会", "channel_id": HALL, "starts_at": STARTS.isoformat(),
        "ends_at": (STARTS + timedelta(hours=2)).isoformat(), **more,
    }  # fmt: skip
    return await client.post("/events", json=new)


async def announced(world: World) -> list[datetime]:
    return [each["time"] for each in await world.told("event.announced")]


async def test_it_is_announced_the_evening_before_half_a_day_and_an_hour_before(
    world: World, client: httpx.AsyncClient
) -> None:
    assert (await plan(client)).status_code == 201
    await world.advance(NOON + timedelta(days=5))
    eve = datetime(2024, 3, 7, 12, 0, tzinfo=UTC)
    assert await announced(world) == [eve, STARTS - timedelta(hours=12), STARTS - timedelta(hours=1)]
    # half a day before is three in the morning: what waits no longer than its sense is not said
    texts = [each["text"] for each in await world.said("announcement")]
    assert [text[:6] for text in texts] == ["【活动预告】", "【马上开始】"]


async def test_places_are_limited_and_the_first_who_waits_gets_a_free_one(
    world: World, client: httpx.AsyncClient
) -> None:
    await plan(client, capacity=2)
    for number, member in enumerate(("ann", "ben", "cat", "dan", "ann")):
        await world.say("报名 茶会", NOON + timedelta(minutes=number), member)
    await world.say("取消报名", NOON + timedelta(minutes=10), "ben")
    guests = (await client.get("/events/tea/guests")).json()["items"]
    assert {each["member_id"]: each["state"] for each in guests} == {
        "ann": "going", "ben": "away", "cat": "going", "dan": "waiting",
    }  # fmt: skip
    assert [each["member_id"] for each in await world.said("event_place")] == ["cat"]
    assert (await client.put("/events/tea/guests/ann", json={"comes": False})).status_code == 204
    assert [each["member_id"] for each in await world.said("event_place")] == ["cat", "dan"]
    await world.advance(STARTS - timedelta(minutes=30))
    assert [each["member_id"] for each in await world.said("event_reminder")] == ["cat", "dan"]


async def test_a_moved_event_is_announced_anew_and_a_cancelled_one_not_any_more(
    world: World, client: httpx.AsyncClient
) -> None:
    await plan(client)
    later = STARTS + timedelta(days=2)
    moved = {
        "starts_at": later.isoformat(), "ends_at": (later + timedelta(hours=1)).isoformat(), "version": 1,
    }  # fmt: skip
    assert (await client.post("/events/tea/move", json=moved)).json()["version"] == 2
    assert (await client.post("/events/tea/move", json=moved)).status_code == 409
    await world.advance(STARTS + timedelta(hours=1))
    assert await announced(world) == []
    await world.advance(later - timedelta(hours=6))
    assert len(await announced(world)) == 2
    assert (await client.post("/events/tea/cancel", json={"reason": "下雨"})).json()["state"] == "cancelled"
    await world.advance(later + timedelta(days=1))
    assert len(await announced(world)) == 2
    assert [each["reason"] for each in await world.told("event.cancelled")] == ["下雨"]
    assert [
        "改到" in each["text"] or "取消" in each["text"] for each in await world.said("announcement")
    ].count(True) == 2


async def test_a_session_opens_queues_questions_closes_and_moderation_is_told(
    world: World, client: httpx.AsyncClient
) -> None:
    await plan(client, is_session=True, host_id="hao", speaker_ids=["sue"])
    await world.say("提问 早到了能问吗", STARTS - timedelta(minutes=5), "ann")
    await world.say("提问 第一泡要倒掉吗", STARTS + timedelta(minutes=5), "ann")
    await world.say("提问 用什么水好", STARTS + timedelta(minutes=6), "ben")
    await world.say("听得很清楚", STARTS + timedelta(minutes=7), "cat")
    await world.advance(STARTS + timedelta(hours=3))
    (opened,) = await world.told("session.opened")
    assert (opened["channel_id"], opened["speaker_ids"], opened["time"]) == (HALL, ["sue"], STARTS)
    assert [each["time"] for each in await world.told("session.closed")] == [STARTS + timedelta(hours=2)]
    words = [each["text"] for each in await world.said("session")]
    assert ("开始啦" in words[0], "共收到 2 个提问" in words[1]) == (True, True)
    assert [each["text"][-4:] for each in (await client.get("/events/tea/questions")).json()["items"]] == [
        "要倒掉吗", "什么水好",
    ]  # fmt: skip
    assert [each["member_id"] for each in await world.said("event_recap")] == ["hao"]
    came = await world.told("event.attended")
    assert sorted(each["member_id"] for each in came) == ["ann", "ben", "cat"]


async def test_an_event_in_the_past_or_without_end_is_refused(client: httpx.AsyncClient) -> None:
    past = await plan(client, starts_at=(NOON - timedelta(days=1)).isoformat())
    assert (past.status_code, "已经过去" in past.json()["detail"]) == (422, True)
    assert (await plan(client, ends_at=(STARTS + timedelta(days=9)).isoformat())).status_code == 422
    assert (await plan(client)).status_code == 201
    assert (await plan(client)).status_code == 409
    assert (await client.post("/events/none/cancel", json={"reason": "x"})).status_code == 404
