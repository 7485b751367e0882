"""Topic sources (制造话题) over real HTTP, hostile ones too, and drafts of a language model."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import httpx
import pytest
from fastapi import FastAPI, Request, Response
from pydantic import SecretStr

from services.engagement.api import sources
from services.engagement.domain.outside import Outside
from services.engagement.handlers import fetch_sources, fetching
from services.engagement.handlers.fetch_sources import FetchSources
from shared.http.application import guarded_application, include_guarded
from tests.engagement_world import TOKEN, MakeDatabase, World, engagement_world
from tests.laws.stories import COMMUNITY

FEED = """<?xml version="1.0"?><rss version="2.0"><channel><title>t</title>
<item><title>春天喝什么茶？</title></item>
<item><title>&lt;b&gt;周末&lt;/b&gt; 去哪爬山</title></item></channel></rss>"""
ENTITIES = "".join(f'<!ENTITY {name} "{f"&{before};" * 10}">' for before, name in pairwise("abcdefghij"))
LAUGHS = (
    f'<?xml version="1.0"?><!DOCTYPE l [<!ENTITY a "ha">{ENTITIES}]>'
    "<rss><channel><item><title>&j;</title></item></channel></rss>"
)
ADD_TOPIC = """
    INSERT INTO topic (community_id, topic_id, text, tags, source, state, seeded, answered, replies, members,
                       failures, rests_days, changed_by)
    VALUES ($1, 't', '库里的话题', '{}', 'operator', 'active', 0, 0, 0, 0, 0, 14, 'olga')
"""
Serve = Callable[[Request], Awaitable[Response]]


@pytest.fixture
async def world(service_database: MakeDatabase) -> AsyncIterator[World]:
    async with engagement_world(await service_database("engagement")) as world:
        yield world


@asynccontextmanager
async def served(answer: Serve) -> AsyncIterator[str]:
    """A real server on this machine; gives its address."""
    import uvicorn

    app = FastAPI()
    app.add_route("/{path:path}", answer, methods=["GET", "POST"])
    server = uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=0, log_config=None, lifespan="off"))
    running = asyncio.create_task(server.serve())
    while not server.started:  # noqa: ASYNC110
        await asyncio.sleep(0.01)
    port = server.servers[0].sockets[0].getsockname()[1]
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        server.should_exit = True
        await running


@asynccontextmanager
async def asking(world: World, outside: Outside) -> AsyncIterator[httpx.AsyncClient]:
    app = guarded_application("engagement", SecretStr(TOKEN))
    include_guarded(app, sources.router(world.pool, outside))
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(app), base_url=f"http://test/v1/communities/{COMMUNITY}",
        headers={"authorization": f"Bearer {TOKEN}", "x-operator": "olga"},
    ) as client:  # fmt: skip
        yield client


async def bank(world: World) -> list[tuple[str, str, str]]:
    rows = await world.rows("SELECT text, source, state FROM topic ORDER BY text")
    return [(row["text"], row["source"], row["state"]) for row in rows]


async def test_a_feed_becomes_drafts_once_and_is_not_fetched_again_unchanged(world: World) -> None:
    asked: list[str | None] = []

    async def feed(request: Request) -> Response:
        asked.append(request.headers.get("if-none-match"))
        if asked[-1] == '"v1"':
            return Response(status_code=304)
        return Response(FEED, headers={"etag": '"v1"'}, media_type="application/rss+xml")

    async with served(feed) as url, asking(world, Outside(private=True)) as client:
        assert (await client.post("/topic-sources", json={"source_id": "s", "url": url})).status_code == 201
        assert len((await client.post("/topic-sources/s/fetch")).json()["added"]) == 2
        assert (await client.post("/topic-sources/s/fetch")).json()["added"] == []
    assert asked == [None, '"v1"']
    assert await bank(world) == [("周末 去哪爬山", "s", "draft"), ("春天喝什么茶？", "s", "draft")]


async def test_a_source_is_fetched_by_its_timer_at_its_pace_and_later_and_later_when_it_fails(
    world: World,
) -> None:
    asked: list[str | None] = []

    async def feed(request: Request) -> Response:
        asked.append(request.headers.get("if-none-match"))
        if len(asked) > 2:
            return Response(status_code=500)
        return Response(FEED, headers={"etag": '"v1"'}) if len(asked) == 1 else Response(status_code=304)

    fetcher = FetchSources(world.pool, Outside(private=True))
    async with served(feed) as url, asking(world, Outside(private=True)) as client:
        await client.post("/topic-sources", json={"source_id": "s", "url": url, "every_hours": 2})
        await client.post("/topic-sources", json={"source_id": "by-hand", "url": url, "every_hours": 0})
        began = datetime.now(UTC)
        assert await fetcher(began) == 1
        assert len(await bank(world)) == 2
        assert await fetcher(began + timedelta(minutes=119)) == 0
        found = []
        for hours in (2, 4, 5, 6, 7, 8, 9, 10, 13, 14):
            found.append(await fetcher(began + timedelta(hours=hours)))
        shown = (await client.get("/topic-sources")).json()["items"][1]
        assert (await client.delete("/topic-sources/s")).status_code == 204
        assert (await client.delete("/topic-sources/s")).status_code == 404
        assert await fetcher(began + timedelta(days=9)) == 0
    assert found == [1, 1, 0, 1, 0, 0, 0, 1, 0, 0]
    assert asked == [None, *['"v1"'] * 4]
    assert (shown["source_id"], shown["note"]) == ("s", "status 500")


async def test_drafts_that_nobody_looks_at_do_not_pile_up(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fetch_sources, "DRAFTS_MAX", 1)

    async def feed(request: Request) -> Response:
        return Response(FEED)

    async with served(feed) as url, asking(world, Outside(private=True)) as client:
        await client.post("/topic-sources", json={"source_id": "s", "url": url})
        assert len((await client.post("/topic-sources/s/fetch")).json()["added"]) == 1
        assert (await client.post("/topic-sources/s/fetch")).json()["added"] == []


async def test_a_hot_list_is_read_by_its_mapping(world: World) -> None:
    async def hot(request: Request) -> Response:
        return Response(
            json.dumps({"data": {"list": [{"t": {"name": "今年的茶价"}}, {"t": 3}, {"t": {"name": "x"}}]}})
        )

    new = {"source_id": "hot", "kind": "json", "items": "data.list", "title": "t.name", "tags": ["热点"]}
    async with served(hot) as url, asking(world, Outside(private=True)) as client:
        await client.post("/topic-sources", json={**new, "url": url})
        assert len((await client.post("/topic-sources/hot/fetch")).json()["added"]) == 1
    assert await bank(world) == [("今年的茶价", "hot", "draft")]


@pytest.mark.parametrize("kind", ["endless", "hostile", "nonsense", "error", "loop"])
async def test_a_bad_source_is_told_and_changes_nothing(world: World, kind: str) -> None:
    async def bad(request: Request) -> Response:
        if kind == "endless":
            return Response(b"x" * (fetching.BYTES_MAX + 1))
        if kind == "loop":
            return Response(status_code=302, headers={"location": "/again"})
        return Response({"hostile": LAUGHS, "nonsense": "<<<"}.get(kind, ""), 500 if kind == "error" else 200)

    async with served(bad) as url, asking(world, Outside(private=True)) as client:
        await client.post("/topic-sources", json={"source_id": "s", "url": url})
        answer = await client.post("/topic-sources/s/fetch")
        assert (answer.status_code, answer.json()["type"]) == (503, "urn:hearth:problem:source-failed")
        assert (await client.get("/topic-sources")).json()["items"][0]["note"]
    assert await bank(world) == []


@pytest.mark.parametrize(
    "url",
    ["http://127.0.0.1/", "http://localhost/", "http://[::1]/", "http://169.254.169.254/latest", "file:///etc/passwd",
     "http://10.0.0.1/", "http://[::ffff:127.0.0.1]/", "http://user:pw@127.0.0.1/", "gopher://x", "http://"],
)  # fmt: skip
async def test_addresses_that_are_not_public_are_refused(world: World, url: str) -> None:
    async with asking(world, Outside()) as client:
        answer = await client.post("/topic-sources", json={"source_id": "s", "url": url})
    assert (answer.status_code, answer.json()["type"]) == (422, "urn:hearth:problem:source-address")


@pytest.mark.parametrize("answers", ["good", "nonsense", "late", "none"])
async def test_a_model_drafts_topics_and_the_bank_stands_in_for_it(
    world: World, answers: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fetching, "SECONDS_MAX", 0.5)

    async def model(request: Request) -> Response:
        if answers == "late":
            await asyncio.sleep(1)
        lines = "1. 你的第一杯茶是谁泡的？\n- 最难喝的茶是哪种\n"
        good = {"choices": [{"message": {"content": lines}}]}
        return Response(json.dumps(good if answers == "good" else {"choices": "?"}))

    await world.bench.connection.execute(ADD_TOPIC, COMMUNITY)
    async with served(model) as url:
        outside = Outside(drafts_url="" if answers == "none" else url, drafts_model="m")
        async with asking(world, outside) as client:
            drafted = (await client.post("/topics/drafts", json={"theme": "茶"})).json()
    if answers == "good":
        drafts = [text for text, source, state in await bank(world) if (source, state) == ("model", "draft")]
        assert drafts == ["你的第一杯茶是谁泡的？", "最难喝的茶是哪种"]
    else:
        assert drafted == {"added": [], "suggested": ["库里的话题"]}
