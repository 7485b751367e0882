"""Budget, adjustments and compensation over HTTP."""

from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

import asyncpg
from fastapi import APIRouter
from pydantic import BaseModel, Field, model_validator
from starlette.responses import Response

from services.rewards.api.paths import (
    POINTS_MAX,
    PREFIX,
    Body,
    CommunityId,
    Name,
    Operator,
    Reason,
    refused,
)
from services.rewards.domain.ledger import NotEnough
from services.rewards.handlers.adjusting import COMPENSATION, CannotDecide, adjust, decide, fund
from services.rewards.store import adjustments as store
from shared.engine import UnitOfWork, request_work
from shared.http.idempotency import OnceOnly
from shared.http.pages import Page, PagingQuery
from shared.http.problems import Kind
from shared.postgres.connection import Pool

State = Literal["proposed", "applied", "refused"]
Signed = Annotated[int, Field(ge=-POINTS_MAX, le=POINTS_MAX, strict=True)]


class Change(Body):
    """How many points, below zero to take them, and why."""

    points: Signed
    reason: Reason

    @model_validator(mode="after")
    def moves_something(self) -> "Change":
        """No points are no change."""
        if not self.points:
            raise ValueError("points must not be 0")
        return self


class AdjustmentBody(Change):
    """Points for or from a member."""

    member_id: Name
    kind: Literal["adjustment", "compensation"] = "adjustment"
    """Compensation comes from the budget."""

    @model_validator(mode="after")
    def compensates(self) -> "AdjustmentBody":
        """Compensation gives."""
        if self.kind == COMPENSATION and self.points < 0:
            raise ValueError("compensation must be above 0")
        return self


class DecisionBody(Body):
    """Whether it is applied, and why."""

    agree: bool
    reason: Reason


class AdjustmentShown(BaseModel):
    """An adjustment; a proposed one waits for a second person."""

    adjustment_id: UUID
    member_id: str
    kind: str
    points: int
    state: State
    proposed_at: datetime
    proposed_by: str
    reason: str


class Funded(BaseModel):
    """What was added to the budget."""

    points: int


def router(pool: Pool) -> APIRouter:
    """The routes of budget and adjustments."""
    routes = APIRouter(prefix=PREFIX, tags=["adjustments"])
    _add_budget(routes, pool)
    _add_adjustments(routes, pool)
    return routes


def _add_budget(routes: APIRouter, pool: Pool) -> None:
    @routes.post("/budget", response_model=Funded)
    async def budget(community_id: CommunityId, body: Change, operator: Operator, once: OnceOnly) -> Response:
        """Add points to what operators may give away, or take some back."""

        async def act(work: UnitOfWork) -> Funded:
            await fund(work, community_id, body.points, operator, body.reason)
            return Funded(points=body.points)

        return await _answered(pool, community_id, once, act)


def _add_adjustments(routes: APIRouter, pool: Pool) -> None:
    @routes.get("/adjustments")
    async def adjustments(
        community_id: CommunityId, paging: PagingQuery, state: State | None = None
    ) -> Page[AdjustmentShown]:
        """Newest first."""
        before = paging.after(datetime.fromisoformat, UUID)
        async with pool.acquire() as connection:
            place = (before[0], before[1]) if before else None
            rows = await store.page(connection, community_id, state, place, paging.rows)
        return paging.page(rows, _shown, lambda row: [row["proposed_at"].isoformat(), row["adjustment_id"]])

    @routes.post("/adjustments", status_code=201, response_model=AdjustmentShown)
    async def propose(
        community_id: CommunityId, body: AdjustmentBody, operator: Operator, once: OnceOnly
    ) -> Response:
        """Give or take points; above the rules' limit a second person has to agree."""

        async def act(work: UnitOfWork) -> AdjustmentShown:
            values = (body.member_id, body.kind, body.points, operator, body.reason)
            return AdjustmentShown(**(await adjust(work, community_id, *values))._asdict())

        return await _answered(pool, community_id, once, act, 201)

    @routes.post("/adjustments/{adjustment_id}/decision", response_model=AdjustmentShown)
    async def decision(
        community_id: CommunityId, adjustment_id: UUID, body: DecisionBody, operator: Operator, once: OnceOnly
    ) -> Response:
        """A second person agrees, or anybody refuses."""

        async def act(work: UnitOfWork) -> AdjustmentShown:
            made = await decide(work, community_id, adjustment_id, operator, body.reason, agree=body.agree)
            return AdjustmentShown(**made._asdict())

        return await _answered(pool, community_id, once, act)


async def _answered(
    pool: Pool, community_id: str, once: OnceOnly, act: Callable[[UnitOfWork], Awaitable[BaseModel]],
    status: int = 200,
) -> Response:  # fmt: skip
    try:
        async with request_work(pool, "rewards", community_id) as work:
            return await once.answer(work, lambda: act(work), status)
    except NotEnough as error:
        slug = "budget-too-small" if error.kind == "gift_budget" else "points-too-few"
        raise refused(slug, Kind.CONFLICT, has=error.held, needs=error.needed) from None
    except CannotDecide as error:
        unknown = error.why == "adjustment-unknown"
        forbidden = error.why == "adjustment-second-person"
        kind = Kind.NOT_FOUND if unknown else Kind.FORBIDDEN if forbidden else Kind.CONFLICT
        raise refused(error.why, kind) from None


def _shown(row: asyncpg.Record) -> AdjustmentShown:
    return AdjustmentShown(**{name: row[name] for name in AdjustmentShown.model_fields})
