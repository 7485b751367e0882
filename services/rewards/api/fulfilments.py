"""Gifts on their way, over HTTP: what waits, proof of what was handed over, addresses, trying again."""

from datetime import UTC, datetime
from typing import Literal
from uuid import UUID

import asyncpg
from fastapi import APIRouter
from pydantic import BaseModel, Field

from services.rewards.api.keys import Keys
from services.rewards.api.paths import PREFIX, Body, CommunityId, Operator, refused
from services.rewards.handlers.addresses import NoAddresses
from services.rewards.handlers.handing_over import handed_over
from services.rewards.store import acts
from services.rewards.store import fulfilments as store
from services.rewards.store.acts import Act
from shared.engine import UnitOfWork, request_work
from shared.http.pages import Page, PagingQuery
from shared.http.problems import Kind
from shared.postgres.connection import Pool

State = Literal["waiting", "by_hand", "done", "dead", "cancelled"]


class FulfilmentShown(BaseModel):
    """A gift on its way; the address is never shown."""

    fulfilment_id: UUID
    member_id: str
    gift_id: str
    name: str
    source: str
    source_id: str
    state: State
    attempts: int
    next_at: datetime | None
    error: str
    has_address: bool
    proof: str
    created_at: datetime
    done_at: datetime | None
    done_by: str


class Proof(Body):
    """By what it can be seen that the gift is with the member."""

    proof: str = Field(min_length=1, max_length=500)


class Address(Body):
    """Where to send the gift."""

    address: str = Field(min_length=1, max_length=1_000)


def router(pool: Pool, keys: Keys) -> APIRouter:
    """The routes of gifts on their way."""
    routes = APIRouter(prefix=PREFIX + "/fulfilments", tags=["gifts"])
    _add_reading(routes, pool)
    _add_acts(routes, pool, keys)
    return routes


def _add_reading(routes: APIRouter, pool: Pool) -> None:
    @routes.get("")
    async def fulfilments(
        community_id: CommunityId, paging: PagingQuery, state: State | None = None
    ) -> Page[FulfilmentShown]:
        """Oldest first."""
        after = paging.after(datetime.fromisoformat, UUID)
        async with pool.acquire() as connection:
            place = (after[0], after[1]) if after else None
            rows = await store.page(connection, community_id, state, place, paging.rows)
        return paging.page(rows, _shown, lambda row: [row["created_at"].isoformat(), row["fulfilment_id"]])


def _add_acts(routes: APIRouter, pool: Pool, keys: Keys) -> None:
    @routes.post("/{fulfilment_id}/done", status_code=204)
    async def done(community_id: CommunityId, fulfilment_id: UUID, operator: Operator, body: Proof) -> None:
        """An operator handed it over."""
        async with request_work(pool, "rewards", community_id) as work:
            row = await _lock(work, community_id, fulfilment_id)
            if row["state"] == "cancelled" or not await handed_over(
                work, row, work.now, operator, body.proof
            ):
                raise refused("fulfilment-done", Kind.CONFLICT)

    @routes.put("/{fulfilment_id}/address", status_code=204)
    async def address(community_id: CommunityId, fulfilment_id: UUID, body: Address) -> None:
        """Keep where to send it, encrypted, until it is handed over."""
        try:
            sealed = keys.addresses.seal(body.address)
        except NoAddresses:
            raise refused("addresses-off", Kind.CONFLICT) from None
        async with request_work(pool, "rewards", community_id) as work:
            await _lock(work, community_id, fulfilment_id)
            if not await store.set_address(work.connection, fulfilment_id, sealed, work.now):
                raise refused("fulfilment-done", Kind.CONFLICT)

    @routes.post("/{fulfilment_id}/retry", status_code=204)
    async def retry(community_id: CommunityId, fulfilment_id: UUID, operator: Operator) -> None:
        """Try again what was given up."""
        async with request_work(pool, "rewards", community_id) as work:
            await _lock(work, community_id, fulfilment_id)
            if not await store.retry(work.connection, fulfilment_id, datetime.now(UTC)):
                raise refused("fulfilment-not-dead", Kind.CONFLICT)
            act = Act(community_id, work.now, operator, "retry_fulfilment", str(fulfilment_id), "")
            await acts.note(work.connection, act)


async def _lock(work: UnitOfWork, community_id: str, fulfilment_id: UUID) -> asyncpg.Record:
    row = await store.lock(work.connection, fulfilment_id)
    if row is None or row["community_id"] != community_id:
        raise refused("fulfilment-unknown", Kind.NOT_FOUND)
    return row


def _shown(row: asyncpg.Record) -> FulfilmentShown:
    fields = FulfilmentShown.model_fields
    known = {name: row[name] for name in fields if name != "has_address"}
    return FulfilmentShown(**known, has_address=row["address"] is not None)
