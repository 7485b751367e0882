"""`python -m tests.bench.connectors`: the webhook connector as a process, measured from outside.

Intake in batches of 100, single events at 500 a second, and commands from their decision to the bot's door.
"""

import asyncio
import itertools
import json
import os
import statistics
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import uvicorn
import yaml
from fastapi import FastAPI, Request

from connectors.sdk.publisher import Publisher
from connectors.webhook.signature import decode_secret, headers_for
from deploy.local.home import REPOSITORY
from deploy.local.kafka import KafkaServer
from deploy.local.ports import HOST, choose_port
from deploy.local.process import spawn
from deploy.local.setup import set_up
from deploy.local.topics import create_topics
from shared.contracts.commands import DeleteMessage
from tests.bench.lines import Lines
from tests.servers import temporary_home
from tests.webhook_world import new_secret

BATCH, BATCHES, AT_ONCE = 100, 200, 8
SINGLES, SINGLES_A_SECOND = 2_500, 500
COMMANDS, COMMANDS_A_SECOND = 300, 50
CHANNELS = 20
CONNECTIONS = 64
START_SECONDS_MAX = 60.0
COMMUNITY = "bench"


@dataclass(slots=True)
class Door:
    """The bot: what it sends, and when its commands arrive."""

    url: str
    servers: str
    """Kafka's addresses."""
    secret: str
    lines: Lines
    pid: int = 0
    """The connector's process."""
    arrived: dict[str, float] = field(default_factory=dict)
    _sent: int = 0

    async def send(self, count: int) -> float:
        """So many events in one request; seconds until the answer."""
        events = [self._event() for _ in range(count)]
        body = json.dumps({"events": events} if count > 1 else events[0], ensure_ascii=False).encode()
        key = decode_secret(self.secret)
        headers = headers_for([key], f"r{self._sent}", int(time.time()), body)
        began = time.perf_counter()
        status, answer = await self.lines.post("/v1/events", {**headers, "hearth-bot": "fox"}, body)
        assert status == 202, answer
        return time.perf_counter() - began

    def _event(self) -> dict[str, object]:
        self._sent += 1
        data = {
            "community_id": COMMUNITY,
            "channel_id": f"c{self._sent % CHANNELS}",
            "member_id": f"m{self._sent % 300}",
            "message_id": f"b{self._sent}",
            "text": "今天喝的是铁观音，配一点花生，慢慢看书。",
        }
        return {"type": "message.posted", "time": datetime.now(UTC).isoformat(), "data": data}


def _settings(folder: Path, secret: str, bot_port: int) -> dict[str, str]:
    """What the connector is told of its bot."""
    bots = folder / "bots.yaml"
    bot = {
        "name": "fox", "secrets": [secret], "places": [{"community": COMMUNITY}],
        "commands_url": f"http://{HOST}:{bot_port}/commands", "private_address": True,
        "calls_per_second": 1000,
    }  # fmt: skip
    bots.write_text(yaml.safe_dump({"bots": [bot]}))
    return {
        "CONNECTOR_ID": "bench",
        "CONNECTOR_STORE": f"sqlite:{folder}/bench.db",
        "WEBHOOK_BOTS_FILE": str(bots),
    }


@asynccontextmanager
async def door() -> AsyncIterator[Door]:
    """Kafka, the connector as a process, and the bot's own server."""
    app, bot_port, port, secret = FastAPI(), choose_port(None), choose_port(None), new_secret()
    async with temporary_home() as home, httpx.AsyncClient(trust_env=False, timeout=60) as client:
        kafka = KafkaServer.at(home)
        await kafka.start()
        await create_topics(kafka.bootstrap_servers)
        there = Door(f"http://{HOST}:{port}", kafka.bootstrap_servers, secret, Lines(port))

        @app.post("/commands")
        async def take(request: Request) -> dict[str, str]:
            there.arrived[(await request.json())["id"]] = time.time()
            return {"outcome": "executed"}

        server = uvicorn.Server(uvicorn.Config(app, port=bot_port, log_config=None))
        serving = asyncio.create_task(server.serve())
        addresses = {"KAFKA_BOOTSTRAP_SERVERS": kafka.bootstrap_servers, "API_PORT": str(port)}
        environment = {**addresses, **_settings(home.root, secret, bot_port)}
        command = [sys.executable, "-m", "connectors.webhook"]
        process = spawn("webhook", command, home.log("webhook"), environment=environment, folder=REPOSITORY)

        async def is_ready() -> bool:
            try:
                return (await client.get(f"{there.url}/livez")).is_success
            except httpx.HTTPError:
                return False

        try:
            await process.until_ready(is_ready, START_SECONDS_MAX)
            there.pid = process.pid
            await there.lines.open(CONNECTIONS)
            await there.send(1)
            yield there
            there.lines.close()
        finally:
            await process.stop(20)
            server.should_exit = True
            await serving
            await kafka.stop()


def cpu_seconds(pid: int) -> float:
    """User and system time of a process until now."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


async def paced(count: int, a_second: int, act: Callable[[], Awaitable[float]]) -> list[float]:
    """Begin so many acts a second, whatever the earlier ones do; what each returns."""
    began, tasks = time.perf_counter(), []
    for number in range(count):
        await asyncio.sleep(max(0.0, began + number / a_second - time.perf_counter()))
        tasks.append(asyncio.ensure_future(act()))
    return await asyncio.gather(*tasks)


async def batches(there: Door) -> None:
    """Batches of 100 on several connections."""
    began, used = time.perf_counter(), cpu_seconds(there.pid)
    turns = asyncio.Semaphore(AT_ONCE)

    async def one() -> None:
        async with turns:
            await there.send(BATCH)

    await asyncio.gather(*(one() for _ in range(BATCHES)))
    seconds, used = time.perf_counter() - began, cpu_seconds(there.pid) - used
    events = BATCH * BATCHES
    print(f"batches of {BATCH}, {AT_ONCE} at once: {events / seconds:,.0f} events/s")
    each = 1e6 * used / events
    print(f"  the connector's CPU: {each:,.0f} µs an event, {events / used:,.0f} events in a second of it")


async def singles(there: Door) -> None:
    """One event a request at a steady rate, on connections that are kept."""
    used, own = cpu_seconds(there.pid), time.process_time()
    seconds = await paced(SINGLES, SINGLES_A_SECOND, lambda: there.send(1))
    used, own = cpu_seconds(there.pid) - used, time.process_time() - own
    show(f"single events at {SINGLES_A_SECOND}/s", seconds)
    print(f"  CPU ms a request: connector {1e3 * used / SINGLES:.2f}, bench {1e3 * own / SINGLES:.2f}")


async def commands(there: Door) -> None:
    """Commands at a steady rate, from the decision to the bot."""
    async with Publisher(there.servers, "/hearth/moderation") as publisher:
        decided: dict[str, float] = {}
        numbers = itertools.count()

        async def decide() -> float:
            number, now = next(numbers), datetime.now(UTC)
            command = DeleteMessage(
                community_id=COMMUNITY, channel_id=f"c{number % CHANNELS}", member_id="m1",
                message_id=f"b{number}", purpose="bench", cause_id=f"{number}",
                expires_at=now + timedelta(minutes=5),
            )  # fmt: skip
            decided[await publisher.publish(command, now)] = now.timestamp()
            return 0.0

        await paced(COMMANDS, COMMANDS_A_SECOND, decide)
    while len(there.arrived) < COMMANDS:  # noqa: ASYNC110
        await asyncio.sleep(0.1)
    show(
        f"commands at {COMMANDS_A_SECOND}/s, decision to call",
        [at - decided[name] for name, at in there.arrived.items()],
    )


def show(what: str, seconds: list[float]) -> None:
    """Median and the slowest hundredth."""
    cuts = statistics.quantiles(seconds, n=100)
    print(f"{what}: p50 {1000 * cuts[49]:.0f} ms, p99 {1000 * cuts[98]:.0f} ms")


async def main() -> None:
    """All of it."""
    async with door() as there:
        await batches(there)
        await singles(there)
        await commands(there)


if __name__ == "__main__":
    set_up(print, postgres=False)
    asyncio.run(main())
