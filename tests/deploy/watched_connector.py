"""The webhook connector as a process, and a bot that talks, errs and obeys, for the monitoring to see."""

import asyncio
import os
import sys
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path

import httpx
import yaml

from connectors.sdk.publisher import Publisher
from deploy.local.home import REPOSITORY
from deploy.local.ports import HOST
from shared.contracts.commands import DeleteMessage
from tests.architecture.built import free_port
from tests.webhook_world import SignedBot, new_secret

COMMUNITY = "watched-tea"
START_SECONDS_MAX = 120.0


@dataclass(frozen=True, slots=True)
class ConnectedBot:
    """The bot, and where its connector's metrics are."""

    servers: str
    metrics: str
    bot: SignedBot

    async def chat(self, stopping: asyncio.Event) -> None:
        """Each second one message, one event that nobody knows, and one command that is carried out."""
        for number in count(1):
            if stopping.is_set():
                return
            with suppress(httpx.HTTPError):  # it is a load, not a measurement
                unknown = self.bot.message(number, type="message.dreamt")
                await self.bot.post("/v1/events", [self.bot.message(number), unknown])
                await self._ask(number)
                for command in (await self.bot.get("/v1/commands?wait=1")).json()["commands"]:
                    receipt = {"command_id": command["id"], "outcome": "executed"}
                    await self.bot.post("/v1/receipts", receipt)
            await asyncio.sleep(1)

    async def _ask(self, number: int) -> None:
        expires_at = datetime.now(UTC) + timedelta(minutes=5)
        command = DeleteMessage(
            community_id=COMMUNITY, purpose="test", cause_id=f"cause-{number}", reason="test",
            expires_at=expires_at, channel_id="hall", message_id=f"m{number}", member_id="ann",
        )  # fmt: skip
        async with Publisher(self.servers, "/hearth/moderation") as publisher:
            await publisher.publish(command, datetime.now(UTC))


@asynccontextmanager
async def connected(servers: str, folder: Path) -> AsyncIterator[ConnectedBot]:
    """The process, ready; ended afterwards, with exit code 0."""
    bots = folder / "bots.yaml"
    bot = {"name": "fox", "secrets": [new_secret()], "places": [{"community": COMMUNITY}]}
    bots.write_text(yaml.safe_dump({"bots": [bot]}), encoding="utf-8")
    api, metrics = free_port(), free_port()
    told = {
        "KAFKA_BOOTSTRAP_SERVERS": servers,
        "CONNECTOR_ID": f"watched-{uuid.uuid4().hex[:8]}",
        "CONNECTOR_STORE": f"sqlite:{folder}/watched.db",
        "WEBHOOK_BOTS_FILE": str(bots),
        "API_PORT": str(api),
        "METRICS_PORT": str(metrics),
    }
    output = (folder / "watched-connector.log").open("wb")
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "connectors.webhook", cwd=REPOSITORY, env={**os.environ, **told},
        stdin=asyncio.subprocess.DEVNULL, stdout=output, stderr=asyncio.subprocess.STDOUT,
    )  # fmt: skip
    try:
        async with httpx.AsyncClient(trust_env=False, timeout=30) as client:
            speaker = SignedBot(f"http://{HOST}:{api}", COMMUNITY, client=client)
            await _listens(client, f"{speaker.url}/livez")
            yield ConnectedBot(servers, f"{HOST}:{metrics}", speaker)
        process.terminate()
        assert await asyncio.wait_for(process.wait(), 60) == 0
    finally:
        output.close()
        if process.returncode is None:
            process.kill()
            await process.wait()


async def _listens(client: httpx.AsyncClient, url: str) -> None:
    async with asyncio.timeout(START_SECONDS_MAX):
        while True:
            with suppress(httpx.TransportError):
                if (await client.get(url)).status_code == httpx.codes.OK:
                    return
            await asyncio.sleep(0.2)
