"""What people and their tools may ask of check-ins, over HTTP."""

from datetime import date, datetime
from typing import Annotated

import asyncpg
from fastapi import APIRouter, Path, Query
from pydantic import BaseModel

from services.engagement.store import checkins as store
from shared.http.pages import PAGE_ITEMS_MAX, Page, PagingQuery
from shared.postgres.connection import Pool

CommunityId = Annotated[str, Path(min_length=1, max_length=255)]
MemberId = Annotated[str, Path(min_length=1, max_length=255)]
OnDate = Annotated[date | None, Query(alias="date", description="A local date; today when left out.")]
Month = Annotated[
    str | None, Query(pattern=r"^[1-9][0-9]{3}-(0[1-9]|1[0-2])$", description="Such as 2024-03.")
]
Limit = Annotated[int, Query(ge=1, le=PAGE_ITEMS_MAX)]


class Checkin(BaseModel):
    """One member's check-in of one date."""

    member_id: str
    local_date: date
    message_id: str
    channel_id: str
    occurred_at: datetime
    revision: int


class MemberCheckins(BaseModel):
    """A member's check-ins: totals of all time, and a page of dates, newest first."""

    member_id: str
    days: int
    current_streak_days: int
    """Up to today or yesterday, by the community's clock; 0 when it is broken."""
    longest_streak_days: int
    items: list[date]
    next_cursor: str | None = None


class BoardPlace(BaseModel):
    """A member's place on a month's board."""

    rank: int
    member_id: str
    days: int
    reached_at: datetime
    """The moment of the last check-in that counts; of equal days the earlier stands higher."""


class Board(BaseModel):
    """A month's members with the most days."""

    month: str
    items: list[BoardPlace]


def router(pool: Pool) -> APIRouter:
    """The routes under `/v1/communities/{community_id}`."""
    router = APIRouter(prefix="/v1/communities/{community_id}", tags=["check-ins"])

    @router.get("/checkins")
    async def checkins(community_id: CommunityId, paging: PagingQuery, on: OnDate = None) -> Page[Checkin]:
        """Who checked in on a local date of the community, earliest first."""
        after = paging.after(datetime.fromisoformat, str)
        day = on or await store.today(pool, community_id)
        rows = await store.checkins_of_date(pool, community_id, day, after, paging.rows)
        return paging.page(rows, _checkin, _checkin_key)

    @router.get("/checkins/board")
    async def board(community_id: CommunityId, month: Month = None, limit: Limit = 10) -> Board:
        """A month's members by days of check-in, then by who had them earlier; this month when left out."""
        first = await _first_of(pool, community_id, month)
        rows = await store.board(pool, community_id, first, limit)
        return Board(month=f"{first:%Y-%m}", items=[BoardPlace(**row) for row in rows])

    @router.get("/members/{member_id}/checkins")
    async def member(community_id: CommunityId, member_id: MemberId, paging: PagingQuery) -> MemberCheckins:
        """A member's streaks and dates, newest first; one who never checked in has none."""
        (before,) = paging.after(date.fromisoformat) or (date.max,)
        day = await store.today(pool, community_id)
        totals = await store.member_totals(pool, community_id, member_id, day)
        rows = await store.member_dates(pool, community_id, member_id, before, paging.rows)
        page = paging.page(rows, _local_date, lambda row: [_local_date(row)])
        return MemberCheckins(member_id=member_id, **totals, **page.model_dump())

    return router


async def _first_of(pool: Pool, community_id: str, month: str | None) -> date:
    if month is not None:
        return date.fromisoformat(f"{month}-01")
    return (await store.today(pool, community_id)).replace(day=1)


def _checkin(row: asyncpg.Record) -> Checkin:
    return Checkin(**row)


def _checkin_key(row: asyncpg.Record) -> tuple[object, ...]:
    return row["occurred_at"].isoformat(), row["member_id"]


def _local_date(row: asyncpg.Record) -> date:
    local_date: date = row["local_date"]
    return local_date
