"""`hearth engagement` against a served API on real rows."""

import asyncio
import json
from collections.abc import AsyncIterator

import pytest
import uvicorn
from pydantic import SecretStr
from typer.testing import CliRunner, Result

from services.engagement.api import router
from shared.http.application import guarded_application, include_guarded
from tests.engagement_world import TOKEN, MakeDatabase, engagement_world
from tests.integration.test_engagement_warmups import lived
from tests.laws.stories import COMMUNITY, HALL
from tools.cli import app


@pytest.fixture
async def address(service_database: MakeDatabase) -> AsyncIterator[str]:
    async with engagement_world(await service_database("engagement")) as world:
        silent_since = await lived(world, 8)
        await world.advance(silent_since.replace(hour=12))
        api = guarded_application("engagement", SecretStr(TOKEN))
        include_guarded(api, router(world.pool))
        server = uvicorn.Server(uvicorn.Config(api, host="127.0.0.1", port=0, log_config=None))
        running = asyncio.create_task(server.serve())
        while not server.started:  # noqa: ASYNC110
            await asyncio.sleep(0.01)
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
        server.should_exit = True
        await running


async def run(address: str, *arguments: str) -> Result:
    def invoke() -> Result:
        known = {"ENGAGEMENT_URL": address, "API_TOKEN": TOKEN, "COLUMNS": "200"}
        return CliRunner().invoke(app, ["engagement", *arguments], env=known)

    return await asyncio.to_thread(invoke)


async def test_baselines_cold_spells_warm_ups_and_the_graph_are_shown(address: str) -> None:
    shown = await run(address, "baselines", COMMUNITY)
    assert (shown.exit_code, HALL in shown.output) == (0, True)
    spells = await run(address, "cold-spells", COMMUNITY, "--json")
    assert len(json.loads(spells.output)["items"]) == 1
    worth = await run(address, "warmups", COMMUNITY)
    assert (worth.exit_code, "too few to say" in worth.output) == (0, True)
    graph = await run(address, "graph", COMMUNITY)
    assert (graph.exit_code, "concentration" in graph.output) == (0, True)


async def test_who_cannot_be_asked_is_told_so() -> None:
    shown = await run("http://127.0.0.1:1", "baselines", COMMUNITY)
    assert (shown.exit_code, "does not answer" in shown.output) == (1, True)
