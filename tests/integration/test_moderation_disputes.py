"""Disputes on a real database: who is told, how often, and that the cut into batches does not matter."""

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import SecretStr

from services.moderation import api
from shared.contracts.profiles import Channel
from shared.engine import Event
from shared.http.application import guarded_application, include_guarded
from shared.postgres.connection import Pool
from shared.postgres.pool import open_pool
from tests.builders import at, posted, profile
from tests.moderation_world import MakeDatabase, World, cut, emptied, fresh_effects

TOKEN = "a-token-for-these-tests"
ABOUT = profile(operators_channel_id="staff")
LINES = [
    "你说的不对",
    "你才不对，无语",
    "你这是忽悠人！！",
    "你有病吧",
    "闭嘴！！",
    "你个骗子，你滚蛋！！",
    "废物！！",
]


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


def quarrel(start: float = 0, lines: list[str] | None = None, **fields: Any) -> list[Event[Any]]:
    """ann and bob answer each other, half a minute apart."""
    fields = {"about": ABOUT, **fields}
    return [
        posted(text, at(start + 30 * n), member=("ann", "bob")[n % 2], message=f"q{start}-{n}",
               reply_to_member=("bob", "ann")[n % 2], **fields)
        for n, text in enumerate(lines or LINES)
    ]  # fmt: skip


def told(world: World) -> list[tuple[str, str | None]]:
    """Purpose and receiver."""
    return [
        (each["purpose"], each.get("member_id") or each.get("channel_id"))
        for each in world.told("send_message")
        if each["purpose"].startswith("dispute")
    ]


async def test_disputes_are_told_to_both_in_private_and_to_operators(world: World) -> None:
    await world.handle(*quarrel())
    assert told(world) == [
        ("dispute_notice", "ann"),
        ("dispute_notice", "bob"),
        ("dispute_alert", "staff"),
    ]
    alert = world.told("send_message")[-1]
    assert "ann 与 bob" in alert["text"]
    assert "6 次" in alert["text"]
    assert all("channel_id" not in each for each in world.told("send_message")[:2])
    assert world.told("message.removed", "sanction.applied") == []


async def test_it_is_told_once_an_hour(world: World) -> None:
    await world.handle(*quarrel(), *quarrel(600), *quarrel(3000))
    assert len(told(world)) == 3
    await world.handle(*quarrel(7200))
    assert len(told(world)) == 6


async def test_friends_and_strangers_are_left_alone(world: World) -> None:
    await world.handle(
        *quarrel(lines=["哈哈哈！！", "太棒了！！", "真的假的？？！！", "恭喜！！", "谢谢！！", "好！！"])
    )
    alone = [each._replace(data=each.data.model_copy(update={"reply_to_member": None})) for each in quarrel()]
    await world.handle(*alone)
    assert told(world) == []
    assert await world.rows("dispute_pair") == []


async def test_mentions_count_like_answers(world: World) -> None:
    mentioning = [
        each._replace(
            data=each.data.model_copy(
                update={"reply_to_member": None, "mentions": (each.data.reply_to_member,)}
            )
        )
        for each in quarrel()
    ]
    await world.handle(*mentioning)
    assert len(told(world)) == 3


async def test_where_nobody_can_be_written_to_only_operators_hear_of_it(world: World) -> None:
    hall = Channel(channel_id="hall", capabilities=("send", "delete"))
    await world.handle(*quarrel(about=profile(channels=(hall,), operators_channel_id="staff")))
    assert told(world) == [("dispute_alert", "staff")]


async def test_what_comes_late_is_told_to_nobody(world: World) -> None:
    await world.handle(*(each._replace(now=at(minutes=30)) for each in quarrel()))
    assert told(world) == []


async def test_the_same_message_twice_counts_once(world: World) -> None:
    first = quarrel()[:5]
    again = [each._replace(id=each.id[:-1] + ("0" if each.id[-1] != "0" else "1")) for each in first]
    await world.handle(*first, *again)
    assert told(world) == []


async def test_a_dispute_can_be_read_later(world: World, pool: Pool) -> None:
    await world.handle(*quarrel())
    app = guarded_application("moderation", SecretStr(TOKEN))
    include_guarded(app, api.router(pool))
    headers = {"authorization": f"Bearer {TOKEN}"}
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://test/v1", headers=headers) as client:
        (item,) = (await client.get("/communities/tea/disputes")).json()["items"]
    assert (item["member_a"], item["member_b"], item["exchanges"]) == ("ann", "bob", 6)
    assert item["message_ids"][-1] == "q0-6"


@st.composite
def answers(draw: st.DrawFn) -> Event[Any]:
    """Somebody answers somebody, now and then late."""
    moment = at(draw(st.integers(0, 60)) * 15)
    one, other = draw(st.permutations(["ann", "bob", "cat"]))[:2]
    now = at(minutes=40) if draw(st.integers(0, 9)) == 0 else moment
    return posted(
        draw(st.sampled_from(LINES)), moment, member=one, reply_to_member=other, now=now, about=ABOUT,
        message=f"m{draw(st.integers(0, 60))}",
    )  # fmt: skip


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    events=st.lists(answers(), min_size=15, max_size=50, unique_by=lambda each: each.id),
    sizes=st.lists(st.integers(1, 12), max_size=12),
)
async def test_disputes_do_not_depend_on_the_cut(
    pool: Pool, events: list[Event[Any]], sizes: list[int]
) -> None:
    outcomes = []
    for pieces in ([], sizes, [1] * len(events)):
        await emptied(pool)
        async with pool.acquire() as connection:
            world = World(connection)
            for batch in cut(events, pieces):
                await world.handle(*batch)
            outcomes.append(await world.state())
    assert outcomes[0] == outcomes[1] == outcomes[2]


ADS = [
    "代开发票，全网最低价，包真",
    "出售冰毒，支持埋包",
    "日赚五百，刷单兼职，当天结算",
    "代开发票，正规公司，先开后付",
    "高仿人民币，货到付款",
    "刷单返利，日结，无需押金",
]


async def test_two_members_who_answer_each_other_with_ads_have_no_dispute(pool: Pool) -> None:
    async with pool.acquire() as connection:
        world = World(connection, effects=fresh_effects(without=()))
        await world.handle(*quarrel(lines=ADS))
        kinds = await connection.fetch("SELECT DISTINCT rule FROM finding")
    assert {"spam_words", "illegal"} <= {row["rule"] for row in kinds}
    assert told(world) == []
