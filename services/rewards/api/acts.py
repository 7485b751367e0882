"""What people did over HTTP, for whoever looks later."""

import json
from datetime import datetime
from typing import Any

import asyncpg
from fastapi import APIRouter
from pydantic import BaseModel

from services.rewards.api.paths import PREFIX, CommunityId
from services.rewards.store import acts as store
from shared.http.pages import Page, PagingQuery
from shared.postgres.connection import Pool


class ActShown(BaseModel):
    """Who did what, and why."""

    at: datetime
    actor: str
    act: str
    subject: str
    reason: str
    detail: dict[str, Any]


def router(pool: Pool) -> APIRouter:
    """The route of the audit log."""
    routes = APIRouter(prefix=PREFIX, tags=["audit"])

    @routes.get("/acts")
    async def acts(community_id: CommunityId, paging: PagingQuery) -> Page[ActShown]:
        """Every act of a person, newest first."""
        (before,) = paging.after(int) or (None,)
        async with pool.acquire() as connection:
            rows = await store.page(connection, community_id, before, paging.rows)
        return paging.page(rows, _shown, lambda row: [row["number"]])

    return routes


def _shown(row: asyncpg.Record) -> ActShown:
    known = {name: row[name] for name in ActShown.model_fields if name != "detail"}
    return ActShown(**known, detail=json.loads(row["detail"]))
