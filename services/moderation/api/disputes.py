"""Disputes over HTTP: between whom, where, and which messages."""

import json
from datetime import datetime

import asyncpg
from fastapi import APIRouter
from pydantic import BaseModel

from services.moderation.api.acts import CommunityId
from services.moderation.store import disputes as store
from shared.http.pages import Page, PagingQuery
from shared.postgres.connection import Pool


class Dispute(BaseModel):
    """Two members who went at each other, and were told so."""

    member_a: str
    member_b: str
    told_at: datetime
    channel_id: str
    exchanges: int
    """Messages between the two within ten minutes."""
    abuse: float
    """Their mean abuse, 0 to 1."""
    message_ids: list[str]


def router(pool: Pool) -> APIRouter:
    """The routes under `/v1/communities/{community_id}`."""
    routes = APIRouter(prefix="/v1/communities/{community_id}", tags=["care"])

    @routes.get("/disputes")
    async def disputes(community_id: CommunityId, paging: PagingQuery) -> Page[Dispute]:
        """Disputes that people were told of, newest first."""
        after = paging.after(datetime.fromisoformat, str, str)
        rows = await store.disputes_of(pool, community_id, after, paging.rows)
        return paging.page(rows, _dispute, _key)

    return routes


def _dispute(row: asyncpg.Record) -> Dispute:
    fields = dict(row)
    return Dispute(**fields | {"message_ids": json.loads(fields["message_ids"])})


def _key(row: asyncpg.Record) -> tuple[object, ...]:
    return row["told_at"].isoformat(), row["member_a"], row["member_b"]
