"""`hearth connectors` tells how each connector fares."""

import asyncio
import json
import os
import re
import sys
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from connectors.sdk.command_store import Arrived, CommandStore
from connectors.sdk.connector import Connector
from connectors.sdk.outcomes import Done, Unreachable
from connectors.sdk.outlet import Outlet
from connectors.sdk.states import key_of, read_states
from deploy.local.home import REPOSITORY
from deploy.local.kafka import KafkaServer
from shared.contracts.chat import MessagePosted
from shared.contracts.commands import Command, DeleteMessage
from shared.contracts.connectors import ConnectorState
from tests.connector_world import Chat, new_name

TOLD_SECONDS_MAX = 90


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


async def told(chat: Chat, holds: Callable[[ConnectorState], bool]) -> dict[str, Any]:
    """The row of the chat's connector, once the connector has told what is waited for."""
    async with asyncio.timeout(TOLD_SECONDS_MAX):
        while True:
            seen = (await read_states(chat.servers)).get(chat.connector_id)
            if seen and holds(seen[0]):
                break
            await asyncio.sleep(0.1)
    return (await row_of(chat, chat.connector_id))[1]


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
        row = await told(chat, lambda state: state.last_error != "")
        assert (row["state"], row["last_error"], row["commands_waiting"]) == ("degraded", "HTTP 502", 1)
        assert row["places"][0]["community_id"] == chat.community
        code, out = await listed(chat)
        assert code == 1
        line = next(line for line in out.splitlines() if chat.connector_id in line)
        assert f"{chat.community}/qq" in line
        assert "HTTP 502" in line
    assert (await row_of(chat, chat.connector_id))[1]["state"] == "stopped"


def said(chat: Chat, message: str) -> MessagePosted:
    """A message in the community."""
    where = {"community_id": chat.community, "channel_id": "qq:1", "member_id": "qq:7"}
    return MessagePosted(**where, message_id=message, text="早")


def away_in_one_channel(command: Command) -> Done:
    """The platform cannot be reached for one channel."""
    if isinstance(command, DeleteMessage) and command.channel_id == "qq:2":
        raise Unreachable("HTTP 503 for now")
    return Done()


async def test_every_column_is_what_the_connector_did(chat: Chat, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of five commands two are taken from Kafka before its store hangs: one is done, one cannot be now."""
    monkeypatch.setattr("connectors.sdk.connector.HEARTBEAT_SECONDS", 0.5)
    monkeypatch.setattr("connectors.sdk.command_intake.RECORDS_MAX", 1)
    kept: list[Arrived] = []
    add = CommandStore.add

    async def hangs_at_the_third(store: CommandStore, arrived: Sequence[Arrived]) -> None:
        if len(kept) == 2:
            await asyncio.Event().wait()
        kept.extend(arrived)
        await add(store, arrived)

    monkeypatch.setattr(CommandStore, "add", hangs_at_the_third)
    chat.platform.answer = away_in_one_channel
    for number in range(1, 6):
        await chat.ask(chat.command(DeleteMessage, channel_id=f"qq:{number}"))
    async with chat.running() as connector:
        for number in range(3):
            await connector.publish([(said(chat, f"m{number}"), datetime.now(UTC))])
        row = await told(
            chat,
            lambda state: (
                (state.commands, state.commands_waiting, state.last_error) == (1, 1, "HTTP 503 for now")
            ),
        )
        _, out = await listed(chat)
        assert (row["platform"], row["state"], row["events"]) == ("scripted", "degraded", 3)
        assert row["lag"] == connector.intake.lag >= 3
        assert datetime.fromisoformat(row["last_error_at"]) >= datetime.fromisoformat(row["started_at"])
        shown = dict(
            zip(*(re.split(r"\s{2,}", line.strip()) for line in lines_about(chat, out)), strict=True)
        )
        assert {name: shown[name] for name in shown if name not in ("told", "a minute", "lag")} == {
            "connector": chat.connector_id, "platform": "scripted", "state": "degraded",
            "places": f"{chat.community}/qq", "events": "3", "commands": "1", "waiting": "1",
            "last error": "HTTP 503 for now",
        }  # fmt: skip
        assert int(shown["lag"].replace(",", "")) >= 3
        assert shown["told"].endswith("s ago")


def lines_about(chat: Chat, out: str) -> tuple[str, str]:
    """The heading, and the line of the connector."""
    lines = out.splitlines()
    return lines[0], next(line for line in lines if chat.connector_id in line)


async def test_the_rate_is_of_what_was_published_lately(chat: Chat, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("connectors.sdk.connector.HEARTBEAT_SECONDS", 0.5)

    async def talk(connector: Connector) -> None:
        while True:
            await connector.publish([(said(chat, new_name("m")), datetime.now(UTC))])
            await asyncio.sleep(0.05)

    async with chat.running() as connector:
        talking = asyncio.create_task(talk(connector))
        try:
            row = await told(chat, lambda state: state.events_per_minute > 0)
        finally:
            talking.cancel()
        assert 1 < row["events_per_minute"] < 60 / 0.05
        row = await told(chat, lambda state: state.events_per_minute == 0)
        assert row["events_per_minute"] == 0


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
