"""Check-in campaigns (打卡活动): windows, proof, streaks, freezes, cards, boards, overruling."""

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import httpx
import pytest

from shared.contracts.moderation import MessageRemoved, MessageRestored
from tests.engagement_world import MakeDatabase, World, client_of, engagement_world
from tests.laws.stories import COMMUNITY, HALL, NOON

PICTURE = ({"kind": "image"},)


@pytest.fixture
async def world(service_database: MakeDatabase) -> AsyncIterator[World]:
    async with engagement_world(await service_database("engagement")) as world:
        yield world


@pytest.fixture
async def client(world: World) -> AsyncIterator[httpx.AsyncClient]:
    async with client_of(world) as client:
        yield client


async def begin(client: httpx.AsyncClient, **more: Any) -> httpx.Response:
    new = {
        "campaign_id": "book", "title": "共读红楼", "keyword": "红楼", "first_date": "2024-03-01",
        "last_date": "2024-04-30", **more,
    }  # fmt: skip
    return await client.post("/campaigns", json=new)


async def facts(world: World) -> list[tuple[str, str, int]]:
    told = await world.told("checkin.recorded", "checkin.revoked")
    return [
        (each["type"].removeprefix("checkin."), each["local_date"], each.get("streak_days", 0))
        for each in told
        if each.get("campaign_id") == "book"
    ]


async def words(world: World) -> list[str]:
    return [each["text"] for each in await world.said("campaign_answer")]


async def test_one_check_in_counts_per_member_and_date_whatever_is_sent_twice_or_late(
    world: World, client: httpx.AsyncClient
) -> None:
    assert (await begin(client)).status_code == 201
    await world.take(
        [
            world.posted("打卡 红楼 第一回", NOON, message="a"),
            world.posted("打卡 红楼 第一回", NOON, message="a"),
            world.posted("打卡 红楼 又一次", NOON + timedelta(hours=1)),
            world.posted("打卡 红楼 第三回", NOON + timedelta(days=2)),
            world.posted("打卡 红楼 第二回，昨天断网", NOON + timedelta(days=1)),
        ]
    )
    assert await facts(world) == [
        ("recorded", "2024-03-05", 1), ("recorded", "2024-03-07", 1), ("recorded", "2024-03-06", 2),
    ]  # fmt: skip
    board = (await client.get("/campaigns/book/board")).json()
    assert [(each["member_id"], each["days"], each["streak_days"]) for each in board["items"]] == [
        ("ann", 3, 3)
    ]


async def test_a_proof_without_its_picture_or_words_or_at_another_hour_is_told_so(
    world: World, client: httpx.AsyncClient
) -> None:
    window = [{"begins": "06:00", "ends": "13:00"}]
    await begin(client, proof="picture", windows=window)
    await world.say("打卡 红楼", NOON)
    await world.say("打卡 红楼", NOON + timedelta(hours=2), attachments=PICTURE)
    assert await facts(world) == []
    await world.say("打卡 红楼", NOON + timedelta(days=1), attachments=PICTURE)
    assert await facts(world) == [("recorded", "2024-03-06", 1)]
    assert [("图片" in text, "时段" in text) for text in await words(world)] == [
        (True, False), (False, True), (False, False)
    ]  # fmt: skip


async def test_freezes_cards_and_excused_dates_keep_a_streak(world: World, client: httpx.AsyncClient) -> None:
    await begin(client, freezes=1, makeups=1)
    for day in (0, 1, 3):
        await world.say("打卡 红楼", NOON + timedelta(days=day))
    assert (await facts(world))[-1] == ("recorded", "2024-03-08", 3)  # the missed day costs the freeze
    await world.say("打卡 红楼", NOON + timedelta(days=5))
    assert (await facts(world))[-1] == ("recorded", "2024-03-10", 2)  # only one freeze
    await world.say("补卡 3-9 红楼", NOON + timedelta(days=5, minutes=1))
    await world.say("打卡 红楼", NOON + timedelta(days=6))
    assert (await facts(world))[-1] == ("recorded", "2024-03-11", 6)
    await world.say("补卡 3-7 红楼", NOON + timedelta(days=6, minutes=1))
    assert "不能补卡" in (await words(world))[-1]
    excused = await client.post(
        "/campaigns/book/excuse", json={"dates": ["2024-03-12"], "reason": "机房断电"}
    )
    assert excused.json()["excused"] == ["2024-03-12"]
    await world.say("打卡 红楼", NOON + timedelta(days=8))
    assert (await facts(world))[-1] == ("recorded", "2024-03-13", 7)


@pytest.mark.parametrize("removal_first", [False, True])
async def test_a_removed_proof_does_not_count_until_it_is_restored(
    world: World, client: httpx.AsyncClient, removal_first: bool
) -> None:
    await begin(client)
    about = {
        "community_id": COMMUNITY,
        "channel_id": HALL,
        "message_id": "a",
        "member_id": "ann",
        "posted_at": NOON,
    }
    removed = MessageRemoved(**about, rule="flood", decision=1)
    if removal_first:
        await world.tell(removed, NOON)
    await world.say("打卡 红楼", NOON, message="a")
    if not removal_first:
        await world.tell(removed, NOON + timedelta(minutes=1))
    counting = "SELECT * FROM campaign_day WHERE message_id IS NOT NULL"
    assert await world.rows(counting) == []
    await world.tell(MessageRestored(**about, restored_by="eve", decision=2), NOON + timedelta(minutes=2))
    assert len(await world.rows(counting)) == 1


async def test_an_operator_overrules_a_check_in_and_it_is_taken_back(
    world: World, client: httpx.AsyncClient
) -> None:
    await begin(client)
    await world.say("打卡 红楼", NOON, message="a")
    answer = await client.post("/campaigns/proofs/a/refuse", json={"reason": "抄的"})
    assert answer.status_code == 204
    (last,) = await world.told("checkin.revoked")
    assert (last["reason"], last["campaign_id"]) == ("抄的", "book")
    assert (await client.post("/campaigns/proofs/none/refuse", json={"reason": "x"})).status_code == 404


async def test_testimonies_are_kept_and_shown(world: World, client: httpx.AsyncClient) -> None:
    await begin(client)
    await world.say("感言 红楼 读完前五回，越读越有味道", NOON)
    (shown,) = (await client.get("/campaigns/book/testimonies")).json()["items"]
    assert shown["text"].endswith("越读越有味道")


async def test_a_campaign_without_sense_is_refused_in_the_callers_language(client: httpx.AsyncClient) -> None:
    backwards = await begin(client, last_date="2024-02-01")
    assert (backwards.status_code, "结束日期" in backwards.json()["detail"]) == (422, True)
    assert (await begin(client, windows=[{"begins": "12:00", "ends": "08:00"}])).status_code == 422
    assert (await begin(client)).status_code == 201
    assert (await begin(client)).status_code == 409
