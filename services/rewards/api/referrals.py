"""Referrals over HTTP: who came by whose invitation, counts, and what is flagged."""

from datetime import UTC, datetime
from typing import Annotated, Literal

import asyncpg
from fastapi import APIRouter, Query
from pydantic import BaseModel

from services.rewards.api.paths import PREFIX, Body, CommunityId, MemberId, Operator, Reason, refused
from services.rewards.handlers.count_referrals import REFERRAL_DUE, WAITS_FOR
from services.rewards.store import acts
from services.rewards.store import referrals as store
from services.rewards.store.acts import Act
from shared.engine import Timer, load_community, request_work
from shared.http.pages import Page, PagingQuery
from shared.http.problems import Kind
from shared.postgres.connection import Pool

State = Literal["waiting", "paid", "left", "lapsed", "flagged", "refused"]
INVITERS_MAX = 100


class ReferralShown(BaseModel):
    """One invitee."""

    invitee_id: str
    inviter_id: str
    joined_at: datetime
    state: State
    flag: str
    """Why a person has to look: `self`, or `ring` when inviter and invitee invited one another."""
    points: int
    paid_at: datetime | None
    decided_by: str | None
    reason: str


class InviterShown(BaseModel):
    """What came of one member's invitations."""

    inviter_id: str
    invited: int
    paid: int
    points: int


class Decision(Body):
    """Whether a flagged invitation counts, and why."""

    counts: bool
    reason: Reason


def router(pool: Pool) -> APIRouter:
    """The routes of referrals."""
    routes = APIRouter(prefix=PREFIX + "/referrals", tags=["referrals"])
    _add_reading(routes, pool)
    _add_decision(routes, pool)
    return routes


def _add_reading(routes: APIRouter, pool: Pool) -> None:
    @routes.get("")
    async def referrals(
        community_id: CommunityId,
        paging: PagingQuery,
        state: State | None = None,
        inviter_id: Annotated[str | None, Query(max_length=255)] = None,
    ) -> Page[ReferralShown]:
        """By invitee."""
        (after,) = paging.after(str) or (None,)
        async with pool.acquire() as connection:
            rows = await store.page(connection, community_id, state, inviter_id, after, paging.rows)
        return paging.page(rows, _shown, lambda row: [row["invitee_id"]])

    @routes.get("/inviters")
    async def inviters(community_id: CommunityId) -> list[InviterShown]:
        """The hundred most successful."""
        async with pool.acquire() as connection:
            rows = await store.counts(connection, community_id, INVITERS_MAX)
        return [InviterShown(**row) for row in rows]


def _add_decision(routes: APIRouter, pool: Pool) -> None:
    @routes.post("/{member_id:path}/decision", status_code=204)
    async def decide(
        community_id: CommunityId, member_id: MemberId, body: Decision, operator: Operator
    ) -> None:
        """A flagged invitation counts, as any other, or it does not."""
        async with request_work(pool, "rewards", community_id) as work:
            state = "waiting" if body.counts else "refused"
            joined = await store.decide(
                work.connection, community_id, member_id, state, operator, body.reason
            )
            if joined is None:
                raise refused("referral-not-flagged", Kind.CONFLICT)
            if body.counts:
                now = (await load_community(work.connection, community_id)).now(datetime.now(UTC))
                work.set_timer(Timer(community_id, REFERRAL_DUE, now, member_id, after=WAITS_FOR))
            detail = {"counts": body.counts}
            act = Act(community_id, work.now, operator, "referral", member_id, body.reason, detail)
            await acts.note(work.connection, act)


def _shown(row: asyncpg.Record) -> ReferralShown:
    return ReferralShown(**row)
