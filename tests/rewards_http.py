"""Rewards' API on a real database, with the handlers beside it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import httpx
from cryptography.fernet import Fernet
from pydantic import SecretStr

from services.rewards import api
from services.rewards.handlers.addresses import AddressBook
from shared.engine.partitions import Partitions
from shared.http.application import guarded_application, include_guarded
from shared.postgres.connection import Pool
from shared.postgres.pool import open_pool
from tests.rewards_world import World, connected
from tests.servers import ServiceDatabase

ADDRESS_KEY = Fernet.generate_key()
CLOCK = """
    INSERT INTO community (community_id, partition, mode, event_clock) VALUES ('tea', 0, 'event', $1)
    ON CONFLICT (community_id) DO UPDATE SET event_clock = excluded.event_clock
"""
TOKEN = "a-token-for-tests-only"
TEA = "/v1/communities/tea"
OLIVIA, OSCAR = "operator-olivia", "operator-oscar"


@dataclass(frozen=True, slots=True)
class Site:
    """The API, and the handlers on the database behind it."""

    client: httpx.AsyncClient
    world: World
    database: ServiceDatabase
    pool: Pool
    headers: dict[str, str] = field(default_factory=dict)

    async def ask(
        self, method: str, path: str, body: Any = None, *, by: str = OLIVIA, locale: str = "en",
        key: str | None = None, **parameters: Any,
    ) -> httpx.Response:  # fmt: skip
        """The answer, whatever it is."""
        headers = {"accept-language": locale, "x-operator": by}
        if key:
            headers["idempotency-key"] = key
        return await self.client.request(method, path, json=body, params=parameters, headers=headers)

    async def clock(self, moment: datetime) -> None:
        """The community lives in its history, at this moment."""
        await self.world.connection.execute(CLOCK, moment)

    async def json(self, path: str, locale: str = "en", **parameters: Any) -> Any:
        """The answer of a question that succeeds."""
        response = await self.ask("GET", path, locale=locale, **parameters)
        assert response.status_code == 200, response.text
        return response.json()

    async def post(self, path: str, body: Any = None, method: str = "POST", **more: Any) -> Any:
        """The answer of an act that succeeds."""
        response = await self.ask(method, path, body, **more)
        assert response.is_success, response.text
        return response.json() if response.content else None

    async def refused(self, path: str, body: Any = None, method: str = "POST", **more: Any) -> Any:
        """Status and slug of an act that is refused."""
        response = await self.ask(method, path, body, **more)
        assert response.is_client_error, response.text
        return response.status_code, response.json()["type"].rpartition(":")[2]


@asynccontextmanager
async def opened(database: ServiceDatabase) -> AsyncIterator[Site]:
    """The API over this database."""
    pool = await open_pool(database.app_url, "test", size_min=1, size_max=8)
    await Partitions(pool).ensure([], datetime.now(UTC).date())
    app = guarded_application("rewards", SecretStr(TOKEN))
    include_guarded(app, api.router(pool, api.Keys(b"secret" * 6, AddressBook(ADDRESS_KEY))))
    client = httpx.AsyncClient(
        transport=httpx.ASGITransport(app),
        base_url="http://test",
        headers={"authorization": f"Bearer {TOKEN}"},
    )
    async with client, connected(database) as connection:
        yield Site(client, World(connection), database, pool)
    await pool.close()
