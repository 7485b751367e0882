"""A rolling restart of every service under load, as a cluster does it: one more starts, then one ends."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass

import asyncpg
import httpx

from deploy.drill.pauses import Pauses
from deploy.drill.traffic import Traffic
from deploy.local.roles import SERVICES
from deploy.local.services import ServiceProcess
from deploy.local.stack import LocalStack
from shared.contracts.topics import CHAT_EVENTS
from tools.drained import wait_until_drained
from tools.log_position import Positions, positions

STEADY_SECONDS = 5.0
HELD_SHARE_MIN = 0.9
"""Of the rate that was asked for: what falls in the last seconds is still on its way."""
REQUEST_SECONDS = 0.1
KEPT = "SELECT count(*) FROM reporting.fact WHERE type = 'message.posted'"


@dataclass(frozen=True, slots=True)
class Restart:
    """What became of one service's restart."""

    service: str
    exit_code: int
    stop_seconds: float
    pauses: tuple[float, float, float]
    """Of its partitions, in seconds: median, 99th percentile, longest."""
    requests: int
    failed: int
    """Requests that the newer process answered with 5xx or not at all."""


@dataclass(frozen=True, slots=True)
class Books:
    """One service's account of what was published."""

    service: str
    handled: int
    """Applied, or of a type that the service does not handle; a repeat is neither."""
    dead: int
    reconciles: bool


@dataclass(frozen=True, slots=True)
class Outcome:
    """The whole drill."""

    asked: float
    """Events a second."""
    published: int
    behind: int
    """Of these, what the slowest service had not handled when the stream ended."""
    messages: int
    kept: int
    """Messages as reporting's table has them, in the end."""
    seconds: float
    restarts: tuple[Restart, ...]
    books: tuple[Books, ...]

    @property
    def per_second(self) -> float:
        """What was published on average."""
        return self.published / self.seconds

    @property
    def held(self) -> float:
        """Events a second that went through all services while the stream ran."""
        return (self.published - self.behind) / self.seconds

    @property
    def is_held(self) -> bool:
        """Whether the machine has room for the rate; if not, how long things took says nothing of Hearth."""
        return self.held >= HELD_SHARE_MIN * self.asked

    @property
    def lost(self) -> int:
        """Published events that some service did not handle."""
        return max(max(0, self.published - each.handled) for each in self.books)

    @property
    def doubled(self) -> int:
        """Effects beyond what was published."""
        return max(max(0, each.handled - self.published) for each in self.books)


async def roll(stack: LocalStack, per_second: float, say: Callable[[str], None]) -> Outcome:
    """Restart every service of a running stack under a stream of this rate, then draw up the books."""
    traffic = Traffic()
    began = time.monotonic()
    publishing = asyncio.create_task(traffic.run(stack.kafka.bootstrap_servers, per_second))
    restarts = []
    try:
        await asyncio.sleep(STEADY_SECONDS)
        for service in SERVICES:
            say(f"restarting {service} at {per_second:.0f} events/s")
            restarts.append(await _restart(stack, service))
            await asyncio.sleep(STEADY_SECONDS)
    finally:
        traffic.stopping.set()
        await publishing
    seconds = time.monotonic() - began
    behind = _behind(await positions(stack.postgres.admin_url, stack.kafka.bootstrap_servers))
    say(f"{traffic.published} events published, {behind} not handled yet; waiting for them")
    drained = await wait_until_drained(stack.postgres.admin_url, stack.kafka.bootstrap_servers)
    kept = await _kept(stack.postgres.admin_url)
    return Outcome(
        per_second, traffic.published, behind, traffic.messages, kept, seconds, tuple(restarts),
        tuple(_books(drained)),
    )  # fmt: skip


async def _restart(stack: LocalStack, service: str) -> Restart:
    """One more process, then the end of the former: what `maxSurge: 1` means."""
    former = next(each for each in stack.services if _serves(each, service) and each.returncode is None)
    pauses = Pauses(service, stack.postgres.admin_url)
    watching = asyncio.create_task(pauses.run())
    newer = await stack.start_service(service)
    async with _asked(newer) as counts:
        began = time.monotonic()
        code = await former.stop()
        stopped = time.monotonic() - began
        await asyncio.sleep(STEADY_SECONDS)
    pauses.stopping.set()
    await watching
    spread = (pauses.percentile(0.5), pauses.percentile(0.99), max(pauses.longest.values()))
    return Restart(service, code, stopped, spread, counts["asked"], counts["failed"])


@asynccontextmanager
async def _asked(process: ServiceProcess) -> AsyncIterator[dict[str, int]]:
    """Ask the process's API all the time; how often, and how often it failed."""
    counts = {"asked": 0, "failed": 0}

    async def ask() -> None:
        headers = {"authorization": f"Bearer {process.token}"}
        async with httpx.AsyncClient(base_url=process.api_url, headers=headers, trust_env=False) as client:
            while True:
                counts["asked"] += 1
                try:
                    answer = await client.get("/v1/engine/dead-letters")
                    counts["failed"] += answer.status_code >= httpx.codes.INTERNAL_SERVER_ERROR
                except httpx.HTTPError:
                    counts["failed"] += 1
                await asyncio.sleep(REQUEST_SECONDS)

    asking = asyncio.create_task(ask())
    try:
        yield counts
    finally:
        asking.cancel()
        await asyncio.gather(asking, return_exceptions=True)


async def _kept(admin_url: str) -> int:
    connection = await asyncpg.connect(admin_url)
    try:
        kept: int = await connection.fetchval(KEPT)
    finally:
        await connection.close()
    return kept


def _serves(process: ServiceProcess, service: str) -> bool:
    return process.name.partition("-")[0] == service


def _behind(now: Positions) -> int:
    return max(topic.behind for each in now.services for topic in each.topics if topic.topic == CHAT_EVENTS)


def _books(drained: Positions) -> list[Books]:
    return [
        Books(
            each.service,
            sum(topic.applied + topic.skipped for topic in each.topics if topic.topic == CHAT_EVENTS),
            sum(each.dead_letters.values()),
            all(topic.reconciles for topic in each.topics),
        )
        for each in drained.services
    ]
