"""What people may ask of moderation over HTTP, on a real database."""

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from pydantic import SecretStr

from services.moderation import api
from shared.contracts.contract import TEXT_CHARACTERS_MAX
from shared.http.application import guarded_application, include_guarded
from shared.postgres.connection import Pool
from shared.postgres.pool import open_pool
from tests.builders import at, posted
from tests.moderation_world import MakeDatabase, World

TOKEN = "a-token-for-these-tests"
AD = "兼职日结，加 微 信 abc12345"


@pytest.fixture
async def pool(service_database: MakeDatabase) -> AsyncIterator[Pool]:
    """The service's own pool on a fresh database."""
    opened = await open_pool((await service_database("moderation")).app_url, "test", size_min=1, size_max=2)
    yield opened
    await opened.close()


@pytest.fixture
async def client(pool: Pool) -> AsyncIterator[httpx.AsyncClient]:
    """Asks the routes with the token."""
    app = guarded_application("moderation", SecretStr(TOKEN))
    include_guarded(app, api.router(pool))
    headers = {"authorization": f"Bearer {TOKEN}"}
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(app), base_url="http://test/v1", headers=headers
    ) as asking:
        yield asking


async def test_without_the_token_nothing_is_told(client: httpx.AsyncClient) -> None:
    headers = {"authorization": ""}
    assert (await client.get("/communities/tea/removals", headers=headers)).status_code == 401
    assert (await client.post("/check", json={"text": AD}, headers=headers)).status_code == 401


async def test_removals_come_in_pages_newest_first(client: httpx.AsyncClient, pool: Pool) -> None:
    async with pool.acquire() as connection:
        ads = [posted(AD, at(n // 2), message=f"m{n}", member=f"member{n}") for n in range(5)]
        await World(connection).handle(*ads, posted(AD, community="club"))
    shown: list[str] = []
    query: dict[str, Any] = {"limit": 2}
    for size in (2, 2, 1):
        page = (await client.get("/communities/tea/removals", params=query)).json()
        assert len(page["items"]) == size
        shown += [item["message_id"] for item in page["items"]]
        query["cursor"] = page["next_cursor"]
    assert shown == ["m4", "m3", "m2", "m1", "m0"]
    assert query["cursor"] is None


async def test_a_removal_says_why(client: httpx.AsyncClient, pool: Pool) -> None:
    async with pool.acquire() as connection:
        await World(connection).handle(posted(AD, at(5), message="m1", now=at(6)))
    (item,) = (await client.get("/communities/tea/removals")).json()["items"]
    assert item.pop("score") > 0.6
    assert {AD[place["start"] : place["end"]] for place in item.pop("places")} >= {
        "加 微 信 abc12345",
        "兼职",
    }
    assert item == {
        "message_id": "m1",
        "decision": 1,
        "member_id": "ann",
        "channel_id": "hall",
        "rule": "contact_ad",
        "rule_version": 1,
        "evidence": "wechat_id + wechat_mention + adding + income + job",
        "posted_at": "2024-03-05T04:00:05Z",
        "removed_at": "2024-03-05T04:00:06Z",
        "deletion": "asked",
    }


async def test_a_text_can_be_tried(client: httpx.AsyncClient, pool: Pool) -> None:
    checked = (await client.post("/check", json={"text": "加 微 信 ａｂｃ12345"})).json()
    assert checked["normalised"] == "加微信 abc12345"
    (finding,) = checked["findings"]
    assert finding["rule"] == "contact_ad"
    assert {"start": 0, "end": 14} in finding["places"]
    assert (await client.post("/check", json={"text": "大家好"})).json()["findings"] == []
    assert await pool.fetchval("SELECT count(*) FROM finding") == 0


@pytest.mark.parametrize("body", [{}, {"text": 5}, {"text": "x" * (TEXT_CHARACTERS_MAX + 1)}])
async def test_a_bad_text_is_refused(client: httpx.AsyncClient, body: dict[str, Any]) -> None:
    assert (await client.post("/check", json=body)).status_code == 422


async def test_a_strange_cursor_is_refused(client: httpx.AsyncClient) -> None:
    assert (await client.get("/communities/tea/removals", params={"cursor": "@@"})).status_code == 400
