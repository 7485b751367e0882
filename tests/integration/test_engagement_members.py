"""Members: segments (分层), opinion leaders (KOL), the mesh (网状连接), win-back, and forgetting."""

from collections.abc import AsyncIterator
from datetime import timedelta

import httpx
import pytest

from shared.contracts.chat import MemberJoined
from tests.engagement_world import MakeDatabase, World, client_of, engagement_world
from tests.laws.stories import COMMUNITY, NOON
from tests.laws.tables import comparable


@pytest.fixture
async def world(service_database: MakeDatabase) -> AsyncIterator[World]:
    async with engagement_world(await service_database("engagement")) as world:
        yield world


@pytest.fixture
async def client(world: World) -> AsyncIterator[httpx.AsyncClient]:
    async with client_of(world) as client:
        yield client


async def lived(world: World) -> None:
    """Four weeks: ann writes daily, ben weekly, cat wrote often and then fell silent."""
    for day in range(28):
        at = NOON + timedelta(days=day)
        await world.say("早", at, "ann")
        if day % 5 == 0:
            await world.say("来了", at + timedelta(minutes=1), "ben")
        if day < 8:
            await world.say("在", at + timedelta(minutes=2), "cat")
    await world.say("路过", NOON + timedelta(days=2), "dan")
    await world.advance(NOON + timedelta(days=36))


async def test_segments_follow_from_the_days_on_which_members_write(
    world: World, client: httpx.AsyncClient
) -> None:
    await lived(world)
    rows = await world.rows("SELECT member_id, segment FROM member_activity ORDER BY 1")
    assert [(row["member_id"], row["segment"]) for row in rows] == [
        ("ann", "core"), ("ben", "active"), ("cat", "leaving"), ("dan", "quiet"),
    ]  # fmt: skip
    assert (await client.get("/segments")).json()["members"] == {
        "core": 1,
        "active": 1,
        "leaving": 1,
        "quiet": 1,
    }
    (member,) = (await client.get("/segments/core")).json()["items"]
    assert member["member_id"] == "ann"


async def test_the_leaving_are_won_back_within_a_budget_and_only_where_it_is_wanted(
    world: World, client: httpx.AsyncClient
) -> None:
    wanted = {"win_back_on": True, "win_backs_a_week": 1, "version": 1, "reason": "试试"}
    assert (await client.patch("/choices", json=wanted)).status_code == 200
    await lived(world)
    assert [each["member_id"] for each in await world.said("win_back")] == ["cat"]
    await world.advance(NOON + timedelta(days=50))
    assert [each["member_id"] for each in await world.said("win_back")] == ["cat", "ann", "ben"]


async def test_opinion_leaders_are_found_by_evidence_and_moved_along_by_people(
    world: World, client: httpx.AsyncClient
) -> None:
    for number, asker in enumerate(("ann", "ben", "cat")):
        at = NOON + timedelta(minutes=10 * number)
        await world.say("请问这个怎么弄？", at, asker, message=f"q{number}")
        await world.say("这样弄", at + timedelta(minutes=1), "sage", reply_to=f"q{number}")
    (found,) = (await client.get("/opinion-leaders/candidates")).json()["items"]
    assert (found["member_id"], found["answers"], found["helped"], found["state"]) == ("sage", 3, 3, "none")
    move = {"state": "invited", "owner": "olga", "next_act": "周五分享会"}
    assert (await client.put("/opinion-leaders/sage", json=move)).json()["version"] == 1
    assert (await client.put("/opinion-leaders/sage", json=move)).status_code == 409
    assert (await client.put("/opinion-leaders/sage", json={**move, "version": 1})).json()["version"] == 2
    assert (await client.get("/opinion-leaders")).json()["items"][0]["next_act"] == "周五分享会"


async def test_the_mesh_names_cut_members_and_suggests_introductions(
    world: World, client: httpx.AsyncClient
) -> None:
    one, other = ("a1", "a2", "a3"), ("b1", "b2", "b3")
    samples = [
        world.posted("嗯", NOON + timedelta(minutes=n), left, mentions=(right,))
        for group in (one, other)
        for n, (left, right) in enumerate([(group[0], group[1]), (group[1], group[2]), (group[0], group[2])])
    ]
    samples.append(world.posted("你好", NOON + timedelta(hours=1), "loner", reply_to_member="a1"))
    await world.take(samples)
    await world.advance(NOON + timedelta(days=7))
    (mesh, *_) = (await client.get("/mesh")).json()["items"]
    assert (mesh["members"], mesh["edges"]) == (7, 7)
    assert mesh["cut_members"] == ["a1"]
    assert [sorted(pair) for pair in mesh["introductions"]] == [["a1", "b3"]]


async def test_a_forgotten_member_is_in_no_table(world: World, client: httpx.AsyncClient) -> None:
    name = "forgotten-one"
    await world.tell(MemberJoined(community_id=COMMUNITY, member_id=name), NOON)
    await world.say("昵称：甲\n城市：杭州", NOON + timedelta(minutes=1), name)
    await world.say("打卡", NOON + timedelta(minutes=2), name)
    await world.say("请问在吗？", NOON + timedelta(minutes=3), name, mentions=("ben",))
    await world.say("在的", NOON + timedelta(minutes=4), "ben", mentions=(name,))
    await client.put(f"/opinion-leaders/{name}", json={"state": "candidate", "owner": "olga"})
    await world.advance(NOON + timedelta(days=9))
    before = await comparable(world.bench.connection, "engagement")
    assert sum(name in repr(rows) for rows in before.values()) >= 6
    answer = await client.post(f"/members/{name}/erase", json={"reason": "本人要求"})
    assert answer.status_code == 200
    after = await comparable(world.bench.connection, "engagement")
    assert [table for table, rows in after.items() if name in repr(rows)] == []
    assert len(after["erasure"]) == 1
