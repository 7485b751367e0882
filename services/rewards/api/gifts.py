"""Gifts over HTTP: the catalogue with stock, cost and pictures."""

from typing import Annotated, Literal

import asyncpg
from fastapi import APIRouter, Path
from pydantic import BaseModel, Field, HttpUrl

from services.rewards.api.paths import POINTS_MAX, PREFIX, Body, CommunityId, Name, Operator, Reason, refused
from services.rewards.store import acts
from services.rewards.store import gifts as store
from services.rewards.store.acts import Act
from services.rewards.store.gifts import Gift
from shared.engine import request_work
from shared.http.pages import Page, PagingQuery
from shared.http.problems import Kind
from shared.postgres.connection import Pool

STOCK_MAX = 1_000_000
GiftId = Annotated[str, Path(pattern=r"^[a-z0-9][a-z0-9_-]{0,99}$")]


class GiftBody(Body):
    """A gift as operators write it."""

    kind: Literal["physical", "virtual", "privilege"]
    name: Name
    description: str = Field(default="", max_length=2_000)
    image_url: HttpUrl | None = None
    """Shown by others; never fetched."""
    cost: int = Field(default=0, ge=0, le=POINTS_MAX, strict=True)
    """In points, where it is bought with them; also its worth among others."""
    for_award: bool = False
    """A month's winners may choose it."""
    for_points: bool = False
    by_webhook: bool = False
    """Handed over by the webhook, else by an operator."""
    needs_address: bool = False
    is_open: bool = True
    stock: int = Field(ge=0, le=STOCK_MAX, strict=True)
    version: int = Field(default=0, ge=0, le=2**31 - 1)
    """That the change was made of; 0 for a new gift."""
    reason: Reason


class GiftShown(BaseModel):
    """A gift and what is there of it."""

    gift_id: str
    kind: str
    name: str
    description: str
    image_url: str
    cost: int
    for_award: bool
    for_points: bool
    by_webhook: bool
    needs_address: bool
    is_open: bool
    stock: int
    reserved: int
    """Promised to winners and redemptions."""
    version: int


def router(pool: Pool) -> APIRouter:
    """The routes of the catalogue."""
    routes = APIRouter(prefix=PREFIX + "/gifts", tags=["gifts"])

    @routes.get("")
    async def catalogue(community_id: CommunityId, paging: PagingQuery) -> Page[GiftShown]:
        """All gifts, by id."""
        (after,) = paging.after(str) or (None,)
        async with pool.acquire() as connection:
            rows = await store.page(connection, community_id, after, paging.rows)
        return paging.page(rows, _shown, lambda row: [row["gift_id"]])

    @routes.get("/{gift_id}")
    async def gift(community_id: CommunityId, gift_id: GiftId) -> GiftShown:
        """One gift."""
        async with pool.acquire() as connection:
            found = await store.load_gift(connection, community_id, gift_id)
        if found is None:
            raise refused("gift-unknown", Kind.NOT_FOUND)
        return GiftShown(**found._asdict())

    @routes.put("/{gift_id}")
    async def put(
        community_id: CommunityId, gift_id: GiftId, body: GiftBody, operator: Operator
    ) -> GiftShown:
        """Add a gift (`version` 0) or change it; 409 when it was changed meanwhile or more is promised."""
        values = body.model_dump(exclude={"reason", "image_url"})
        wanted = Gift(gift_id=gift_id, image_url=str(body.image_url or ""), **values)
        async with request_work(pool, "rewards", community_id) as work:
            done = store.add_gift if body.version == 0 else store.change_gift
            if not await done(work.connection, community_id, wanted):
                raise refused("gift-changed", Kind.CONFLICT)
            act = Act(community_id, work.now, operator, "gift", gift_id, body.reason, {"stock": body.stock})
            await acts.note(work.connection, act)
            found = await store.load_gift(work.connection, community_id, gift_id)
        assert found is not None
        return GiftShown(**found._asdict())

    return routes


def _shown(row: asyncpg.Record) -> GiftShown:
    return GiftShown(**row)
