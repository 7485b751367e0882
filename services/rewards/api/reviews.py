"""Reviews of points over HTTP: what is set aside and why, and a person's decision."""

import json
from datetime import datetime
from typing import Literal
from uuid import UUID

import asyncpg
from fastapi import APIRouter
from pydantic import BaseModel

from services.rewards.api.paths import PREFIX, Body, CommunityId, Operator, Reason, refused
from services.rewards.handlers.look_for_farming import CannotDecide, decide_review
from services.rewards.store import reviews as store
from shared.engine import request_work
from shared.http.pages import Page, PagingQuery
from shared.http.problems import Kind
from shared.postgres.connection import Pool

State = Literal["held", "released", "voided"]


class ReviewShown(BaseModel):
    """Points set aside, with what was counted."""

    review_id: UUID
    member_id: str
    state: State
    signals: dict[str, dict[str, float]]
    """Of `repetition`, `cadence`, `ring`: the numbers behind each."""
    points: int
    opened_at: datetime
    decided_at: datetime | None
    decided_by: str
    reason: str


class Decision(Body):
    """Whether the points come back or do not count, and why."""

    outcome: Literal["released", "voided"]
    reason: Reason


def router(pool: Pool) -> APIRouter:
    """The routes of reviews."""
    routes = APIRouter(prefix=PREFIX + "/reviews", tags=["reviews"])

    @routes.get("")
    async def reviews(
        community_id: CommunityId, paging: PagingQuery, state: State | None = None
    ) -> Page[ReviewShown]:
        """Newest first."""
        before = paging.after(datetime.fromisoformat, UUID)
        async with pool.acquire() as connection:
            place = (before[0], before[1]) if before else None
            rows = await store.page(connection, community_id, state, place, paging.rows)
        return paging.page(rows, _shown, lambda row: [row["opened_at"].isoformat(), row["review_id"]])

    @routes.post("/{review_id}/decision", status_code=204)
    async def decide(community_id: CommunityId, review_id: UUID, body: Decision, operator: Operator) -> None:
        """Give the points back, or void them; the reason stands in the member's statement."""
        try:
            async with request_work(pool, "rewards", community_id) as work:
                await decide_review(work, community_id, review_id, body.outcome, operator, body.reason)
        except CannotDecide as error:
            kind = Kind.NOT_FOUND if error.why == "review-unknown" else Kind.CONFLICT
            raise refused(error.why, kind) from None

    return routes


def _shown(row: asyncpg.Record) -> ReviewShown:
    known = {name: row[name] for name in ReviewShown.model_fields if name != "signals"}
    return ReviewShown(**known, signals=json.loads(row["signals"]))
