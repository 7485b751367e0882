"""Members over HTTP: newcomers, segments, opinion leaders, the mesh, and forgetting somebody."""

import json
from datetime import date, datetime, timedelta
from typing import Annotated, Literal

import asyncpg
from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from services.engagement.api.acts import (
    SERVICE,
    Because,
    Body,
    CommunityId,
    MemberId,
    Name,
    Operator,
    community_now,
    refused,
)
from services.engagement.domain.segment import Segment
from services.engagement.store import erasure, members, newcomers
from shared.engine import request_work
from shared.http.pages import Page, PagingQuery
from shared.http.problems import Kind
from shared.postgres.connection import Pool

EVIDENCE_SPAN = timedelta(days=90)


class NewcomerShown(BaseModel):
    """A newcomer's journey: welcomed, introduced, answered, came back."""

    member_id: str
    member_name: str
    joined_at: datetime
    welcomed_at: datetime | None
    introduced_at: datetime | None
    answered_at: datetime | None
    came_back_on: date | None
    left_at: datetime | None
    alerted_at: datetime | None
    """When operators were told that nobody answered the introduction."""
    invited_by: str | None

    @classmethod
    def of(cls, row: asyncpg.Record) -> "NewcomerShown":
        """A row of the store."""
        return cls(**row)


class SegmentMember(BaseModel):
    """A member of a segment."""

    member_id: str
    segment: str
    days: int
    """On which they wrote, of the last 13 weeks."""
    last_day: date

    @classmethod
    def of(cls, row: asyncpg.Record) -> "SegmentMember":
        """A row of the store."""
        return cls(**row)


class Segments(BaseModel):
    """Members by segment; an empty name stands for those who came since the last review."""

    members: dict[str, int]


class Evidence(BaseModel):
    """Why somebody may be an opinion leader: of the last 90 days."""

    member_id: str
    answers: int
    helped: int
    """Different people whose questions they answered."""
    days: int
    state: str
    """In the pipeline; `none` who is not in it."""


class EvidenceList(BaseModel):
    """Most people helped first."""

    items: list[Evidence]


class Leader(BaseModel):
    """A member of the pipeline."""

    member_id: str
    state: str
    owner: str
    next_act: str
    version: int
    changed_at: datetime


class Leaders(BaseModel):
    """The pipeline."""

    items: list[Leader]


class Move(Body):
    """Where somebody stands, who looks after them, and what is done next, such as a share session."""

    state: Literal["candidate", "invited", "active", "resting", "declined"]
    owner: Name
    next_act: Annotated[str, Field(max_length=500)] = ""
    version: int = 0
    """The version that was shown; 0 for somebody new to the pipeline."""


class MeshShown(BaseModel):
    """The graph of replies and mentions of 13 weeks."""

    week: date
    members: int
    edges: int
    parts: int
    concentration: float
    """Gini coefficient of days talked: near 1 when few carry the conversation."""
    cut_members: list[str]
    """Without whom somebody would lose touch."""
    introductions: list[tuple[str, str]]
    """Pairs of members to introduce, of parts that never talk."""

    @classmethod
    def of(cls, row: asyncpg.Record) -> "MeshShown":
        """A row of the store."""
        return cls(**{**row, "introductions": json.loads(row["introductions"])})


class Erased(BaseModel):
    """Rows that went, by table."""

    counts: dict[str, int]


def router(pool: Pool) -> APIRouter:
    """The routes under `/v1/communities/{community_id}`."""
    routes = APIRouter(prefix="/v1/communities/{community_id}", tags=["members"])
    _add_lists(routes, pool)
    _add_leaders(routes, pool)
    _add_erasure(routes, pool)
    return routes


def _add_lists(routes: APIRouter, pool: Pool) -> None:
    @routes.get("/newcomers")
    async def journeys(community_id: CommunityId, paging: PagingQuery) -> Page[NewcomerShown]:
        """Newcomers and how far they are, newest first."""
        after = paging.after(datetime.fromisoformat, str)
        rows = await newcomers.newcomers(pool, community_id, after, paging.rows)
        return paging.page(
            rows, NewcomerShown.of, lambda row: [row["joined_at"].isoformat(), row["member_id"]]
        )

    @routes.get("/segments")
    async def segments(community_id: CommunityId) -> Segments:
        """How many members each segment has, as of the last review."""
        return Segments(members=await members.segments(pool, community_id))

    @routes.get("/segments/{segment}")
    async def of_segment(
        community_id: CommunityId, segment: Segment, paging: PagingQuery
    ) -> Page[SegmentMember]:
        """A segment's members, by id."""
        (after,) = paging.after(str) or (None,)
        rows = await members.members_of(pool, community_id, segment.value, after, paging.rows)
        return paging.page(rows, SegmentMember.of, lambda row: [row["member_id"]])

    @routes.get("/mesh")
    async def mesh(community_id: CommunityId, paging: PagingQuery) -> Page[MeshShown]:
        """Who holds the community together, week by week, newest first."""
        (before,) = paging.after(date.fromisoformat) or (None,)
        rows = await members.meshes(pool, community_id, before, paging.rows)
        return paging.page(rows, MeshShown.of, lambda row: [row["week"]])


def _add_leaders(routes: APIRouter, pool: Pool) -> None:
    @routes.get("/opinion-leaders/candidates")
    async def candidates(
        community_id: CommunityId, helped_min: Annotated[int, Query(ge=1, le=1000)] = 3
    ) -> EvidenceList:
        """Who answered the questions of several people lately."""
        async with pool.acquire() as connection:
            _, now = await community_now(connection, community_id)
        rows = await members.evidence(pool, community_id, now - EVIDENCE_SPAN, helped_min, 100)
        return EvidenceList(items=[Evidence(**row) for row in rows])

    @routes.get("/opinion-leaders")
    async def leaders(community_id: CommunityId) -> Leaders:
        """The pipeline: candidate, invited, active, resting."""
        rows = await members.leaders(pool, community_id)
        return Leaders(items=[Leader(**row) for row in rows])

    @routes.put("/opinion-leaders/{member_id}")
    async def move(community_id: CommunityId, member_id: MemberId, move: Move, by: Operator) -> Leader:
        """Move somebody along, unless somebody else did meanwhile."""
        async with request_work(pool, SERVICE, community_id) as work:
            _, now = await community_now(work.connection, community_id)
            version = await members.move_leader(
                work.connection, community_id, member_id, move.version, move.state, move.owner, move.next_act,
                now,
            )  # fmt: skip
            if version is None:
                raise refused("leader-changed", Kind.CONFLICT)
        return Leader(
            member_id=member_id, state=move.state, owner=move.owner, next_act=move.next_act, version=version,
            changed_at=now,
        )  # fmt: skip


def _add_erasure(routes: APIRouter, pool: Pool) -> None:
    @routes.post("/members/{member_id}/erase")
    async def erase(community_id: CommunityId, member_id: MemberId, because: Because, by: Operator) -> Erased:
        """Forget a member for ever: every row that names them."""
        async with request_work(pool, SERVICE, community_id) as work:
            counts = await erasure.erase_member(work.connection, community_id, member_id)
            await erasure.note_erasure(work.connection, community_id, work.now, by, because.reason, counts)
        return Erased(counts=counts)
