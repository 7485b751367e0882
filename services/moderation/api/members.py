"""Members over HTTP: all that is on record of one, and forgetting one."""

import json
from datetime import datetime

import asyncpg
from fastapi import APIRouter
from pydantic import BaseModel

from services.moderation.api.acts import Because, CommunityId, MemberId, Operator
from services.moderation.api.sanctions import SanctionShown
from services.moderation.domain.ladder import Strike, points_at
from services.moderation.domain.policy import BadPolicy, Policy
from services.moderation.domain.window import NOTHING, Window
from services.moderation.handlers.change_policies import current_policy
from services.moderation.handlers.erase_members import erase_member
from services.moderation.store import erasure, lists, records
from services.moderation.store.communities import load_community
from services.moderation.store.moments import microseconds_of, moment_of
from services.moderation.store.policy_documents import default_policy
from services.moderation.store.windows import load_windows
from shared.engine import request_work
from shared.http.pages import Page, PagingQuery
from shared.postgres.connection import Connection, Pool

ROWS_MAX = 200
"""Of each kind; older ones are in the lists of their own."""


class StrikeShown(BaseModel):
    """Points for one case, and what time has left of them."""

    case_id: str
    at: datetime
    points: int
    points_now: int
    rule: str
    rule_version: int
    voided_at: datetime | None


class CaseShown(BaseModel):
    """A case about the member."""

    case_id: str
    kind: str
    rule: str
    rule_version: int
    score: float
    state: str
    verdict: str | None
    opened_at: datetime
    resolved_at: datetime | None


class RemovalShown(BaseModel):
    """A message of the member that was taken away."""

    message_id: str
    channel_id: str
    rule: str
    rule_version: int
    evidence: str
    posted_at: datetime
    removed_at: datetime
    deletion: str


class ArrivalShown(BaseModel):
    """When the member came in, and who invited."""

    joined_at: datetime
    invited_by: str | None


class ListShown(BaseModel):
    """A list on which the member is."""

    list_id: str
    name: str
    effect: str


class Record(BaseModel):
    """All that is on record of a member, newest first; at most 200 of each."""

    member_id: str
    points: int
    """On the ladder now."""
    next_step: str | None
    """Where the ladder leads with one point more."""
    is_new: bool
    """Whether rules are as strict as for newcomers."""
    is_operator: bool
    first_at: datetime | None
    """The first message that is known."""
    strikes: list[StrikeShown]
    sanctions: list[SanctionShown]
    cases: list[CaseShown]
    removals: list[RemovalShown]
    arrivals: list[ArrivalShown]
    lists: list[ListShown]


class ErasureShown(BaseModel):
    """Somebody who was forgotten: who did it, why, and how many rows of each table went."""

    erased_at: datetime
    erased_by: str
    reason: str
    counts: dict[str, int]


class Erased(BaseModel):
    """How many rows of each table went."""

    counts: dict[str, int]


def router(pool: Pool) -> APIRouter:
    """The routes under a community's members."""
    routes = APIRouter(prefix="/v1/communities/{community_id:path}", tags=["members"])
    shipped = default_policy()

    @routes.get("/members/{member_id:path}/record")
    async def record(community_id: CommunityId, member_id: MemberId) -> Record:
        """Points, sanctions, cases, removals and lists of a member; of somebody unknown there is nothing."""
        async with (
            pool.acquire() as connection,
            connection.transaction(isolation="repeatable_read", readonly=True),
        ):
            return await _record(connection, shipped, community_id, member_id)

    @routes.post("/members/{member_id:path}/erase")
    async def erase(
        community_id: CommunityId, member_id: MemberId, operator: Operator, because: Because
    ) -> Erased:
        """Forget a member for ever: only counts are kept. The reason must not name anybody."""
        async with request_work(pool, "moderation", community_id) as work:
            now = (await load_community(work.connection, community_id)).now(work.now)
            counts = await erase_member(work, community_id, member_id, now, operator, because.reason)
            return Erased(counts=counts)

    @routes.get("/erasures")
    async def erasures(community_id: CommunityId, paging: PagingQuery) -> Page[ErasureShown]:
        """How often and why members were forgotten, newest first; nothing tells who they were."""
        (before,) = paging.after(int) or (None,)
        rows = await pool.fetch(erasure.ERASURES, community_id, before, paging.rows)
        return paging.page(rows, _erasure, lambda row: [row["number"]])

    return routes


async def _record(connection: Connection, shipped: Policy, community_id: str, member_id: str) -> Record:
    member = community_id, member_id
    strikes = await connection.fetch(records.STRIKES, *member, ROWS_MAX)
    community = await load_community(connection, community_id)
    now = community.now(await connection.fetchval(records.NOW))
    ladder = (await _policy(connection, shipped, community_id)).ladder
    points = points_at([_strike(row) for row in strikes], now, ladder.decay_days)
    window = (await load_windows(connection, [member])).get(member, NOTHING)
    sanctions = await records.sanctions(connection, *member, None, ROWS_MAX, in_force=False)
    return Record(
        member_id=member_id,
        points=points,
        next_step=ladder.step(points + 1),
        is_new=window.is_new(microseconds_of(now)),
        is_operator=window.is_exempt,
        first_at=_first(window),
        strikes=[
            StrikeShown(**row, points_now=points_at([_strike(row)], now, ladder.decay_days))
            for row in strikes
        ],
        sanctions=[SanctionShown.of(row) for row in sanctions],
        cases=[CaseShown(**row) for row in await connection.fetch(records.CASES, *member, ROWS_MAX)],
        removals=[RemovalShown(**row) for row in await connection.fetch(records.REMOVALS, *member, ROWS_MAX)],
        arrivals=[ArrivalShown(**row) for row in await connection.fetch(records.ARRIVALS, *member, ROWS_MAX)],
        lists=[
            ListShown(list_id=each.list_id, name=each.name, effect=each.effect)
            for each in await lists.listed_members(connection, [member])
        ],
    )


async def _policy(connection: Connection, shipped: Policy, community_id: str) -> Policy:
    """What judges: the shipped set where the community's own does not load."""
    try:
        return (await current_policy(connection, shipped, community_id)).policy
    except BadPolicy:
        return shipped


def _erasure(row: asyncpg.Record) -> ErasureShown:
    return ErasureShown(
        erased_at=row["erased_at"],
        erased_by=row["erased_by"],
        reason=row["reason"],
        counts=json.loads(row["counts"]),
    )


def _strike(row: asyncpg.Record) -> Strike:
    return Strike(row["at"], row["points"], row["voided_at"] is not None)


def _first(window: Window) -> datetime | None:
    return None if window.first_us is None else moment_of(window.first_us)
