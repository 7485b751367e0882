"""Moderation's routes on a real database, with the token, as an operator asks them."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
from pydantic import SecretStr

from services.moderation import api
from shared.http.application import guarded_application, include_guarded
from shared.postgres.connection import Pool
from shared.postgres.pool import open_pool
from tests.moderation_world import MakeDatabase

TOKEN = "a-token-for-these-tests"
HEADERS = {"authorization": f"Bearer {TOKEN}", "x-operator": "olga"}


@asynccontextmanager
async def opened(service_database: MakeDatabase) -> AsyncIterator[Pool]:
    """The service's own pool on a fresh database."""
    pool = await open_pool((await service_database("moderation")).app_url, "test", size_min=1, size_max=4)
    yield pool
    await pool.close()


@asynccontextmanager
async def asking(pool: Pool) -> AsyncIterator[httpx.AsyncClient]:
    """An operator called olga."""
    app = guarded_application("moderation", SecretStr(TOKEN))
    include_guarded(app, api.router(pool))
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://test/v1", headers=HEADERS) as client:
        yield client
