"""Back-tests over HTTP on a real log: what is asked for is read, nothing is done, one runs at a time."""

import asyncio
import json
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
import uvicorn
from fastapi import FastAPI
from pydantic import SecretStr
from typer.testing import CliRunner

from connectors.sdk.publisher import Publisher
from deploy.local.kafka import KafkaServer
from services.moderation.api import backtests
from services.moderation.store.recorded_log import RecordedLog
from shared.contracts.chat import MessageEdited, MessagePosted
from shared.http.application import guarded_application, include_guarded
from shared.postgres.pool import open_pool
from tests.builders import NOON
from tests.engine_world import fresh
from tests.moderation_world import WORDS, MakeDatabase
from tools.cli import app as cli

TOKEN = "a-token-for-these-tests"
AD = "兼职日结，加微信 abc12345"
WAIT_SECONDS = 60
OFF: dict[str, Any] = {"rules": [{"id": name, "mode": "off"} for name in ("contact_ad", *WORDS)]}


@pytest.fixture
async def client(
    kafka_server: KafkaServer, service_database: MakeDatabase
) -> AsyncIterator[httpx.AsyncClient]:
    """Asks the routes with the token."""
    pool = await open_pool((await service_database("moderation")).app_url, "test", size_min=1, size_max=2)
    app = guarded_application("moderation", SecretStr(TOKEN))
    include_guarded(app, backtests.router(pool, RecordedLog(kafka_server.bootstrap_servers)))
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(app),
        base_url="http://test/v1/communities",
        headers={"authorization": f"Bearer {TOKEN}"},
    ) as asking:
        yield asking
    await pool.close()


@asynccontextmanager
async def serving(app: FastAPI) -> AsyncIterator[str]:
    """The app on a port of this machine; gives its address."""
    server = uvicorn.Server(uvicorn.Config(app, port=0, log_config=None))
    running = asyncio.create_task(server.serve())
    while not server.started:  # noqa: ASYNC110
        await asyncio.sleep(0.01)
    yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    server.should_exit = True
    await running


async def publish(servers: str, community: str, said: Iterable[tuple[str, float]], **fields: Any) -> None:
    """ann says these, so many seconds after noon."""
    async with Publisher(servers, "/test") as publisher:
        for text, seconds in said:
            message = MessagePosted(
                community_id=community, channel_id="hall", message_id=f"m{seconds:g}", member_id="ann",
                text=text, **fields,
            )  # fmt: skip
            await publisher.publish(message, NOON + timedelta(seconds=seconds))


def question(
    candidate: dict[str, Any], first: float = -10, last: float = 10_000, **more: Any
) -> dict[str, Any]:
    """From and to in seconds after noon."""
    since, until = (NOON + timedelta(seconds=seconds) for seconds in (first, last))
    return {"candidate": candidate, "from": since.isoformat(), "to": until.isoformat(), **more}


async def finished(client: httpx.AsyncClient, community: str, asked: dict[str, Any]) -> dict[str, Any]:
    """The test as soon as it does not run any more."""
    response = await client.post(f"/{community}/backtests", json=asked)
    assert response.status_code == 202, response.text
    state: dict[str, Any] = response.json()
    async with asyncio.timeout(WAIT_SECONDS):
        while state["state"] == "running":
            await asyncio.sleep(0.05)
            state = (await client.get(f"/{community}/backtests/{state['id']}")).json()
    return state


async def test_a_candidate_is_compared_on_what_was_written(
    client: httpx.AsyncClient, kafka_server: KafkaServer
) -> None:
    community, other = fresh(), fresh()
    servers = kafka_server.bootstrap_servers
    await publish(servers, community, [("大家好", 0), (AD, 100), ("早", 200), (AD, 5000)])
    await publish(servers, community, [(AD, 300)], is_bot=True)
    await publish(servers, other, [(AD, 0)])
    async with Publisher(servers, "/test") as publisher:
        edited = MessageEdited(
            community_id=community, channel_id="hall", message_id="m200", member_id="ann", text=AD
        )
        await publisher.publish(edited, NOON + timedelta(seconds=250))
    asked = question(OFF, last=4000, overturned=["m100"])
    state = await finished(client, community, asked)
    assert (state["state"], state["progress"], state["is_whole"]) == ("done", 1.0, True)
    assert datetime.fromisoformat(state["log_begins_at"])
    result = state["result"]
    assert result["messages"] == 4
    assert result["newly_lost"] == {"count": 2, "message_ids": ["m100", "m200"]}
    assert result["active"]["verdicts"]["remove"] == 2
    assert result["overturned"]["active"]["message_ids"] == ["m100"]
    assert result["overturned"]["candidate"]["count"] == 0


async def test_the_command_asks_the_service_and_waits(
    client: httpx.AsyncClient, kafka_server: KafkaServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    community = f"tea/{fresh()}"
    await publish(kafka_server.bootstrap_servers, community, [("大家好", 0), (AD, 100)])
    rules = tmp_path / "candidate.yaml"
    rules.write_text(json.dumps(OFF))
    monkeypatch.setenv("API_TOKEN", TOKEN)
    command = ["moderation", "backtest", "--rules", str(rules), "--community", community, "--json"]
    command += ["--from", f"{NOON:%Y-%m-%d}", "--to", f"{NOON + timedelta(days=1):%Y-%m-%d}"]
    async with serving(client._transport.app) as url:  # type: ignore[attr-defined]
        monkeypatch.setenv("MODERATION_URL", url)
        done = await asyncio.to_thread(CliRunner().invoke, cli, command)
    assert done.exit_code == 0, done.output
    assert json.loads(done.stdout)["newly_lost"]["message_ids"] == ["m100"]
    assert "the log goes back to" in done.stderr


async def test_nothing_written_is_an_empty_result(client: httpx.AsyncClient) -> None:
    state = await finished(client, fresh(), question(OFF))
    assert (state["state"], state["log_begins_at"], state["result"]["messages"]) == ("done", None, 0)


async def test_a_second_test_waits_for_the_first_or_for_its_end(
    client: httpx.AsyncClient, kafka_server: KafkaServer
) -> None:
    community = fresh()
    await publish(kafka_server.bootstrap_servers, community, [("大家好", 0)])
    first = (await client.post(f"/{community}/backtests", json=question(OFF))).json()
    refused = await client.post(f"/{community}/backtests", json=question(OFF))
    assert refused.status_code == 429
    assert refused.json()["type"] == "urn:hearth:problem:backtest-busy"
    path = f"/{community}/backtests/{first['id']}"
    assert (await client.get(f"/{fresh()}/backtests/{first['id']}")).status_code == 404
    assert (await client.delete(path)).status_code == 204
    assert (await client.get(path)).status_code == 404
    assert (await finished(client, community, question(OFF)))["state"] == "done"


@pytest.mark.parametrize(
    "asked",
    [
        question({"rules": [{"id": "flood", "params": {"messages_max": 0}}]}),
        question({"rules": [{"id": "mine", "kind": "no_such_kind"}]}),
        question(OFF, first=5, last=5),
        {"candidate": OFF, "from": "2024-03-05T00:00:00", "to": "2024-03-06T00:00:00Z"},
        question(OFF) | {"overturned": ["m"] * 10_001},
    ],
)
async def test_a_bad_question_is_refused(client: httpx.AsyncClient, asked: dict[str, Any]) -> None:
    assert (await client.post("/tea/backtests", json=asked)).status_code == 422


async def test_a_log_that_is_away_fails_the_test(service_database: MakeDatabase) -> None:
    pool = await open_pool((await service_database("moderation")).app_url, "test", size_min=1, size_max=2)
    app = guarded_application("moderation", SecretStr(TOKEN))
    include_guarded(app, backtests.router(pool, RecordedLog("127.0.0.1:1")))
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(app),
        base_url="http://test/v1/communities",
        headers={"authorization": f"Bearer {TOKEN}"},
    ) as client:
        assert (await finished(client, "tea", question(OFF)))["state"] == "failed"
    await pool.close()
