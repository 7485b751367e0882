"""Operators at moderation's HTTP desk, on a real database: asks routes, reads what was announced."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import httpx
from pydantic import SecretStr

from services.moderation import api
from shared.contracts.registry import BY_TYPE
from shared.engine.outbox import unpack_headers
from shared.http.application import guarded_application, include_guarded
from shared.postgres.connection import Pool
from shared.postgres.pool import open_pool
from tests.builders import at
from tests.moderation_world import MakeDatabase, World

SET_CLOCK = """
    INSERT INTO community (community_id, partition, mode, event_clock, turns)
    VALUES ('tea', 0, 'event', $1, 1) ON CONFLICT (community_id) DO UPDATE SET event_clock = $1
"""
TOKEN = "a-token-for-these-tests"
AD = "兼职日结，加 微 信 abc12345"
"""Breaks contact_ad, whose points are 2."""


@dataclass(slots=True)
class CaseDesk:
    """The HTTP side and the chat side of one service."""

    pool: Pool
    client: httpx.AsyncClient
    world: World

    async def get(self, path: str, **query: Any) -> Any:
        """What a route answers."""
        answer = await self.client.get(path, params=query)
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def post(
        self, path: str, operator: str = "op1", key: str | None = None, **body: Any
    ) -> httpx.Response:
        """An operator's act."""
        headers = {"x-operator": operator} | ({"idempotency-key": key} if key else {})
        return await self.client.post(path, json=body, headers=headers)

    async def case_ids(self, **query: Any) -> list[str]:
        """The community's queue."""
        page = await self.get("/communities/tea/cases", **query)
        return [item["case_id"] for item in page["items"]]

    async def verdict(
        self, verdict: str, operator: str = "op1", case_id: str | None = None
    ) -> httpx.Response:
        """A verdict on a case as it is, by default the only one."""
        if case_id is None:
            (case_id,) = await self.case_ids(state="all")
        version = (await self.get(f"/cases/{case_id}"))["version"]
        return await self.post(f"/cases/{case_id}/verdict", operator, verdict=verdict, version=version)

    async def set_clock(self, moment: datetime) -> None:
        """The community lives on its history's clock, which stands here."""
        await self.pool.execute(SET_CLOCK, moment)

    async def announced(self, *names: str) -> list[dict[str, Any]]:
        """What requests announced, as JSON with its type, in order."""
        rows = await self.pool.fetch("SELECT headers, payload FROM outbox ORDER BY created_at, lane, seq")
        told = []
        for row in rows:
            headers = dict(unpack_headers(row["headers"]))
            name = BY_TYPE[headers["ce_type"].decode()].TYPE
            told.append({**json.loads(row["payload"]), "type": name})
        return [each for each in told if not names or each["type"] in names]


@asynccontextmanager
async def opened(service_database: MakeDatabase) -> AsyncIterator[CaseDesk]:
    """A fresh database with both sides open."""
    pool = await open_pool((await service_database("moderation")).app_url, "test", size_min=1, size_max=4)
    await pool.execute("SELECT ensure_outbox_day(current_date)")
    app = guarded_application("moderation", SecretStr(TOKEN))
    include_guarded(app, api.router(pool))
    asking = httpx.AsyncClient(
        transport=httpx.ASGITransport(app),
        base_url="http://test/v1",
        headers={"authorization": f"Bearer {TOKEN}"},
    )
    async with asking, pool.acquire() as connection:
        desk = CaseDesk(pool, asking, World(connection))
        await desk.set_clock(at(hours=3))
        yield desk
    await pool.close()
