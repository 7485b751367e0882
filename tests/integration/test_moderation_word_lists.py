"""A community's own word lists over HTTP, and what the rules that name them make of messages."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from shared.postgres.connection import Pool
from tests.builders import at, posted
from tests.moderation_http import asking, opened
from tests.moderation_world import MakeDatabase, World, fresh_effects

LISTS = "/communities/tea/word-lists"
POLICY = "/communities/tea/policy"
RULE = {"id": "ours", "kind": "lexicon", "params": {"lists": ["ours"]}}


@pytest.fixture
async def pool(service_database: MakeDatabase) -> AsyncIterator[Pool]:
    async with opened(service_database) as pool:
        yield pool


@pytest.fixture
async def client(pool: Pool) -> AsyncIterator[httpx.AsyncClient]:
    async with asking(pool) as client:
        yield client


async def put(
    client: httpx.AsyncClient, text: str | bytes, version: int = 0, name: str = "ours", **params: Any
) -> httpx.Response:
    asked = {"version": version, "reason": "试试", **params}
    return await client.put(f"{LISTS}/{name}", content=text if isinstance(text, bytes) else text.encode(),
                            params=asked, timeout=120)  # fmt: skip


async def obey(client: httpx.AsyncClient, *rules: dict[str, Any]) -> httpx.Response:
    version = (await client.get(POLICY)).json()["version"]
    return await client.put(POLICY, json={"rules": rules}, params={"version": version, "reason": "试试"})


async def test_a_list_judges_by_the_rule_that_names_it_and_a_change_from_the_next_message_on(
    client: httpx.AsyncClient, pool: Pool
) -> None:
    assert (await put(client, "竞品甲\n")).json()["version"] == 1
    assert (await obey(client, RULE)).status_code == 200
    async with pool.acquire() as connection:
        world = World(connection, effects=fresh_effects())
        await world.handle(
            posted("竞品 甲怎么样", at(0), message="a"), posted("竞品乙怎么样", at(1), message="b")
        )
        assert await world.removed() == ["a"]
        assert (await put(client, "竞品乙\n", 1)).json()["version"] == 2
        await world.handle(
            posted("竞品甲好用吗", at(100), message="c"), posted("竞品乙好用吗", at(101), message="d")
        )
        assert await world.removed() == ["a", "d"]


async def test_a_list_of_another_community_judges_nobody_here(client: httpx.AsyncClient, pool: Pool) -> None:
    await put(client, "竞品甲\n")
    await obey(client, RULE)
    async with pool.acquire() as connection:
        world = World(connection, effects=fresh_effects())
        await world.handle(posted("竞品甲怎么样", at(0), message="a", community="coffee"))
        assert await world.removed() == []


async def test_homophones_of_words_that_ask_are_found_in_the_chat(
    client: httpx.AsyncClient, pool: Pool
) -> None:
    await put(client, "威客薪水\t广告\t1\tpinyin\n")
    await obey(client, RULE)
    async with pool.acquire() as connection:
        world = World(connection, effects=fresh_effects())
        await world.handle(posted("来领微课❤新水吧", at(0), message="a"))
        (finding,) = await connection.fetch("SELECT spans, evidence FROM finding WHERE rule = 'ours'")
    assert finding["spans"] == "[[2, 7]]"
    assert "微课" not in finding["evidence"]


async def test_a_large_list_and_two_rules_that_read_it(client: httpx.AsyncClient, pool: Pool) -> None:
    words = [f"暗号{number:05d}" for number in range(60_000)]
    assert (await put(client, "\n".join(words))).json()["words"] == 60_000
    insults = {"id": "insults", "kind": "attack", "params": {"lists": ["ours"]}, "mode": "review"}
    assert (await obey(client, RULE, insults)).status_code == 200
    async with pool.acquire() as connection:
        world = World(connection, effects=fresh_effects())
        await world.handle(
            posted("你这个暗号59999", at(0), message="a"), posted("暗号60000", at(1), message="b")
        )
        rows = await connection.fetch("SELECT message_id, rule FROM finding ORDER BY rule")
    assert [tuple(row) for row in rows] == [("a", "insults"), ("a", "ours")]


async def test_a_change_of_another_version_is_refused_with_the_current_one(client: httpx.AsyncClient) -> None:
    await put(client, "竞品甲\n")
    await put(client, "竞品丙\n", name="others")
    refusal = await put(client, "竞品乙\n")
    assert (refusal.status_code, refusal.json()["version"]) == (409, 1)
    assert (await put(client, "竞品乙\n", 1)).json()["version"] == 3


async def test_of_changes_at_once_one_is_made_for_each_list(client: httpx.AsyncClient) -> None:
    names = ["ours", "ours", "others", "others"]
    answers = await asyncio.gather(*(put(client, "竞品甲\n", name=name) for name in names))
    assert sorted(answer.status_code for answer in answers) == [200, 200, 409, 409]


async def test_doubtful_words_wait_until_it_is_said_what_to_do_with_them(client: httpx.AsyncClient) -> None:
    text = "的\n竞品甲\n微信支付\n竞品甲\n"
    refusal = await put(client, text)
    assert (refusal.status_code, refusal.json()["doubtful"]) == (422, 2)
    told = [(each["line"], each["problem"]) for each in refusal.json()["findings"]]
    assert told == [
        (1, "hits_known_good"), (1, "single_character"), (3, "hits_known_good"), (4, "duplicate"),
    ]  # fmt: skip
    assert (await client.get(LISTS)).json() == []
    assert (await put(client, text, doubtful="leave_out")).json()["words"] == 2
    assert (await put(client, text, 1, doubtful="keep")).json()["words"] == 4


async def test_lint_tells_the_same_and_saves_nothing(client: httpx.AsyncClient) -> None:
    looked = (await client.post(f"{LISTS}/ours/lint", content="的\n竞品甲\t违法\t9\n".encode())).json()
    assert (looked["read"], looked["doubtful"], looked["rejected"][0]["reason"]) == (1, 1, "weight")
    assert (await client.get(LISTS)).json() == []


@pytest.mark.parametrize("body", [b"", b"# nothing\n", b"\xff\xff\xfe\x00", b"[1,", b'["a"', b"[" * 100_000])
async def test_what_is_no_list_is_refused_with_a_sentence(client: httpx.AsyncClient, body: bytes) -> None:
    answer = await put(client, body)
    assert (answer.status_code, bool(answer.json()["title"])) == (422, True)
    assert (await client.get(LISTS)).json() == []


async def test_a_community_has_no_more_words_than_judge_fast(
    client: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("services.moderation.handlers.change_word_lists.WORDS_MAX", 3)
    assert (await put(client, "竞品甲\n竞品乙\n")).status_code == 200
    assert (await put(client, "竞品丙\n竞品丁\n", name="others")).status_code == 409
    assert (await put(client, "竞品丙\n竞品丁\n竞品戊\n", 1)).status_code == 200


async def test_a_list_goes_out_as_it_came_in(client: httpx.AsyncClient) -> None:
    text = "竞品甲\t广告\t0.5\tpinyin,exact\n!竞品甲乙\tspam\t1\t\n"
    await put(client, text)
    answer = await client.get(f"{LISTS}/ours")
    assert (answer.text, answer.headers["etag"]) == (text.replace("广告", "spam"), '"1"')
    await put(client, "竞品乙\n", 1)
    old = await client.get(f"{LISTS}/ours", params={"version": 1})
    assert (await put(client, old.content, 2)).json()["version"] == 3
    rows = (await client.get(f"{LISTS}/ours/versions")).json()
    assert [(row["version"], row["words"], row["changed_by"]) for row in rows] == [
        (3, 2, "olga"), (2, 1, "olga"), (1, 2, "olga"),
    ]  # fmt: skip


async def test_a_list_that_a_rule_names_cannot_be_taken_away(client: httpx.AsyncClient) -> None:
    await put(client, "竞品甲\n")
    await obey(client, RULE)
    gone = {"version": 1, "reason": "不用了"}
    refusal = await client.delete(f"{LISTS}/ours", params=gone)
    assert refusal.status_code == 409
    assert refusal.json()["complaints"][0].startswith("rule ours: there is no word list 'ours'")
    await obey(client)
    assert (await client.delete(f"{LISTS}/ours", params=gone)).status_code == 204
    assert (await client.get(f"{LISTS}/ours")).status_code == 404
    assert (await client.delete(f"{LISTS}/ours", params={**gone, "version": 0})).status_code == 404
    refused = await obey(client, RULE)
    assert refused.status_code == 422


async def test_a_list_that_cannot_be_read_any_more_stops_nothing(
    client: httpx.AsyncClient, pool: Pool
) -> None:
    await obey(client, {"id": "flood", "params": {"messages_max": 2}})
    await put(client, "竞品甲\n")
    await obey(client, RULE)
    async with pool.acquire() as connection:
        await connection.execute(
            "INSERT INTO word_list "
            "SELECT community_id, 2, name, '[{}]', 1, changed_at, 'x', 'x' FROM word_list"
        )
        world = World(connection, effects=fresh_effects())
        await world.handle(*(posted(f"第{n}条不同的话题", at(n), message=f"m{n}") for n in range(3)))
        assert len(await world.removed()) == 3


async def test_a_text_is_tried_on_the_communitys_own_rules_and_lists(client: httpx.AsyncClient) -> None:
    await put(client, "竞品甲\n")
    await obey(client, {**RULE, "mode": "observe", "scope": {"channels_exempt": ["lounge"]}})
    new = {"list_id": "deny", "owner": "group-1", "name": "禁", "effect": "deny", "reason": "x"}
    await client.post("/lists", json=new)
    entries = {"add": [{"kind": "word", "value": "刷单"}], "reason": "x"}
    await client.post("/lists/deny/entries", json=entries)
    await client.post("/communities/tea/lists/deny/follow", json={"reason": "x"})

    async def found(**where: str) -> list[tuple[str, str]]:
        answer = await client.post("/check", json={"text": "竞品甲也来刷 單", **where})
        return [(each["rule"], each["mode"]) for each in answer.json()["findings"]]

    assert await found() == []
    assert await found(community_id="club") == []
    assert await found(community_id="tea") == [("ours", "observe"), ("listed", "enforce")]
    assert await found(community_id="tea", channel_id="lounge") == [("listed", "enforce")]
