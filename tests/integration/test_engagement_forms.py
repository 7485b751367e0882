"""Forms (互动): polls, quizzes, surveys, ideas, and a lottery that anyone can check."""

from collections.abc import AsyncIterator
from datetime import timedelta
from hashlib import sha256
from typing import Any

import httpx
import pytest

from tests.engagement_world import MakeDatabase, World, client_of, engagement_world
from tests.laws.stories import HALL, NOON

CLOSES = NOON + timedelta(hours=5)


@pytest.fixture
async def world(service_database: MakeDatabase) -> AsyncIterator[World]:
    async with engagement_world(await service_database("engagement")) as world:
        yield world


@pytest.fixture
async def client(world: World) -> AsyncIterator[httpx.AsyncClient]:
    async with client_of(world) as client:
        yield client


async def begin(client: httpx.AsyncClient, kind: str, **more: Any) -> httpx.Response:
    new = {
        "form_id": "f1", "kind": kind, "title": "周末去哪", "channel_id": HALL,
        "closes_at": CLOSES.isoformat(), **more,
    }  # fmt: skip
    return await client.post("/forms", json=new)


async def vote(world: World, *votes: tuple[str, str]) -> None:
    for number, (member, text) in enumerate(votes):
        await world.say(text, NOON + timedelta(minutes=number), member)


async def result(world: World, client: httpx.AsyncClient) -> dict[str, Any]:
    await world.advance(CLOSES + timedelta(minutes=1))
    (form,) = (await client.get("/forms")).json()["items"]
    assert form["state"] == "closed"
    found: dict[str, Any] = {**form["result"], "form": form}
    return found


async def test_a_poll_counts_the_last_vote_of_each_member(world: World, client: httpx.AsyncClient) -> None:
    assert (await begin(client, "poll", options=["爬山", "喝茶"])).status_code == 201
    await vote(world, ("ann", "投票 1"), ("ben", "投票 2"), ("ann", "投票 2"), ("cat", "投票 7"))
    found = await result(world, client)
    assert [each["votes"] for each in found["options"]] == [0, 2]
    posts = [each["text"] for each in await world.said("form")]
    assert ("1. 爬山" in posts[0], "喝茶: 2" in posts[1]) == (True, True)
    assert "1 到 2" in (await world.said("form_answer"))[-1]["text"]


async def test_what_comes_after_the_end_does_not_count(world: World, client: httpx.AsyncClient) -> None:
    await begin(client, "poll", options=["爬山", "喝茶"])
    await world.say("投票 1", CLOSES, "ann")
    assert [each["votes"] for each in (await result(world, client))["options"]] == [0, 0]


async def test_a_quiz_names_the_quickest_right_answers(world: World, client: httpx.AsyncClient) -> None:
    await begin(client, "quiz", options=["绿茶", "红茶"], answer=2, winners=1)
    await vote(world, ("ann", "投票 1"), ("ben", "投票 2"), ("cat", "投票 2"))
    assert (await result(world, client))["right"] == ["ben"]


async def test_ideas_are_collected_and_voted_for(world: World, client: httpx.AsyncClient) -> None:
    await begin(client, "ideas")
    await vote(world, ("ann", "点子 去茶园"), ("ben", "点子 办茶会"), ("cat", "投票 2"), ("dan", "投票 2"))
    found = await result(world, client)
    assert [(each["option"], each["votes"]) for each in found["options"]] == [("办茶会", 2), ("去茶园", 0)]


async def test_anyone_can_recompute_the_draw_of_a_lottery_from_what_is_published(
    world: World, client: httpx.AsyncClient
) -> None:
    opened = (await begin(client, "lottery", winners=2)).json()
    assert (opened["seed"], len(opened["seed_hash"])) == (None, 64)
    assert (await client.get("/forms")).json()["items"][0]["seed"] is None
    members = [f"u{n}" for n in range(9)]
    await vote(world, *((member, "抽奖") for member in members), ("u1", "抽奖"))
    found = await result(world, client)
    seed = found["form"]["seed"]
    assert sha256(seed.encode()).hexdigest() == opened["seed_hash"]
    entrants = (await client.get("/forms/f1/entrants")).json()["entrants"]
    assert entrants == members
    tickets = sorted(
        (sha256(f"{len(seed)}:{seed}2:f1{len(name)}:{name}".encode()).hexdigest(), name) for name in entrants
    )
    assert [each["member_id"] for each in found["winners"]] == [name for _, name in tickets[:2]]
    assert seed in (await world.said("form"))[-1]["text"]


async def test_a_draw_without_entrants_says_so(world: World, client: httpx.AsyncClient) -> None:
    await begin(client, "lottery")
    found = await result(world, client)
    assert (found["winners"], "没有人参加" in (await world.said("form"))[-1]["text"]) == ([], True)


@pytest.mark.parametrize(
    ("wrong", "slug"),
    [
        ({"kind": "poll", "options": ["一个"]}, "form-options"),
        ({"kind": "poll", "options": ["a", "b"], "closes_at": NOON.isoformat()}, "form-closes-early"),
        ({"kind": "quiz", "options": ["a", "b"]}, "form-answer"),
        ({"kind": "lottery", "winners": 0}, "form-winners"),
    ],
)
async def test_a_form_without_sense_is_refused(
    client: httpx.AsyncClient, wrong: dict[str, Any], slug: str
) -> None:
    answer = await begin(client, **wrong)
    assert (answer.status_code, answer.json()["type"]) == (422, f"urn:hearth:problem:{slug}")
