"""The content calendar (内容规划), care, same city, best hour."""

from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import httpx
import pytest

from services.engagement.handlers.recurrence import BadRule, check, upcoming
from services.engagement.store import posts
from tests.engagement_world import MakeDatabase, World, client_of, engagement_world
from tests.laws.stories import COMMUNITY, HALL, NOON

SHANGHAI = ZoneInfo("Asia/Shanghai")


@pytest.fixture
async def world(service_database: MakeDatabase) -> AsyncIterator[World]:
    async with engagement_world(await service_database("engagement")) as world:
        yield world


@pytest.fixture
async def client(world: World) -> AsyncIterator[httpx.AsyncClient]:
    async with client_of(world) as client:
        yield client


async def draft(client: httpx.AsyncClient, **more: Any) -> httpx.Response:
    new = {
        "item_id": "morning", "theme": "早读", "channel_id": HALL, "text": "今天读什么？", "owner": "olga",
        "first_on": "2024-03-06", "at": "09:30", "recurrence": "FREQ=DAILY", **more,
    }  # fmt: skip
    return await client.post("/calendar", json=new)


async def test_a_plan_is_drafted_approved_and_said_again_and_again(
    world: World, client: httpx.AsyncClient
) -> None:
    assert (await draft(client)).json()["state"] == "draft"
    await world.advance(NOON + timedelta(days=2))
    assert await world.said("calendar") == []
    approved = await client.post("/calendar/morning/state", json={"state": "approved", "version": 1})
    assert approved.json()["next_at"] == "2024-03-08T01:30:00Z"
    await world.advance(NOON + timedelta(days=5))
    assert [each["time"].isoformat()[5:16] for each in await world.said("calendar")] == [
        "03-08T01:30", "03-09T01:30", "03-10T01:30",
    ]  # fmt: skip
    stopped = await client.post("/calendar/morning/state", json={"state": "stopped", "version": 2})
    assert stopped.json()["next_at"] is None
    await world.advance(NOON + timedelta(days=9))
    assert len(await world.said("calendar")) == 3


async def test_each_time_may_wait_for_a_person(world: World, client: httpx.AsyncClient) -> None:
    await draft(client, approve_each=True, recurrence="")
    await client.post("/calendar/morning/state", json={"state": "approved", "version": 1})
    await world.advance(NOON + timedelta(days=1))
    assert await world.said("calendar") == []
    (post,) = (await client.get("/posts", params={"state": "approval"})).json()["items"]
    refused = await client.post(f"/posts/{post['post_id']}/refuse", json={"reason": "换一个"})
    assert (refused.json()["state"], refused.json()["reason"]) == ("skipped", "换一个")


@pytest.mark.parametrize("is_live", [True, False])
async def test_a_plan_without_text_draws_a_topic_of_its_tag_and_its_yield_is_learned(
    world: World, client: httpx.AsyncClient, is_live: bool
) -> None:
    """Nobody of a history saw what was put: it teaches nothing."""
    topics = {"topics": [
        {"topic_id": "book", "text": "最近在读什么书？", "tags": ["书"]},
        {"topic_id": "food", "text": "晚饭吃什么？", "tags": ["吃"]},
    ]}  # fmt: skip
    assert (await client.post("/topics", json=topics)).json() == {"added": ["book", "food"]}
    assert (await client.post("/topics", json=topics)).json() == {"added": []}
    said_at = datetime(2024, 3, 6, 1, 30, tzinfo=UTC)
    if is_live:  # its time is tomorrow's then
        said_at = datetime.combine(datetime.now(UTC) + timedelta(days=1), said_at.timetz())
    await draft(client, text="", tag="书", recurrence="", first_on=f"{said_at:%F}")
    await client.post("/calendar/morning/state", json={"state": "approved", "version": 1})
    if is_live:
        await world.live(said_at)
        await world.tick(said_at + timedelta(seconds=1))
        world.bench.wall = said_at + timedelta(minutes=10)
    await world.say("在读红楼", said_at + timedelta(minutes=5), "ann")
    await world.say("我也是", said_at + timedelta(minutes=9), "ben")
    await (world.tick if is_live else world.advance)(said_at + timedelta(days=1))
    assert [each["text"] for each in await world.said("calendar")] == ["最近在读什么书？"]
    (seeded,) = await world.told("topic.seeded")
    assert (seeded["topic_id"], seeded["tags"]) == ("book", ["书"])
    (book,) = (await client.get("/topics", params={"tag": "书"})).json()["items"]
    learned = (1, 2, 2) if is_live else (0, 0, 0)
    assert (book["seeded"], book["answered"], book["replies"], book["members"]) == (1, *learned)
    best = (await client.get(f"/channels/{HALL}/best-hours")).json()["items"]
    assert best == ([{"hour": 9, "posts": 1, "answered": 1, "replies": 2}] if is_live else [])


async def answered(world: World, *rows: tuple[int, int, int]) -> None:
    """Hours with their posts and how many of these were answered."""
    await posts.add_answers(
        world.bench.connection, [(COMMUNITY, HALL, hour, said, heard, heard) for hour, said, heard in rows]
    )


async def test_a_plan_without_a_time_is_said_when_its_channel_answers_best_once_a_day(
    world: World, client: httpx.AsyncClient
) -> None:
    await answered(world, (10, 10, 8), (15, 10, 2), (3, 10, 10), (19, 4, 4))
    await draft(client, at=None)
    approved = await client.post("/calendar/morning/state", json={"state": "approved", "version": 1})
    assert approved.json()["next_at"] == "2024-03-06T02:00:00Z"
    await world.advance(NOON + timedelta(hours=20))
    await answered(world, (15, 90, 90))
    await world.advance(NOON + timedelta(days=4))
    said = [f"{each['time'].astimezone(SHANGHAI):%d %H}" for each in await world.said("calendar")]
    assert said == ["06 10", "07 15", "08 15"]


async def test_without_the_choice_or_anything_known_a_plan_is_said_in_the_evening(
    world: World, client: httpx.AsyncClient
) -> None:
    await answered(world, (10, 10, 8))
    changed = await client.patch("/choices", json={"version": 1, "reason": "总在晚上", "best_hour": False})
    assert changed.status_code == 200
    await draft(client, at=None, recurrence="")
    approved = await client.post("/calendar/morning/state", json={"state": "approved", "version": 1})
    assert approved.json()["next_at"] == "2024-03-06T12:00:00Z"


def test_a_weekly_plan_keeps_its_local_time_through_clock_changes() -> None:
    rule = ("FREQ=WEEKLY;BYDAY=SU", date(2024, 3, 3), time(10), datetime(2024, 3, 9, tzinfo=UTC))
    first = upcoming(*rule, "America/New_York")
    assert first == datetime(2024, 3, 10, 14, tzinfo=UTC)
    assert upcoming(*rule[:3], datetime(2024, 3, 4, tzinfo=UTC), "UTC") == datetime(
        2024, 3, 10, 10, tzinfo=UTC
    )
    skipped = upcoming(
        "FREQ=DAILY", date(2024, 3, 1), time(2, 30), datetime(2024, 3, 10, tzinfo=UTC), "America/New_York"
    )
    assert skipped == datetime(2024, 3, 10, 7, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    "rule", ["FREQ=SECONDLY", "FREQ=HOURLY", "nonsense", "FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30"]
)
async def test_a_rule_that_is_none_or_comes_too_often_is_refused(
    client: httpx.AsyncClient, rule: str
) -> None:
    with pytest.raises(BadRule):
        check(rule)
    answer = await draft(client, recurrence=rule)
    assert (answer.status_code, answer.json()["type"]) == (422, "urn:hearth:problem:recurrence-invalid")


async def test_a_plan_of_the_past_cannot_be_approved(client: httpx.AsyncClient) -> None:
    await draft(client, first_on="2024-01-01", recurrence="")
    answer = await client.post("/calendar/morning/state", json={"state": "approved", "version": 1})
    assert answer.json()["type"] == "urn:hearth:problem:calendar-over"


async def test_birthdays_by_both_calendars_are_congratulated_by_those_who_agreed(
    world: World, client: httpx.AsyncClient
) -> None:
    assert (
        await client.patch("/choices", json={"welcome_channel_id": HALL, "version": 1, "reason": "x"})
    ).is_success
    await world.say("生日 3-7", NOON, "ann")
    await world.say("生日 农历 1-28", NOON + timedelta(minutes=1), "ben")  # 2024-03-08
    await world.say("生日 3-7", NOON + timedelta(minutes=2), "cat")
    await world.say("不要祝福", NOON + timedelta(minutes=3), "cat")
    await world.say("生日 13-45", NOON + timedelta(minutes=4), "dan")
    assert "没看懂" in (await world.said("told_answer"))[-1]["text"]
    await world.advance(NOON + timedelta(days=6))
    words = [each["text"] for each in await world.said("care")]
    assert [("ann" in text, "ben" in text, "cat" in text) for text in words] == [
        (True, False, False), (False, True, False),
    ]  # fmt: skip


async def test_enough_members_in_one_city_suggest_to_meet(world: World, client: httpx.AsyncClient) -> None:
    await client.patch("/choices", json={"same_city_min": 3, "version": 1, "reason": "小群"})
    for number, city in enumerate(("杭州", "杭州市", "北京", " 杭州 ")):
        await world.say(f"城市 {city}", NOON + timedelta(minutes=number), f"u{number}")
    words = [each["text"] for each in await world.said("told_answer")]
    assert "线下聚会" in words[-1]
    assert not any("线下聚会" in text for text in words[:-1])
    assert (await client.get("/cities")).json()["items"][0] == {"city": "杭州", "members": 3}
