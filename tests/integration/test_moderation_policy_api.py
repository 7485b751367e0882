"""Policies over HTTP on a real database: changes, versions, conflicts, YAML, contradictions and the text."""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from shared.contracts.profiles import Channel
from shared.engine.community import Community, save_communities
from shared.postgres.connection import Pool
from tests.builders import at, posted, profile
from tests.moderation_http import asking, opened
from tests.moderation_world import MakeDatabase, World, fresh_effects

POLICY = "/communities/tea/policy"
STRICT = {"rules": [{"id": "flood", "params": {"messages_max": 2}}]}


@pytest.fixture
async def pool(service_database: MakeDatabase) -> AsyncIterator[Pool]:
    async with opened(service_database) as pool:
        yield pool


@pytest.fixture
async def client(pool: Pool) -> AsyncIterator[httpx.AsyncClient]:
    async with asking(pool) as client:
        yield client


async def put(client: httpx.AsyncClient, policy: Any, version: int, reason: str = "试试") -> httpx.Response:
    return await client.put(POLICY, json=policy, params={"version": version, "reason": reason})


async def know(pool: Pool, **fields: Any) -> None:
    """The community's profile, as the engine keeps it."""
    async with pool.acquire() as connection:
        await save_communities(connection, {"tea": (0, Community(profile(**fields)))})


async def test_a_community_begins_with_the_shipped_set(client: httpx.AsyncClient) -> None:
    answer = await client.get(POLICY)
    assert (answer.json()["version"], answer.headers["etag"]) == (0, '"0"')
    assert "flood" in [rule["id"] for rule in answer.json()["policy"]["rules"]]


async def test_a_change_judges_from_the_next_message_on(client: httpx.AsyncClient, pool: Pool) -> None:
    changed = await put(client, STRICT, 0)
    assert (changed.status_code, changed.json()["version"]) == (200, 1)
    assert changed.json()["rule_versions"]["flood"] == 2
    async with pool.acquire() as connection:
        world = World(connection, effects=fresh_effects())
        await world.handle(*(posted(f"第{n}条不同的话题", at(n), message=f"m{n}") for n in range(3)))
        assert len(await world.removed()) == 3
        rows = await connection.fetch("SELECT DISTINCT rule_version FROM removal")
    assert [row["rule_version"] for row in rows] == [2]


async def test_a_change_of_another_version_is_refused_with_the_current_one(client: httpx.AsyncClient) -> None:
    assert (await put(client, STRICT, 0)).status_code == 200
    refusal = await put(client, {}, 0)
    assert (refusal.status_code, refusal.json()["version"]) == (409, 1)
    tagged = await client.put(POLICY, json={}, headers={"if-match": '"1"'}, params={"reason": "回到默认"})
    assert tagged.json()["version"] == 2


async def test_of_two_changes_at_once_one_is_refused(client: httpx.AsyncClient) -> None:
    answers = await asyncio.gather(*(put(client, STRICT, 0) for _ in range(4)))
    assert sorted(answer.status_code for answer in answers) == [200, 409, 409, 409]


@pytest.mark.parametrize(
    ("headers", "params"),
    [
        ({"x-operator": ""}, {"version": 0, "reason": "x"}),
        ({}, {"version": 0}),
        ({}, {"version": 0, "reason": "  "}),
        ({}, {"reason": "x"}),
        ({"if-match": "*"}, {"reason": "x"}),
    ],
)
async def test_a_change_says_who_why_and_of_what(
    client: httpx.AsyncClient, headers: dict[str, str], params: dict[str, Any]
) -> None:
    answer = await client.put(POLICY, json={}, headers=headers, params=params)
    assert answer.status_code == 422
    assert (await client.get(POLICY)).json()["version"] == 0


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        ('{"rules": [{"id": "x", "kind": "nonsense"}]}', "application/json"),
        ("rules: [{id: x}]", "application/yaml"),
        ("{", "application/json"),
        ("[" * 20_000, "application/json"),
        ("[" * 20_000, "application/yaml"),
        ("when: 2024-13-45", "application/yaml"),
        ("a: [", "application/yaml"),
        ("- a", "application/yaml"),
        (b"\xff\xfe", "application/yaml"),
        ("", "application/json"),
        (" \n", "application/yaml"),
        ('{"rules": [{"id": "x", "names": {"en": "\\ud800"}}]}', "application/json"),
    ],
)
async def test_a_bad_policy_is_refused_with_its_complaints(
    client: httpx.AsyncClient, body: str | bytes, kind: str
) -> None:
    params: dict[str, Any] = {"version": 0, "reason": "x"}
    answer = await client.put(POLICY, content=body, headers={"content-type": kind}, params=params)
    assert answer.status_code == 422
    assert answer.json()["complaints"]
    assert (await client.get(POLICY)).json()["version"] == 0


async def test_yaml_goes_out_and_comes_back(client: httpx.AsyncClient) -> None:
    await put(client, {"rules": [{"id": "flood", "names": {"zh-CN": "别刷屏😀"}}]}, 0)
    first = await client.get(POLICY, headers={"accept": "application/yaml"})
    assert first.headers["content-type"].startswith("application/yaml")
    assert "别刷屏😀" in first.text
    params: dict[str, Any] = {"version": 1, "reason": "导入", "format": "yaml"}
    headers = {"content-type": "application/yaml"}
    again = await client.put(POLICY, content=first.text.encode(), headers=headers, params=params)
    assert (again.status_code, again.text) == (200, first.text)


async def test_versions_say_who_and_why(client: httpx.AsyncClient) -> None:
    for version, reason in enumerate(("刷屏太多", "放宽一些", "再放宽")):
        await put(
            client, {"rules": [{"id": "flood", "params": {"messages_max": 9 + version}}]}, version, reason
        )
    shown: list[tuple[int, str, str]] = []
    cursor: str | None = None
    for _ in range(2):
        query: dict[str, Any] = {"limit": 2} | ({"cursor": cursor} if cursor else {})
        page = (await client.get(f"{POLICY}/versions", params=query)).json()
        shown += [(each["version"], each["changed_by"], each["reason"]) for each in page["items"]]
        cursor = page["next_cursor"]
    assert shown == [(3, "olga", "再放宽"), (2, "olga", "放宽一些"), (1, "olga", "刷屏太多")]
    one = (await client.get(f"{POLICY}/versions/2")).json()
    assert one["document"] == {"rules": [{"id": "flood", "params": {"messages_max": 10}}]}
    assert (await client.get(f"{POLICY}/versions/9")).status_code == 404


async def test_an_earlier_version_comes_back_as_a_new_one(client: httpx.AsyncClient) -> None:
    await put(client, STRICT, 0)
    await put(client, {}, 1)
    params: dict[str, Any] = {"version": 2, "reason": "还是严一点"}
    back = (await client.post(f"{POLICY}/versions/1/restore", params=params)).json()
    assert (back["version"], back["rule_versions"]["flood"]) == (3, 4)
    flood = next(rule for rule in back["policy"]["rules"] if rule["id"] == "flood")
    assert flood["params"]["messages_max"] == 2
    assert (await client.post(f"{POLICY}/versions/1/restore", params=params)).status_code == 409
    missing = await client.post(f"{POLICY}/versions/7/restore", params=params | {"version": 3})
    assert missing.status_code == 404


async def test_a_rule_that_was_dropped_and_returns_never_has_an_old_number(client: httpx.AsyncClient) -> None:
    own = {"rules": [{"id": "night", "kind": "flood", "params": {"messages_max": 2}}]}
    other = {"rules": [{"id": "night", "kind": "flood", "params": {"messages_max": 3}}]}
    numbers = []
    for version, policy in enumerate((own, {}, other)):
        answer = (await put(client, policy, version)).json()
        numbers.append(answer["rule_versions"].get("night"))
    assert numbers == [1, None, 2]


async def test_a_policy_that_no_longer_loads_can_be_replaced(client: httpx.AsyncClient, pool: Pool) -> None:
    await put(client, STRICT, 0)
    await pool.execute(
        "INSERT INTO policy SELECT community_id, 2, $1, rules, changed_at, changed_by, reason FROM policy",
        '{"rules": [{"id": "old", "kind": "of_a_later_release"}]}',
    )
    assert (await client.get(POLICY)).status_code == 409
    changed = await put(client, {}, 2)
    assert (changed.status_code, changed.json()["version"]) == (200, 3)
    assert changed.json()["rule_versions"]["flood"] == 3


async def test_contradictions_are_told_and_nothing_is_saved(client: httpx.AsyncClient, pool: Pool) -> None:
    await know(pool, channels=(Channel(channel_id="hall"), Channel(channel_id="shop")))
    policy = {
        "rules": [
            {"id": "flood2", "kind": "flood", "mode": "observe"},
            {"id": "wall", "scope": {"channels": ["hell"]}},
            {"id": "contact_ad", "scope": {"channels_exempt": ["hall", "shop"], "roles_exempt": ["member"]}},
        ]
    }
    linted = (await client.post(f"{POLICY}/lint", json=policy, headers={"accept-language": "en"})).json()
    assert linted["valid"] is True
    assert [warning.split(" ")[1] for warning in linted["warnings"]] == [
        "flood", "contact_ad", "contact_ad", "wall",
    ]  # fmt: skip
    assert (await client.get(POLICY)).json()["version"] == 0
    bad = (await client.post(f"{POLICY}/lint", json={"rules": [{"id": "x"}]})).json()
    assert bad == {"valid": False, "errors": ["rule x: its kind is missing"], "warnings": []}
    assert (await client.post(f"{POLICY}/lint", json={})).json()["warnings"] == []


async def test_members_read_the_rules_in_their_language(client: httpx.AsyncClient, pool: Pool) -> None:
    await know(pool, name="茶友会", channels=(Channel(channel_id="hall", name="大厅"),))
    await put(client, STRICT | {"rules": [*STRICT["rules"], {"id": "wall", "mode": "observe"}]}, 0)
    chinese = (await client.get(f"{POLICY}/text")).text
    assert "茶友会" in chinese
    assert "10 秒内消息不超过 2 条" in chinese
    assert "禁言 24 小时" in chinese
    assert "禁止超长" not in chinese
    assert "名单" not in chinese
    english = (await client.get(f"{POLICY}/text", params={"locale": "en"})).text
    assert "no more than 2 messages" in english


UNBUILT = {"rules": [{"id": "ours", "kind": "lexicon", "params": {"lists": ["nowhere"]}}]}
ADD = """
    INSERT INTO policy (community_id, version, document, rules, changed_at, changed_by, reason)
    VALUES ('tea', $1, $2, '{}', now(), 'older release', 'x')
"""


async def test_a_policy_that_cannot_be_built_is_refused_when_written_and_when_linted(
    client: httpx.AsyncClient,
) -> None:
    refusal = await put(client, UNBUILT, 0)
    assert (refusal.status_code, refusal.json()["complaints"]) == (
        422, ["rule ours: there is no word list 'nowhere'; "
              "there are abuse, vulgarity, illegal, incitement, spam"],
    )  # fmt: skip
    linted = (await client.post(f"{POLICY}/lint", json=UNBUILT)).json()
    assert (linted["valid"], linted["errors"]) == (False, refusal.json()["complaints"])
    assert (await client.get(POLICY)).json()["version"] == 0


@pytest.mark.parametrize("broken", [json.dumps(UNBUILT), '{"rules": [{"id": "x", "kind": "later"}]}', "[]"])
async def test_a_stored_policy_that_cannot_be_built_stops_nothing_the_last_good_one_judges(
    client: httpx.AsyncClient, pool: Pool, broken: str
) -> None:
    await put(client, STRICT, 0)
    async with pool.acquire() as connection:
        await connection.execute(ADD, 2, broken)
        await connection.execute(ADD, 3, broken)
        world = World(connection, effects=fresh_effects())
        await world.handle(*(posted(f"第{n}条不同的话题", at(n), message=f"m{n}") for n in range(3)))
        assert len(await world.removed()) == 3
    if broken == json.dumps(UNBUILT):
        shown = (await client.get(POLICY)).json()
        assert (shown["version"], shown["judging"]) == (3, 1)
    corrected = await put(client, {}, 3)
    assert (corrected.json()["version"], corrected.json()["judging"]) == (4, 4)


async def test_where_no_version_can_be_built_the_shipped_set_judges(
    client: httpx.AsyncClient, pool: Pool
) -> None:
    async with pool.acquire() as connection:
        await connection.execute(ADD, 1, json.dumps(UNBUILT))
    shown = (await client.get(POLICY)).json()
    assert (shown["version"], shown["judging"]) == (1, 0)
