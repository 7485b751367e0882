"""Channels over HTTP: what is usual in each, and when its silence is looked at next."""

from datetime import datetime

import asyncpg
from fastapi import APIRouter
from pydantic import BaseModel

from services.engagement.api.acts import CommunityId
from services.engagement.store import baselines as store
from shared.http.pages import Page, PagingQuery
from shared.postgres.connection import Pool


class ChannelShown(BaseModel):
    """What is usual in a channel."""

    channel_id: str
    last_message_at: datetime
    look_at: datetime | None
    """When its silence is looked at next; none while it is known to be silent."""
    days_learned: int
    messages_an_hour: float | None
    """The recent level."""
    rates: list[float]
    """Usual messages an hour by hour of week, Monday midnight first; empty while nothing is learned."""

    @classmethod
    def of(cls, row: asyncpg.Record) -> "ChannelShown":
        """A row of the store."""
        return cls(
            channel_id=row["channel_id"],
            last_message_at=row["last_at"],
            look_at=row["look_at"],
            days_learned=row["days"] or 0,
            messages_an_hour=row["an_hour"],
            rates=[round(rate, 4) for rate in store.unpacked(row["rates"])],
        )


def router(pool: Pool) -> APIRouter:
    """The routes under `/v1/communities/{community_id}`."""
    routes = APIRouter(prefix="/v1/communities/{community_id}", tags=["channels"])

    @routes.get("/channels")
    async def channels(community_id: CommunityId, paging: PagingQuery) -> Page[ChannelShown]:
        """Channels and what is usual in them, by id."""
        (after,) = paging.after(str) or (None,)
        rows = await store.baselines(pool, community_id, after, paging.rows)
        return paging.page(rows, ChannelShown.of, lambda row: [row["channel_id"]])

    return routes
