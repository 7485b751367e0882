"""Early warning (风险预警): against the community's own days, with evidence, once a day."""

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import SecretStr

from services.moderation import api
from shared.contracts.chat import MemberLeft
from shared.engine import Event
from shared.http.application import guarded_application, include_guarded
from shared.postgres.connection import Pool
from shared.postgres.pool import open_pool
from tests.builders import at, event, posted, profile
from tests.moderation_world import WORDS, MakeDatabase, World, cut, emptied, fresh_effects

TOKEN = "a-token-for-these-tests"
AD = "兼职日结，加 微 信 abc12345"
ABOUT = profile(operators_channel_id="staff")


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
        yield World(connection, effects=fresh_effects((*WORDS, "campaign")))


def ads(count: int, day: float, **fields: Any) -> list[Event[Any]]:
    """Ads by as many members, half a minute apart."""
    return [
        posted(AD, at(30 * n, days=day), member=f"a{n}-{day}", message=f"ad{n}-{day}", about=ABOUT, **fields)
        for n in range(count)
    ]


def talk(count: int, day: float, text: str = "今天天气不错") -> list[Event[Any]]:
    """Messages by as many members."""
    return [
        posted(f"{text}{n}", at(30 * n + 7, days=day), member=f"t{n}", message=f"t{n}-{day}-{text}",
               about=ABOUT)
        for n in range(count)
    ]  # fmt: skip


def leaves(count: int, day: float, **fields: Any) -> list[Event[Any]]:
    """As many members leave."""
    return [
        event(MemberLeft(community_id="tea", member_id=f"l{n}-{day}", **fields), at(30 * n, days=day),
              about=ABOUT)
        for n in range(count)
    ]  # fmt: skip


async def usual_days(world: World, days: int = 10, found: int = 1, left: int = 0) -> None:
    """Quiet days: some ads, some talk, some who leave."""
    for day in range(days):
        await world.handle(*ads(found, day), *talk(5, day), *leaves(left, day))


def warnings(world: World) -> list[dict[str, Any]]:
    return [each for each in world.told("send_message") if each["purpose"].startswith("risk_warning")]


async def test_early_warning_of_a_rise_in_findings_tells_numbers_rule_and_messages(world: World) -> None:
    await usual_days(world)
    await world.handle(*ads(12, 10))
    (told,) = warnings(world)
    assert told["channel_id"] == "staff"
    assert "12:00–13:00 有 8 条消息触发群规，同一时段平时约 1.0 条" in told["text"]
    assert "禁止广告与站外引流" in told["text"]
    assert "ad0-10、ad1-10、ad2-10" in told["text"]
    assert told["time"] == at(30 * 7, days=10), "at the eighth, not at the end of the hour"


async def test_a_small_group_and_a_young_one_have_no_alarms(world: World) -> None:
    await usual_days(world, found=0)
    await world.handle(*ads(7, 10))
    assert warnings(world) == [], "seven in an hour are under the floor"
    await world.handle(*(each._replace(data=each.data.model_copy(update={"community_id": "club"}))
                         for each in ads(12, 10)))  # fmt: skip
    assert warnings(world) == [], "nobody knows what is usual in a community that is a day old"


async def test_what_is_usual_for_a_community_is_no_alarm(world: World) -> None:
    await usual_days(world, days=8, found=9)
    await world.handle(*ads(12, 8))
    assert warnings(world) == []


async def test_operators_are_warned_once_a_day_of_each_kind(world: World) -> None:
    await usual_days(world)
    await world.handle(*ads(12, 10), *leaves(9, 10))
    await world.handle(*ads(30, 10.1))
    assert sorted(each["purpose"] for each in warnings(world)) == [
        "risk_warning_findings",
        "risk_warning_leaves",
    ]
    await world.handle(*ads(20, 11))
    assert len(warnings(world)) == 3


async def test_a_slow_rise_over_a_day_is_seen(world: World) -> None:
    await usual_days(world)
    for hour in range(-10, 10):
        await world.handle(*ads(1, 10 + hour / 24))
    (told,) = warnings(world)
    assert "03-15 有 16 条消息触发群规" in told["text"]


async def test_many_who_leave_by_themselves_are_an_alarm_those_taken_out_are_none(world: World) -> None:
    await usual_days(world)
    await world.handle(*leaves(20, 10, removed_by="chief"))
    assert warnings(world) == []
    await world.handle(*leaves(8, 10.2))
    (told,) = warnings(world)
    assert "有 8 人退群" in told["text"]
    assert "l0-10.2、l1-10.2、l2-10.2" in told["text"]


async def test_negative_words_count_as_a_share_of_what_is_written(world: World) -> None:
    await usual_days(world, found=0)
    await world.handle(*talk(9, 10, "这个群太坑了，要退款"))
    (told,) = warnings(world)
    assert told["purpose"] == "risk_warning_negative"
    await world.handle(*talk(400, 11), *talk(8, 11.01, "失望"))
    assert len(warnings(world)) == 1, "eight among four hundred are few"


async def test_what_comes_late_counts_but_warns_nobody(world: World) -> None:
    await usual_days(world)
    late = [each._replace(now=each.occurred_at + timedelta(minutes=11)) for each in ads(12, 10)]
    await world.handle(*late)
    assert warnings(world) == []
    found = await world.connection.fetchval("SELECT max(findings) FROM pulse WHERE span = 'hour'")
    assert found == 12


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(sizes=st.lists(st.integers(1, 40), max_size=12))
async def test_warnings_do_not_depend_on_the_cut(pool: Pool, sizes: list[int]) -> None:
    story = [each for day in range(8) for each in (*ads(1, day), *talk(2, day))]
    story += [*ads(12, 8), *talk(10, 8.1, "太差了"), *leaves(9, 8.2), *ads(3, 7), *ads(20, 9)]
    outcomes = []
    for pieces in ([], sizes, [1] * len(story)):
        await emptied(pool)
        async with pool.acquire() as connection:
            world = World(connection, effects=fresh_effects((*WORDS, "campaign")))
            for batch in cut(story, pieces):
                await world.handle(*batch)
            outcomes.append(await world.state())
    assert outcomes[0]["warning"]
    assert outcomes[0] == outcomes[1] == outcomes[2]


async def test_warnings_can_be_read_later(world: World, pool: Pool) -> None:
    await usual_days(world)
    await world.handle(*ads(12, 10), *leaves(9, 10.1))
    app = guarded_application("moderation", SecretStr(TOKEN))
    include_guarded(app, api.router(pool))
    headers = {"authorization": f"Bearer {TOKEN}"}
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://test/v1", headers=headers) as client:
        url = "/communities/tea/warnings"
        page = (await client.get(url, params={"limit": 1})).json()
        rest = (await client.get(url, params={"cursor": page["next_cursor"]})).json()
    left, found = page["items"][0], rest["items"][0]
    assert (left["kind"], left["counted"], left["rule"]) == ("leaves", 8, None)
    assert (found["kind"], found["counted"], found["expected"]) == ("findings", 8, 1.0)
    assert (found["rule"], found["ids"]) == ("contact_ad", ["ad0-10", "ad1-10", "ad2-10"])
