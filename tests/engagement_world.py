"""Engagement through the engine's own transaction, on a community that lives on its history's clock."""

import json
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import httpx
from pydantic import SecretStr

from services.engagement.api import router
from services.engagement.app import routes
from services.engagement.settings import Settings
from shared.contracts.chat import ClockSet, MessagePosted
from shared.contracts.contract import Contract
from shared.contracts.envelope import parse_time
from shared.contracts.profiles import CommunityProfile
from shared.contracts.registry import BY_TYPE
from shared.engine import Routes
from shared.engine.lane import claim_lanes
from shared.engine.outbox import unpack_headers
from shared.engine.partitions import Partitions
from shared.http.application import guarded_application, include_guarded
from shared.postgres.connection import Pool
from shared.postgres.pool import open_pool
from tests.laws.stories import COMMUNITY, HALL, NOON, Sample, sample
from tests.laws.workbench import LANE, Workbench
from tests.servers import ServiceDatabase

MakeDatabase = Callable[[str], Awaitable[ServiceDatabase]]
TOKEN = "a-token-of-the-tests"
OUTGOING = "SELECT headers, payload FROM outbox ORDER BY lane, seq"


def service_routes() -> Routes:
    """As the service's process has them."""
    return routes(
        Settings(
            database_url="postgresql://nobody@127.0.0.1:1/nothing",
            kafka_bootstrap_servers="127.0.0.1:1",
            api_token=SecretStr(TOKEN),
            api_port=1,
            metrics_port=2,
        )
    )


@dataclass
class World:
    """One community whose time is told by what happens in it."""

    bench: Workbench
    pool: Pool
    routes: Routes = field(default_factory=service_routes)
    number: int = 0

    async def take(self, samples: Sequence[Sample]) -> None:
        """One batch."""
        await Partitions(self.pool).ensure([each.event_id for each in samples], self.bench.wall.date())
        await self.bench.take(samples, self.routes)

    async def tell(self, data: Contract, at: datetime, topic: str | None = None) -> None:
        """One event."""
        await self.take([sample(data, at, "/test", topic)])

    def posted(
        self, text: str, at: datetime, member: str = "ann", channel: str = HALL, **more: Any
    ) -> Sample:
        """A message."""
        self.number += 1
        named = more.pop("message", None) or f"m{self.number}"
        data = MessagePosted(
            community_id=COMMUNITY, channel_id=channel, message_id=named, member_id=member, text=text, **more
        )
        return sample(data, at, "/test")

    async def say(self, text: str, at: datetime, member: str = "ann", **more: Any) -> None:
        """A message in a batch of its own."""
        await self.take([self.posted(text, at, member, **more)])

    async def profile(self, **fields: Any) -> None:
        """The community's profile."""
        self.number += 1
        about = CommunityProfile(community_id=COMMUNITY, revision=self.number, **fields)
        await self.tell(about, NOON - timedelta(days=40))

    async def advance(self, to: datetime) -> None:
        """Time passes in which nothing is said."""
        self.number += 1
        await self.tell(ClockSet(community_id=COMMUNITY, mode="event", run_id=str(self.number), to=to), to)

    async def live(self, at: datetime) -> None:
        """The community's time is real time from here on, which is told by the bench."""
        self.number += 1
        self.bench.wall = at
        await self.tell(ClockSet(community_id=COMMUNITY, mode="wall", run_id=str(self.number)), at)

    async def tick(self, at: datetime) -> None:
        """Real time passes in a live community."""
        self.bench.wall = at
        await self.bench.tick(self.routes)

    async def told(self, *names: str) -> list[dict[str, Any]]:
        """Announced facts and commands of these types, with their type and time, in order."""
        found = []
        for row in await self.bench.connection.fetch(OUTGOING):
            headers = {name: value.decode() for name, value in unpack_headers(row["headers"])}
            name = BY_TYPE[headers["ce_type"]].TYPE
            if name in names or not names:
                found.append(
                    {**json.loads(row["payload"]), "type": name, "time": parse_time(headers["ce_time"])}
                )
        return sorted(found, key=lambda each: each["time"])

    async def said(self, purpose: str | None = None) -> list[dict[str, Any]]:
        """Messages that connectors were asked for."""
        sent = await self.told("send_message")
        return [each for each in sent if purpose in (None, each["purpose"])]

    async def rows(self, query: str, *values: Any) -> list[dict[str, Any]]:
        """What a query of the service's own tables gives."""
        return [dict(row) for row in await self.bench.connection.fetch(query, *values)]


@asynccontextmanager
async def engagement_world(database: ServiceDatabase) -> AsyncIterator[World]:
    """A world on a fresh database."""
    async with (
        await open_pool(database.app_url, "world", size_min=1, size_max=4) as pool,
        pool.acquire() as connection,
    ):
        (lane,) = await claim_lanes(connection, "hearth.engagement", [LANE], str(uuid4()), 0)
        world = World(Workbench("engagement", pool, connection, lane, wall=datetime.now(UTC)), pool)
        await world.tell(ClockSet(community_id=COMMUNITY, mode="event", run_id="begin", to=NOON), NOON)
        yield world


@asynccontextmanager
async def client_of(world: World) -> AsyncIterator[httpx.AsyncClient]:
    """What operators' tools see; requests name an operator."""
    app = guarded_application("engagement", SecretStr(TOKEN))
    include_guarded(app, router(world.pool))
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(app), base_url=f"http://test/v1/communities/{COMMUNITY}",
        headers={"authorization": f"Bearer {TOKEN}", "x-operator": "olga", "accept-language": "zh-CN"},
    ) as client:  # fmt: skip
        yield client
