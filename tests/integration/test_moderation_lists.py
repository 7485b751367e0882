"""Lists and joining on a real database: who is exempt, what is denied, who comes in, and who decides."""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from shared.contracts.chat import JoinAnswer, JoinRequested, MemberJoined
from shared.contracts.profiles import CommunityProfile
from shared.engine import Event
from shared.postgres.connection import Pool
from tests.builders import at, event, posted, profile
from tests.moderation_http import asking, opened
from tests.moderation_world import MakeDatabase, World, fresh_effects

AD = "兼职日结，加 微 信 abc12345"
TEA = "/communities/tea"
STAFFED = profile(operators_channel_id="staff")


@pytest.fixture
async def pool(service_database: MakeDatabase) -> AsyncIterator[Pool]:
    async with opened(service_database) as pool:
        await pool.execute("SELECT ensure_outbox_day(current_date)")
        yield pool


@pytest.fixture
async def client(pool: Pool) -> AsyncIterator[httpx.AsyncClient]:
    async with asking(pool) as client:
        yield client


@pytest.fixture
async def world(pool: Pool) -> AsyncIterator[World]:
    async with pool.acquire() as connection:
        yield World(connection, effects=fresh_effects())


async def follow(
    client: httpx.AsyncClient, effect: str, *entries: tuple[str, str], community: str = "tea"
) -> str:
    """A list with these entries that the community follows."""
    list_id = f"{effect}-list"
    new = {"list_id": list_id, "owner": "group-1", "name": f"{effect}名单", "effect": effect, "reason": "建"}
    await client.post("/lists", json=new)
    add = [{"kind": kind, "value": value} for kind, value in entries]
    changed = await client.post(f"/lists/{list_id}/entries", json={"add": add, "reason": "加"})
    assert changed.status_code == 200, changed.text
    answer = await client.post(f"/communities/{community}/lists/{list_id}/follow", json={"reason": "用"})
    assert answer.status_code == 204
    return list_id


def joined(member: str, seconds: float = 0, about: CommunityProfile = STAFFED) -> Event[Any]:
    data = MemberJoined(community_id=about.community_id, member_id=member, invited_by="ann")
    return event(data, at(seconds), about=about)


def requested(member: str, *answers: str, late: bool = False, request: str = "") -> Event[Any]:
    given = tuple(JoinAnswer(answer=answer) for answer in answers)
    data = JoinRequested(
        community_id="tea",
        request_id=request or f"r-{member}",
        member_id=member,
        answers=given,
        invited_by="ann",
    )
    return event(data, at(), now=at(minutes=11) if late else None, about=STAFFED)


async def test_an_allowed_member_is_exempt_from_all_rules(client: httpx.AsyncClient, world: World) -> None:
    await follow(client, "allow", ("member", "ann"))
    await world.handle(posted(AD, message="a"), posted(AD, message="b", member="ben"))
    assert await world.removed() == ["b"]
    await world.handle(*(posted("一样的话", at(60 + n), message=f"f{n}") for n in range(12)))
    assert await world.removed() == ["b"]


async def test_what_is_illegal_binds_allowed_members_too(client: httpx.AsyncClient, world: World) -> None:
    rules = {"rules": [{"id": "illegal_ads", "kind": "contact_ad"}]}
    changed = await client.put(f"{TEA}/policy", json=rules, params={"version": 0, "reason": "x"})
    assert changed.status_code == 200
    await follow(client, "allow", ("member", "ann"))
    await world.handle(posted(AD, message="a"))
    rows = await world.connection.fetch("SELECT rule FROM removal")
    assert [row["rule"] for row in rows] == ["illegal_ads"]


async def test_who_is_denied_too_is_not_exempt(client: httpx.AsyncClient, world: World) -> None:
    await follow(client, "allow", ("member", "ann"))
    await follow(client, "deny", ("member", "ann"))
    await world.handle(posted(AD, message="a"))
    assert await world.removed() == ["a"]


async def test_denied_words_and_hosts_go_and_the_list_counts_at_once(
    client: httpx.AsyncClient, world: World
) -> None:
    list_id = await follow(client, "deny", ("word", "刷单"), ("host", "spam.cn"))
    assert "名单中的内容" in (await client.get(f"{TEA}/policy/text")).text
    await world.handle(posted("来刷 單", message="a"), posted("https://x.spam.cn/1", at(1), message="b"))
    await world.handle(posted("来刷单", at(2), message="c", community="club"))
    assert await world.removed() == ["a", "b"]
    off = {"take_off": [{"kind": "word", "value": "刷单"}], "reason": "误伤"}
    assert (await client.post(f"/lists/{list_id}/entries", json=off)).json() == {"added": 0, "taken_off": 1}
    await world.handle(posted("来刷单", at(300), message="d"))
    assert await world.removed() == ["a", "b"]
    (first, *_) = (await client.get(f"/lists/{list_id}/history")).json()["items"]
    assert (first["act"], first["actor"], first["reason"], first["value"]) == (
        "taken_off",
        "olga",
        "误伤",
        "刷单",
    )


async def test_one_list_serves_all_communities_of_its_owner(client: httpx.AsyncClient, world: World) -> None:
    list_id = await follow(client, "deny", ("word", "刷单"))
    await client.post(f"/communities/club/lists/{list_id}/follow", json={"reason": "用"})
    await world.handle(posted("来刷单", message="a"), posted("来刷单", message="b", community="club"))
    assert await world.removed() == ["a", "b"]
    await client.post(f"{TEA}/lists/{list_id}/unfollow", json={"reason": "不用"})
    await world.handle(posted("来刷单", at(300), message="c"))
    assert await world.removed() == ["a", "b"]
    assert (await client.get(f"{TEA}/lists")).json() == []
    (shown,) = (await client.get("/lists", params={"owner": "group-1"})).json()["items"]
    assert (shown["list_id"], shown["effect"]) == (list_id, "deny")


async def test_an_entry_that_is_allowed_and_denied_is_told_by_lint(client: httpx.AsyncClient) -> None:
    await follow(client, "allow", ("host", "tea.cn"))
    await follow(client, "deny", ("host", "tea.cn"))
    (warning,) = (await client.post(f"{TEA}/policy/lint", json={})).json()["warnings"]
    assert "tea.cn" in warning


async def test_a_bad_entry_changes_nothing(client: httpx.AsyncClient) -> None:
    list_id = await follow(client, "deny", ("word", "刷单"))
    add = [{"kind": "word", "value": "好词"}, {"kind": "word", "value": "的"}]
    refusal = await client.post(f"/lists/{list_id}/entries", json={"add": add, "reason": "x"})
    assert (refusal.status_code, refusal.json()["value"]) == (422, "的")
    entries = (await client.get(f"/lists/{list_id}/entries")).json()["items"]
    assert entries == [{"kind": "word", "value": "刷单"}]


async def test_what_there_is_not_or_twice_is_refused(client: httpx.AsyncClient) -> None:
    await follow(client, "deny")
    again = {"list_id": "deny-list", "owner": "o", "name": "n", "effect": "deny", "reason": "x"}
    assert (await client.post("/lists", json=again)).status_code == 409
    assert (await client.post("/lists/none/entries", json={"reason": "x"})).status_code == 404
    assert (await client.post(f"{TEA}/lists/none/follow", json={"reason": "x"})).status_code == 404


async def test_operators_hear_of_a_denied_member_who_joins(client: httpx.AsyncClient, world: World) -> None:
    await follow(client, "deny", ("member", "eve"))
    await world.handle(joined("eve"), joined("ben", 1))
    again = joined("eve")
    await world.handle(again._replace(id=again.id[:-1] + "f"))
    (alert,) = world.told("send_message")
    assert alert["channel_id"] == "staff"
    assert "eve" in alert["text"]
    assert "deny名单" in alert["text"]
    record = (await client.get(f"{TEA}/members/ben/record")).json()
    assert [each["invited_by"] for each in record["arrivals"]] == ["ann"]


async def ask(client: httpx.AsyncClient, mode: str, *keywords: str, version: int = 0) -> httpx.Response:
    questions = [{"question": "最喜欢什么茶？", "keywords": list(keywords)}] if keywords else []
    body = {"mode": mode, "questions": questions, "version": version, "reason": "入群要求"}
    return await client.put(f"{TEA}/join-policy", json=body)


async def test_right_answers_come_in_others_wait_and_denied_ones_do_not(
    client: httpx.AsyncClient, world: World
) -> None:
    await ask(client, "keywords", "白茶", "普洱")
    await follow(client, "deny", ("member", "eve"))
    await world.handle(requested("dan", "我爱白茶"), requested("fay", "咖啡"), requested("eve", "普洱"))
    answers = {each["member_id"]: each["accept"] for each in world.told("answer_join_request")}
    assert answers == {"dan": True, "eve": False}
    (alert,) = world.told("send_message")
    assert "fay" in alert["text"]
    assert "ann" in alert["text"]
    waiting = (await client.get(f"{TEA}/join-requests")).json()["items"]
    assert [(each["member_id"], each["answers"][0]["answer"]) for each in waiting] == [("fay", "咖啡")]


async def test_whoever_nobody_asked_anything_waits(client: httpx.AsyncClient, world: World) -> None:
    await world.handle(requested("dan", "白茶"))
    assert world.told("answer_join_request") == []
    assert len((await client.get(f"{TEA}/join-requests")).json()["items"]) == 1


async def test_a_request_that_came_late_or_twice_is_not_answered_again(
    client: httpx.AsyncClient, world: World
) -> None:
    await follow(client, "deny", ("member", "eve"))
    await world.handle(requested("eve", late=True))
    assert world.announced == []
    await ask(client, "open")
    first, again = requested("dan"), requested("dan")
    await world.handle(first, again._replace(id=again.id[:-1] + "f"))
    await world.handle(again._replace(id=again.id[:-1] + "e"))
    assert len(world.told("answer_join_request")) == 1


async def test_an_operator_answers_once(client: httpx.AsyncClient, pool: Pool, world: World) -> None:
    await world.handle(requested("dan"))
    path = f"{TEA}/join-requests/r-dan/answer"
    replies = await asyncio.gather(
        *(
            client.post(path, json={"accept": True, "reason": "认识"}, headers={"x-operator": f"op{n}"})
            for n in range(3)
        )
    )
    assert sorted(reply.status_code for reply in replies) == [204, 409, 409]
    (row,) = await pool.fetch("SELECT payload FROM outbox")
    sent = json.loads(row["payload"])
    assert (sent["member_id"], sent["accept"]) == ("dan", True)
    (item,) = (await client.get(f"{TEA}/join-requests", params={"state": "accepted"})).json()["items"]
    assert item["decided_by"].startswith("op")
    assert item["has_joined"] is False
    await world.handle(joined("dan", 60))
    (item,) = (await client.get(f"{TEA}/join-requests", params={"state": "all"})).json()["items"]
    assert item["has_joined"] is True
    nobody = await client.post(f"{TEA}/join-requests/none/answer", json={"accept": True, "reason": "x"})
    assert nobody.status_code == 404


async def test_a_join_policy_that_changed_meanwhile_is_not_overwritten(client: httpx.AsyncClient) -> None:
    assert (await client.get(f"{TEA}/join-policy")).json() == {
        "mode": "approve",
        "questions": [],
        "version": 0,
    }
    assert (await ask(client, "open")).json()["version"] == 1
    refusal = await ask(client, "approve")
    assert (refusal.status_code, refusal.json()["version"]) == (409, 1)
    assert (await client.get(f"{TEA}/join-policy")).json()["mode"] == "open"
