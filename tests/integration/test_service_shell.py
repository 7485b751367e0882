"""A service as a process among real dependencies that come and go."""

import asyncio
import json
import os
import re
import signal
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest

from deploy.local.home import REPOSITORY
from deploy.local.kafka import KafkaServer
from tests.architecture.built import free_port
from tests.integration.shell_service import NAME
from tests.servers import ServiceDatabase

TOKEN = "a-token-of-this-test"
CREDENTIALS = {"authorization": f"Bearer {TOKEN}"}
PATIENCE_SECONDS = 60.0

MakeDatabase = Callable[[str], Awaitable[ServiceDatabase]]


@dataclass
class Gate:
    """A way to a server that can be shut: then nobody listens, and whoever was through is cut off."""

    target: tuple[str, int]
    port: int = field(default_factory=free_port)
    _server: asyncio.Server | None = None
    _passing: set[asyncio.StreamWriter] = field(default_factory=set)

    async def open(self) -> None:
        self._server = await asyncio.start_server(self._pass, "127.0.0.1", self.port)

    async def shut(self) -> None:
        if self._server is not None:
            self._server.close()
            self._server = None
        for writer in list(self._passing):
            writer.transport.abort()

    async def _pass(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        far_reader, far_writer = await asyncio.open_connection(*self.target)
        self._passing |= {writer, far_writer}
        await asyncio.gather(self._copy(reader, far_writer), self._copy(far_reader, writer))
        self._passing -= {writer, far_writer}

    @staticmethod
    async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            while data := await reader.read(65_536):
                writer.write(data)
                await writer.drain()
        writer.close()


@dataclass
class Service:
    """The process and how to talk to it."""

    process: asyncio.subprocess.Process
    client: httpx.AsyncClient
    metrics_port: int
    output: Path

    async def status(self, path: str) -> int:
        """The status code, or 0 while nobody listens."""
        try:
            return (await self.client.get(path)).status_code
        except httpx.TransportError:
            return 0

    async def until(self, path: str, status: int) -> None:
        """Wait until a path answers so; fails when the process ends before."""
        async with asyncio.timeout(PATIENCE_SECONDS):
            while await self.status(path) != status:
                assert self.process.returncode is None, self.output.read_text()
                await asyncio.sleep(0.05)

    async def until_logged(self, action: str, **fields: object) -> None:
        """Wait for a line of this action with these fields."""
        wanted = {"action": action, **fields}.items()
        async with asyncio.timeout(PATIENCE_SECONDS):
            while True:
                for line in self.logged():
                    if all(line.get(key) == value for key, value in wanted):
                        return
                await asyncio.sleep(0.05)

    def logged(self) -> list[dict[str, Any]]:
        """The lines written so far; one that is no JSON object fails the test."""
        return [json.loads(line) for line in self.output.read_text().splitlines()]

    async def ended(self) -> int:
        """The exit code."""
        async with asyncio.timeout(PATIENCE_SECONDS):
            return await self.process.wait()


Start = Callable[..., Awaitable[Service]]


@pytest.fixture
async def start(tmp_path: Path) -> AsyncIterator[Start]:
    """`await start(DATABASE_URL=…, KAFKA_BOOTSTRAP_SERVERS=…)`: a process, ended after the test."""
    started: list[Service] = []

    async def make(**environment: str) -> Service:
        ports = {"API_PORT": str(free_port()), "METRICS_PORT": str(free_port()), **environment}
        variables = {"PATH": os.environ["PATH"], "API_TOKEN": TOKEN, **ports}
        output = tmp_path / f"output-{len(started)}"
        with output.open("wb") as file:
            process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "tests.integration.shell_service",
                cwd=REPOSITORY, env=variables, stdout=file, stderr=file,
            )  # fmt: skip
        client = httpx.AsyncClient(base_url=f"http://127.0.0.1:{ports['API_PORT']}", timeout=5)
        started.append(Service(process, client, int(ports["METRICS_PORT"]), output))
        return started[-1]

    yield make
    for service in started:
        if service.process.returncode is None:
            service.process.terminate()  # so that it leaves its group, and the next one need not wait
            await service.ended()
        await service.client.aclose()


@asynccontextmanager
async def gate_to(address: str) -> AsyncIterator[Gate]:
    """A gate before `host:port`, shut at first."""
    host, _, port = address.rpartition(":")
    gate = Gate((host, int(port)))
    yield gate
    await gate.shut()


@pytest.fixture
async def database(service_database: MakeDatabase) -> ServiceDatabase:
    return await service_database(NAME)


@pytest.fixture
async def postgres_gate(database: ServiceDatabase) -> AsyncIterator[Gate]:
    parts = urlsplit(database.app_url)
    async with gate_to(f"{parts.hostname}:{parts.port}") as gate:
        yield gate


@pytest.fixture
async def kafka_gate(kafka_server: KafkaServer) -> AsyncIterator[Gate]:
    async with gate_to(kafka_server.bootstrap_servers.split(",")[0]) as gate:
        yield gate


def through(gate: Gate, url: str) -> str:
    """The same database by way of the gate."""
    return re.sub(r"@[^/]+/", f"@127.0.0.1:{gate.port}/", url)


@pytest.fixture
async def service(start: Start, database: ServiceDatabase, postgres_gate: Gate, kafka_gate: Gate) -> Service:
    """A process whose dependencies are both behind gates."""
    return await start(
        DATABASE_URL=through(postgres_gate, database.app_url),
        KAFKA_BOOTSTRAP_SERVERS=f"127.0.0.1:{kafka_gate.port}",
    )


async def test_a_service_waits_for_its_dependencies_and_comes_up_by_itself(
    service: Service, postgres_gate: Gate, kafka_gate: Gate
) -> None:
    await service.until("/livez", 200)
    answer = await service.client.get("/readyz")
    assert (answer.status_code, answer.json()["waits_for"]) == (503, ["database", "engine"])
    assert (await service.client.get("/v1/answer", headers=CREDENTIALS)).status_code == 503
    await service.until_logged("start_delayed", dependency="postgres")

    await postgres_gate.open()
    await service.until_logged("start_delayed", dependency="kafka")
    assert (await service.client.get("/v1/answer", headers=CREDENTIALS)).json() == 42
    assert await service.status("/livez") == 200

    await kafka_gate.open()
    await service.until("/readyz", 200)
    assert await service.status("/livez") == 200

    service.process.send_signal(signal.SIGTERM)
    assert await service.ended() == 0
    actions = [line["action"] for line in service.logged()]
    assert actions[-3:] == ["service_started", "service_drains", "service_stopped"]
    assert TOKEN not in service.output.read_text()


async def test_an_outage_later_costs_readiness_and_not_life(
    service: Service, postgres_gate: Gate, kafka_gate: Gate
) -> None:
    await postgres_gate.open()
    await kafka_gate.open()
    await service.until("/readyz", 200)
    await postgres_gate.shut()
    await service.until("/readyz", 503)
    assert await service.status("/livez") == 200
    refused = await service.client.get("/v1/answer", headers=CREDENTIALS)
    assert (refused.status_code, refused.headers["retry-after"]) == (503, "5")
    await postgres_gate.open()
    await service.until("/readyz", 200)
    service.process.send_signal(signal.SIGINT)
    assert await service.ended() == 0


async def test_a_service_that_waits_can_be_ended(service: Service) -> None:
    await service.until("/livez", 200)
    service.process.send_signal(signal.SIGTERM)
    assert await service.ended() == 0


async def test_metrics_are_on_a_port_of_their_own_without_credentials(service: Service) -> None:
    await service.until("/livez", 200)
    assert await service.status("/metrics") == 401
    async with httpx.AsyncClient() as scraper:
        page = await scraper.get(f"http://127.0.0.1:{service.metrics_port}/metrics")
    assert "hearth_event_loop_lag_seconds" in page.text


async def test_a_missing_variable_is_one_sentence_and_no_traceback(start: Start) -> None:
    service = await start(KAFKA_BOOTSTRAP_SERVERS="127.0.0.1:1")
    assert await service.ended() == 1
    said = service.output.read_text()
    assert said.startswith("cannot start: DATABASE_URL is missing: set it, or DATABASE_URL_FILE")
    assert said.count("\n") == 1


@pytest.mark.parametrize("name", ["API_PORT", "METRICS_PORT"])
async def test_a_taken_port_ends_the_process_and_is_said(start: Start, name: str) -> None:
    listener = await asyncio.start_server(lambda reader, writer: None, "127.0.0.1", 0)
    port = listener.sockets[0].getsockname()[1]
    environment = {
        "DATABASE_URL": "postgresql://nobody@127.0.0.1:1/x",
        "KAFKA_BOOTSTRAP_SERVERS": "127.0.0.1:1",
    }
    service = await start(**environment, **{name: str(port)})
    assert await service.ended() not in {0, None}
    (said,) = [line for line in service.logged() if "address already in use" in json.dumps(line).lower()]
    assert str(port) in said["message"]
    listener.close()
