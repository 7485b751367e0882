"""Rule reminders (强调群规) on a real database: which evenings, which rule, which channel."""

from collections.abc import AsyncIterator
from datetime import datetime, time, timedelta
from itertools import pairwise
from typing import Any

import httpx
import pytest
from pydantic import SecretStr

from services.moderation import api
from services.moderation.handlers.remind_of_rules import RULE_REMINDER
from shared.contracts.profiles import Channel, CommunityProfile
from shared.http.application import guarded_application, include_guarded
from shared.postgres.connection import Pool
from shared.postgres.pool import open_pool
from tests.builders import at, posted, profile
from tests.moderation_world import MakeDatabase, World

TOKEN = "a-token-for-these-tests"
AD = "兼职日结，加 微 信 abc12345"
OPERATOR = {"X-Operator": "chief"}


@pytest.fixture
async def pool(service_database: MakeDatabase) -> AsyncIterator[Pool]:
    """A fresh database."""
    opened = await open_pool((await service_database("moderation")).app_url, "test", size_min=1, size_max=2)
    yield opened
    await opened.close()


@pytest.fixture
async def world(pool: Pool) -> AsyncIterator[World]:
    """Moderation on it."""
    async with pool.acquire() as connection:
        yield World(connection)


@pytest.fixture
async def client(pool: Pool) -> AsyncIterator[httpx.AsyncClient]:
    """Asks the routes with the token."""
    app = guarded_application("moderation", SecretStr(TOKEN))
    include_guarded(app, api.router(pool))
    headers = {"authorization": f"Bearer {TOKEN}", **OPERATOR}
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(app), base_url="http://test/v1", headers=headers
    ) as asking:
        yield asking


def evening(days: int) -> datetime:
    """20:00 in Shanghai, days after a Tuesday."""
    return at(hours=8, days=days)


async def spend(world: World, days: int, about: CommunityProfile | None = None, **fields: Any) -> None:
    """One message each noon, and each evening its timer."""
    for day in range(days):
        await world.handle(posted(f"第 {day} 天的午饭真不错", at(days=day), **fields))
        await world.fire(RULE_REMINDER, evening(day), about=about)


async def pass_evenings(world: World, first: int, last: int) -> None:
    """Each evening in its time."""
    for day in range(first, last + 1):
        await world.fire(RULE_REMINDER, evening(day))


def reminders(world: World) -> list[dict[str, Any]]:
    return [each for each in world.told("send_message") if each["purpose"] == "rule_reminder"]


async def break_rule(world: World, count: int, day: float) -> None:
    """Ads by as many members."""
    await world.handle(
        *(posted(AD, at(days=day, minutes=n), member=f"m{day}-{n}", message=f"ad{day}-{n}")
          for n in range(count))
    )  # fmt: skip


async def test_rule_reminders_come_three_evenings_a_week_in_changing_words(world: World) -> None:
    await spend(world, 14)
    told = reminders(world)
    assert [each["time"] for each in told] == [evening(day) for day in (0, 2, 4, 7, 9, 11)]
    assert all(one["text"] != other["text"] for one, other in pairwise(told))
    assert len({each["text"][:6] for each in told}) >= 4


async def test_it_names_the_rule_broken_most_lately(world: World) -> None:
    await world.handle(*(posted("哈" * 10_001, at(n), member=f"w{n}") for n in range(1)))
    await break_rule(world, 3, 0.1)
    await world.fire(RULE_REMINDER, evening(0))
    (told,) = reminders(world)
    assert "禁止广告与站外引流" in told["text"]
    assert told["channel_id"] == "hall"


async def test_what_was_broken_longer_than_a_week_ago_does_not_count(world: World) -> None:
    await break_rule(world, 3, 0)
    await world.fire(RULE_REMINDER, evening(0))
    await world.handle(posted("哈" * 10_001, at(days=8)), posted("晚上见", at(days=9), member="bob"))
    await pass_evenings(world, 1, 9)
    assert "禁止超长或表情刷屏" in reminders(world)[-1]["text"]


async def test_while_ads_rise_it_comes_on_other_evenings_too(world: World) -> None:
    await spend(world, 1)
    await break_rule(world, 4, 0.9)
    await world.fire(RULE_REMINDER, evening(1))
    assert len(reminders(world)) == 1, "four are no rise yet"
    await break_rule(world, 2, 2.9)
    await pass_evenings(world, 2, 3)
    assert len(reminders(world)) == 2, "Friday is no day of reminders, but ads rise"


async def test_nobody_who_is_silent_is_reminded(world: World) -> None:
    await world.handle(posted("大家好"))
    await pass_evenings(world, 0, 2)
    assert len(reminders(world)) == 1


async def test_after_a_pause_and_after_an_import_nothing_is_sent_late(world: World) -> None:
    await world.handle(posted("大家好"))
    late = evening(0) + timedelta(minutes=11)
    assert await world.fire(RULE_REMINDER, late) == 1
    assert reminders(world) == []
    assert [timer.due_at for timer in world.timers.values() if timer.kind == RULE_REMINDER] == [evening(2)]


async def test_a_pause_shorter_than_the_staleness_limit_is_made_up_for(world: World) -> None:
    await world.handle(posted("大家好"))
    await world.fire(RULE_REMINDER, evening(0) + timedelta(minutes=10))
    assert len(reminders(world)) == 1


async def test_quiet_hours_are_kept(world: World) -> None:
    await spend(world, 1, profile(quiet_from=time(19, 30)))
    assert reminders(world) == []


async def test_it_goes_where_most_was_written_in_the_week_and_hearth_may_speak(world: World) -> None:
    about = profile(
        channels=(Channel(channel_id="mute", capabilities=("delete",)),), operators_channel_id="staff"
    )
    lines = [("mute", 4), ("staff", 4), ("hall", 2), ("side", 1)]
    await world.handle(
        *(posted(f"说点什么 {n}", at(minutes=n), channel=channel, member=channel)
          for channel, count in lines for n in range(count))
    )  # fmt: skip
    await world.fire(RULE_REMINDER, evening(0), about=about)
    assert [each["channel_id"] for each in reminders(world)] == ["hall"]


async def test_an_english_community_reads_english(world: World) -> None:
    await spend(world, 1, profile(locale="en"))
    assert "rule" in reminders(world)[0]["text"].lower()


async def test_what_comes_behind_the_evening_does_not_count_for_it(world: World) -> None:
    """In a history the timer fires behind later messages."""
    await world.handle(posted("大家好"), posted("哈" * 10_001, at(hours=1), member="bob"))
    await break_rule(world, 3, 0.4)
    await world.fire(RULE_REMINDER, evening(0))
    assert "禁止超长或表情刷屏" in reminders(world)[0]["text"]
    await world.handle(posted("这么晚才来", at(hours=9, days=2)))
    await world.fire(RULE_REMINDER, evening(2))
    assert len(reminders(world)) == 1, "nobody spoke before it on its day"


async def test_bots_alone_are_not_reminded(world: World) -> None:
    await world.handle(posted("大家好"))
    await pass_evenings(world, 0, 1)
    await world.handle(posted("整点报时", at(days=2), member="clock", is_bot=True))
    await pass_evenings(world, 2, 2)
    assert len(reminders(world)) == 1


async def test_a_community_chooses_its_evenings(world: World, client: httpx.AsyncClient) -> None:
    shown = (await client.get("/communities/tea/reminders")).json()
    assert shown == {"is_on": True, "days": [2, 4, 6], "at": "20:00:00", "version": 1}
    wanted = {"is_on": True, "days": [3], "at": "21:00", "version": 1, "reason": "周三会员日"}
    changed = await client.put("/communities/tea/reminders", json=wanted)
    assert (changed.status_code, changed.json()["version"]) == (200, 2)
    for day in range(3):
        await world.handle(posted(f"第 {day} 天", at(days=day)))
        await world.fire(RULE_REMINDER, evening(day) + timedelta(hours=1))
    assert [each["time"] for each in reminders(world)] == [evening(1) + timedelta(hours=1)]


async def test_two_who_change_it_at_once_do_not_overwrite_each_other(client: httpx.AsyncClient) -> None:
    off = {"is_on": False, "days": [2], "at": "20:00", "version": 1, "reason": "太吵"}
    assert (await client.put("/communities/tea/reminders", json=off)).status_code == 200
    second = await client.put("/communities/tea/reminders", json=off, headers={"accept-language": "zh-CN"})
    assert (second.status_code, second.json()["version"]) == (409, 2)
    assert "当前版本为 2" in second.json()["detail"]
    assert (
        await client.put("/communities/tea/reminders", json={**off, "version": 7, "days": [8]})
    ).status_code == 422


async def test_who_turned_it_off_hears_nothing(world: World, client: httpx.AsyncClient) -> None:
    off = {"is_on": False, "days": [2], "at": "20:00", "version": 1, "reason": "太吵"}
    await client.put("/communities/tea/reminders", json=off)
    await spend(world, 3)
    assert reminders(world) == []
