"""The content calendar over HTTP, with the hours at which channels answer best, and cities."""

from datetime import date, datetime, time
from typing import Annotated, Literal

import asyncpg
from fastapi import APIRouter
from pydantic import BaseModel, Field, StringConstraints

from services.engagement.api.acts import (
    SERVICE,
    Body,
    CommunityId,
    ItemId,
    Name,
    Operator,
    community_now,
    refused,
)
from services.engagement.handlers.publish_calendar import plan
from services.engagement.handlers.recurrence import BadRule, check
from services.engagement.store import calendar as store
from services.engagement.store import posts, told
from services.engagement.store.calendar import Item
from shared.engine import request_work
from shared.http.pages import Page, PagingQuery
from shared.http.problems import Kind
from shared.postgres.connection import Pool


class ItemShown(BaseModel):
    """A plan of the calendar."""

    item_id: str
    version: int
    theme: str
    form: str
    channel_id: str
    text: str
    tag: str | None
    first_on: date
    at: time
    recurrence: str
    owner: str
    state: str
    approve_each: bool
    next_at: datetime | None

    @classmethod
    def of(cls, row: asyncpg.Record) -> "ItemShown":
        """A row of the store."""
        values = dict(row)
        del values["community_id"]
        return cls(**values)


class NewItem(Body):
    """A plan; it begins as a draft."""

    item_id: Name
    theme: Name
    form: Annotated[str, Field(max_length=100)] = "text"
    channel_id: Name
    text: Annotated[str, StringConstraints(strip_whitespace=True, max_length=4000)] = ""
    """Empty: a topic of the bank is drawn each time."""
    tag: Annotated[str, Field(max_length=64)] | None = None
    first_on: date
    at: time
    recurrence: Annotated[str, Field(max_length=500)] = ""
    """A rule of RFC 5545, such as FREQ=WEEKLY;BYDAY=MO,TH; empty: once."""
    owner: Name
    approve_each: bool = False
    """Whether each time waits for a person."""


class StateChange(Body):
    """Approve a draft, or stop an item."""

    state: Literal["draft", "approved", "stopped"]
    version: int


class BestHour(BaseModel):
    """How a channel answers posts of a local hour."""

    hour: int
    posts: int
    answered: int
    replies: int


class BestHours(BaseModel):
    """The best first: by the share of posts that were answered, with one answered of two supposed before."""

    items: list[BestHour]


class City(BaseModel):
    """How many members are in a city."""

    city: str
    members: int


class Cities(BaseModel):
    """Most first: where enough are near, an offline meeting may be worth while."""

    items: list[City]


def router(pool: Pool) -> APIRouter:
    """The routes under `/v1/communities/{community_id}`."""
    routes = APIRouter(prefix="/v1/communities/{community_id}", tags=["calendar"])
    _add_items(routes, pool)
    _add_states(routes, pool)
    _add_facts(routes, pool)
    return routes


def _add_items(routes: APIRouter, pool: Pool) -> None:
    @routes.get("/calendar")
    async def items(community_id: CommunityId, paging: PagingQuery) -> Page[ItemShown]:
        """Plans and when each comes next, by id."""
        (after,) = paging.after(str) or (None,)
        rows = await store.items(pool, community_id, after, paging.rows)
        return paging.page(rows, ItemShown.of, lambda row: [row["item_id"]])

    @routes.post("/calendar", status_code=201)
    async def draft(community_id: CommunityId, new: NewItem, by: Operator) -> ItemShown:
        """Draft a plan; nothing is said before it is approved."""
        try:
            check(new.recurrence)
        except BadRule:
            raise refused("recurrence-invalid", Kind.INVALID) from None
        values = new.model_dump()
        values["at"] = new.at.replace(tzinfo=None)
        item = Item(community_id=community_id, version=1, state="draft", next_at=None, **values)
        async with request_work(pool, SERVICE, community_id) as work:
            if await store.named_items(work.connection, [(community_id, new.item_id)]):
                raise refused("calendar-exists", Kind.CONFLICT)
            await store.save_item(work.connection, item)
        return ItemShown(**{name: getattr(item, name) for name in ItemShown.model_fields})


def _add_states(routes: APIRouter, pool: Pool) -> None:
    @routes.post("/calendar/{item_id}/state")
    async def change(
        community_id: CommunityId, item_id: ItemId, change: StateChange, by: Operator
    ) -> ItemShown:
        """Approve a draft, or stop a plan; an approved one is said at its next time."""
        async with request_work(pool, SERVICE, community_id) as work:
            known = await store.named_items(work.connection, [(community_id, item_id)])
            if not known:
                raise refused("calendar-unknown", Kind.NOT_FOUND)
            item = known[community_id, item_id]
            if item.version != change.version:
                raise refused("calendar-changed", Kind.CONFLICT, version=item.version)
            community, now = await community_now(work.connection, community_id)
            wanted = item._replace(state=change.state, version=item.version + 1)
            planned = plan(wanted, now, community.profile.time_zone, work)
            if change.state == "approved" and planned.next_at is None:
                raise refused("calendar-over", Kind.INVALID)
            await store.save_item(work.connection, planned)
        return ItemShown(**{name: getattr(planned, name) for name in ItemShown.model_fields})


def _add_facts(routes: APIRouter, pool: Pool) -> None:
    @routes.get("/channels/{channel_id}/best-hours")
    async def best_hours(community_id: CommunityId, channel_id: ItemId) -> BestHours:
        """At which local hours a channel answers posts."""
        known = await posts.answered_hours(pool, [(community_id, channel_id)])
        hours = known.get((community_id, channel_id), {})
        ranked = sorted(hours.items(), key=lambda pair: (-(pair[1][1] + 1) / (pair[1][0] + 2), pair[0]))
        return BestHours(
            items=[
                BestHour(hour=hour, posts=given[0], answered=given[1], replies=given[2])
                for hour, given in ranked
            ]
        )

    @routes.get("/cities")
    async def cities(community_id: CommunityId) -> Cities:
        """Where members are who said so."""
        async with pool.acquire() as connection:
            rows = await told.cities(connection, community_id)
        return Cities(items=[City(**row) for row in rows])
