"""What operators of the machinery see and do over HTTP, on a real database."""

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import asyncpg
import httpx
import pytest
from fastapi import FastAPI
from pydantic import SecretStr

from shared.engine import Routes
from shared.engine.engine import Engine
from shared.http.runtime import Runtime
from shared.settings import ServiceSettings
from tests.architecture.built import NOBODY, TOKEN, free_port
from tests.integration.shell_service import NAME, build
from tests.servers import ServiceDatabase

SOME_ROWS = """
    INSERT INTO lane (consumer_group, partition) VALUES ('hearth.teahouse', 99);
    INSERT INTO lane_offset (consumer_group, topic, partition, first_offset, next_offset, applied, skipped)
    VALUES ('hearth.teahouse', 'chat.events', 99, 3, 10, 5, 2);
    INSERT INTO dead_letter
        (consumer_group, topic, partition, "offset", reason, detail, headers, value, status,
         resolved_by, resolved_for, resolved_at)
    SELECT 'hearth.teahouse', 'chat.events', 99, n, 'not_json', 'd', '{"h": "canary"}', 'canary',
           CASE WHEN n = 7 THEN 'replayed' ELSE 'dead' END, 'lin', 'mended', now()
    FROM generate_series(1, 11) AS n;
"""


@pytest.fixture
async def database(service_database: Callable[[str], Awaitable[ServiceDatabase]]) -> ServiceDatabase:
    return await service_database(NAME)


@pytest.fixture
async def app(database: ServiceDatabase) -> AsyncIterator[FastAPI]:
    """The service with its database; Kafka is away."""
    settings = ServiceSettings(
        database_url=SecretStr(database.app_url),
        kafka_bootstrap_servers=NOBODY,
        api_port=free_port(),
        metrics_port=free_port(),
        api_token=SecretStr(TOKEN),
    )
    app = build(settings)
    async with app.router.lifespan_context(app):
        yield app


@pytest.fixture
async def client(app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    credentials = {"authorization": f"Bearer {TOKEN}"}
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://t", headers=credentials) as client:
        yield client


@pytest.fixture
async def some_rows(database: ServiceDatabase) -> None:
    connection = await asyncpg.connect(database.app_url)
    await connection.execute(SOME_ROWS)
    await connection.close()


@pytest.mark.usefixtures("some_rows")
async def test_lanes_are_shown_with_their_places(client: httpx.AsyncClient) -> None:
    lanes = (await client.get("/v1/engine/lanes")).json()
    assert [lane["partition"] for lane in lanes] == [99]
    (place,) = lanes[0]["places"]
    assert (place["topic"], place["first_offset"], place["next_offset"]) == ("chat.events", 3, 10)
    assert (place["applied"], place["skipped"]) == (5, 2)


@pytest.mark.usefixtures("some_rows")
async def test_dead_letters_are_shown_newest_first_and_never_with_their_content(
    client: httpx.AsyncClient,
) -> None:
    offsets: list[int] = []
    query: dict[str, Any] = {"limit": 4}
    while True:
        page = await client.get("/v1/engine/dead-letters", params=query)
        assert "canary" not in page.text
        offsets += [letter["offset"] for letter in page.json()["items"]]
        if (cursor := page.json()["next_cursor"]) is None:
            break
        query["cursor"] = cursor
    assert offsets == [11, 10, 9, 8, 6, 5, 4, 3, 2, 1]


@pytest.mark.parametrize("query", [{"limit": 201}, {"limit": 0}, {"cursor": "x"}, {"cursor": "x" * 2000}])
async def test_pages_have_limits(client: httpx.AsyncClient, query: dict[str, Any]) -> None:
    answer = await client.get("/v1/engine/dead-letters", params=query)
    assert answer.status_code in {400, 422}


async def test_a_lane_cannot_be_resumed_while_the_engine_waits_for_kafka(client: httpx.AsyncClient) -> None:
    answer = await client.post("/v1/engine/lanes/3/resume")
    assert (answer.status_code, answer.json()["type"]) == (503, "urn:hearth:problem:not-ready")


@pytest.mark.parametrize(
    ("partition", "status"), [("3", 409), ("-1", 422), ("24", 422), ("x", 422), ("9" * 30, 422)]
)
async def test_only_a_stopped_lane_can_be_resumed(
    app: FastAPI, client: httpx.AsyncClient, partition: str, status: int
) -> None:
    runtime: Runtime = app.state.runtime
    assert runtime.pool is not None
    runtime.engine = Engine(NAME, Routes(), runtime.pool, NOBODY)
    assert (await client.post(f"/v1/engine/lanes/{partition}/resume")).status_code == status
