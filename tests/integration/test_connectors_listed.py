"""`hearth connectors` tells how each connector fares."""

import asyncio
import json
import os
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from connectors.sdk.outcomes import Unreachable
from connectors.sdk.outlet import Outlet
from connectors.sdk.states import key_of
from deploy.local.home import REPOSITORY
from deploy.local.kafka import KafkaServer
from shared.contracts.commands import Command, DeleteMessage
from shared.contracts.connectors import ConnectorState
from tests.connector_world import Chat, new_name


async def listed(chat: Chat, *arguments: str) -> tuple[int, str]:
    """The command as an operator runs it."""
    addresses = {"KAFKA_BOOTSTRAP_SERVERS": chat.servers, "DATABASE_URL": "postgresql://nobody@x/x"}
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tools.cli", "connectors", *arguments, cwd=REPOSITORY,
        env={**os.environ, **addresses, "COLUMNS": "250"}, stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    out, _ = await process.communicate()
    return process.returncode or 0, out.decode()


async def row_of(chat: Chat, connector_id: str) -> tuple[int, dict[str, Any]]:
    """The exit code, and what is told of one connector."""
    code, out = await listed(chat, "--json")
    return code, next(row for row in json.loads(out) if row["connector"] == connector_id)


@pytest.fixture
def chat(kafka_server: KafkaServer, tmp_path: Path) -> Chat:
    return Chat(kafka_server.bootstrap_servers, tmp_path, namespace="qq")


async def test_a_connector_is_listed_with_its_error_and_its_goodbye(
    chat: Chat, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("connectors.sdk.connector.HEARTBEAT_SECONDS", 0.5)

    def away(command: Command) -> Any:
        raise Unreachable("HTTP 502")

    chat.platform.answer = away
    async with chat.running():
        await chat.ask(chat.command(DeleteMessage, channel_id="qq:1"))
        async with asyncio.timeout(30):
            row = (await row_of(chat, chat.connector_id))[1]
            while row["last_error"] == "":
                row = (await row_of(chat, chat.connector_id))[1]
        assert (row["state"], row["last_error"], row["commands_waiting"]) == ("degraded", "HTTP 502", 1)
        assert row["places"][0]["community_id"] == chat.community
        code, out = await listed(chat)
        assert code == 1
        line = next(line for line in out.splitlines() if chat.connector_id in line)
        assert f"{chat.community}/qq" in line
        assert "HTTP 502" in line
    assert (await row_of(chat, chat.connector_id))[1]["state"] == "stopped"


async def test_a_connector_that_fell_silent_is_gone(chat: Chat) -> None:
    name, long_ago = new_name("lost"), datetime.now(UTC) - timedelta(minutes=5)
    state = ConnectorState(
        community_id=key_of(name), connector_id=name, run_id="r", state="running", started_at=long_ago
    )
    outlet = Outlet(chat.servers, f"/connectors/{name}")
    await outlet.send([(state, long_ago)])
    await outlet.close()
    code, row = await row_of(chat, name)
    assert (code, row["state"]) == (1, "gone")
