"""Redemption over HTTP: reserve, then confirm or cancel; `Idempotency-Key` makes a repeat harmless."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID, uuid4

import asyncpg
from fastapi import APIRouter, Query
from pydantic import BaseModel
from starlette.responses import Response

from services.rewards.api.paths import PREFIX, SERVICE, Because, Body, CommunityId, Name, Operator, refused
from services.rewards.domain.ledger import NotEnough
from services.rewards.domain.redemption import CannotRedeem
from services.rewards.handlers import redeem_gifts, reserve_gifts
from services.rewards.store import redemptions as store
from services.rewards.store.redemptions import Redemption
from shared.engine import UnitOfWork, load_community, request_work
from shared.http.gathering import Gathering
from shared.http.idempotency import OnceOnly
from shared.http.pages import Page, PagingQuery
from shared.http.problems import Kind, Refusal
from shared.postgres.connection import Pool

State = Literal["reserved", "confirmed", "cancelled", "expired"]
KINDS = {"gift-unknown": Kind.NOT_FOUND, "redemption-unknown": Kind.NOT_FOUND}


class Wish(Body):
    """Who wants which gift."""

    member_id: Name
    gift_id: Name


class RedemptionShown(BaseModel):
    """Points set aside for a gift."""

    redemption_id: UUID
    member_id: str
    gift_id: str
    points: int
    state: State
    reserved_at: datetime
    expires_at: datetime
    """When points and gift come back unless it is confirmed."""


def router(pool: Pool) -> APIRouter:
    """The routes of redemptions."""
    routes = APIRouter(prefix=PREFIX + "/redemptions", tags=["redemptions"])
    _add_reading(routes, pool)
    _add_reserving(routes, pool)
    _add_closing(routes, pool)
    return routes


def _add_reading(routes: APIRouter, pool: Pool) -> None:
    @routes.get("")
    async def redemptions(
        community_id: CommunityId,
        paging: PagingQuery,
        member_id: Annotated[str | None, Query(max_length=255)] = None,
        state: State | None = None,
    ) -> Page[RedemptionShown]:
        """Newest first."""
        before = paging.after(datetime.fromisoformat, UUID)
        async with pool.acquire() as connection:
            rows = await store.page(
                connection, community_id, member_id, state, (before[0], before[1]) if before else None,
                paging.rows,
            )  # fmt: skip
        return paging.page(rows, _shown, lambda row: [row["reserved_at"].isoformat(), row["redemption_id"]])

    @routes.get("/{redemption_id}")
    async def redemption(community_id: CommunityId, redemption_id: UUID) -> RedemptionShown:
        """One redemption."""
        async with pool.acquire() as connection:
            row = await store.one(connection, redemption_id, community_id)
        if row is None:
            raise refused("redemption-unknown", Kind.NOT_FOUND)
        return _shown(row)


def _add_reserving(routes: APIRouter, pool: Pool) -> None:
    async def act(
        work: UnitOfWork, community_id: str, wishes: Sequence[reserve_gifts.Wish]
    ) -> list[RedemptionShown | Refusal]:
        community = await load_community(work.connection, community_id)
        outcomes = await reserve_gifts.reserve_all(work, community, wishes)
        return [_refusal(one) if isinstance(one, Exception) else _made(one) for one in outcomes]

    gathering = Gathering(pool, SERVICE, act, 201)

    @routes.post("", status_code=201, response_model=RedemptionShown)
    async def reserve(community_id: CommunityId, wish: Wish, once: OnceOnly) -> Response:
        """Set points and a gift aside; nothing is spent before it is confirmed."""
        asked = reserve_gifts.Wish(wish.member_id, wish.gift_id, once.key or str(uuid4()))
        return await gathering.ask(community_id, asked, once)


def _add_closing(routes: APIRouter, pool: Pool) -> None:
    @routes.post("/{redemption_id}/confirm", response_model=RedemptionShown)
    async def confirm(
        community_id: CommunityId, redemption_id: UUID, operator: Operator, once: OnceOnly
    ) -> Response:
        """The points are spent and the gift goes out."""

        async def act(work: UnitOfWork) -> RedemptionShown:
            community = await load_community(work.connection, community_id)
            made = await redeem_gifts.confirm(work, community, redemption_id, operator)
            return _made(made)

        try:
            async with request_work(pool, SERVICE, str(redemption_id)) as work:
                return await once.answer(work, lambda: act(work))
        except CannotRedeem as error:
            raise _refusal(error) from None

    @routes.post("/{redemption_id}/cancel", response_model=RedemptionShown)
    async def cancel(
        community_id: CommunityId, redemption_id: UUID, operator: Operator, because: Because, once: OnceOnly
    ) -> Response:
        """Points and gift come back."""

        async def act(work: UnitOfWork) -> RedemptionShown:
            community = await load_community(work.connection, community_id)
            made = await redeem_gifts.cancel(work, community, redemption_id, operator, because.reason)
            return _made(made)

        try:
            async with request_work(pool, SERVICE, str(redemption_id)) as work:
                return await once.answer(work, lambda: act(work))
        except CannotRedeem as error:
            raise _refusal(error) from None


def _refusal(error: reserve_gifts.Refused) -> Refusal:
    if isinstance(error, NotEnough):
        members = {"has": error.held, "needs": error.needed}
        return refused("points-too-few", Kind.CONFLICT, **members)
    return refused(error.why, KINDS.get(error.why, Kind.CONFLICT))


def _made(made: Redemption) -> RedemptionShown:
    return RedemptionShown(**made._asdict())


def _shown(row: asyncpg.Record) -> RedemptionShown:
    return RedemptionShown(**{name: row[name] for name in RedemptionShown.model_fields})
