"""Silent members over HTTP (潜水清理): look, plan, confirm, watch, stop; nothing happens unconfirmed."""

from datetime import date, datetime, timedelta
from typing import Annotated, Literal

import asyncpg
from fastapi import APIRouter, Path, Query
from pydantic import BaseModel, Field

from services.moderation.api.acts import Because, Body, CommunityId, Operator, Reason, refused
from services.moderation.handlers.clean_members import CLEANING
from services.moderation.store import cleanings as store
from services.moderation.store.communities import load_community
from services.moderation.store.seen import count_lurkers, lurkers
from shared.contracts.identity import event_id
from shared.engine import Timer
from shared.engine.requests import request_work
from shared.http.pages import Page, PagingQuery
from shared.http.problems import Kind
from shared.postgres.connection import Connection, Pool

PLAN_VALID = timedelta(hours=24)
MEMBERS_MAX = 5000
"""Of one plan, those silent longest: four hours of removals."""
SILENT_DAYS_MIN = 7
SILENT_DAYS_MAX = 3650

SilentDays = Annotated[int, Query(ge=SILENT_DAYS_MIN, le=SILENT_DAYS_MAX)]
CleaningId = Annotated[str, Path(min_length=1, max_length=64)]
State = Literal["waiting", "dropped", "asked", "removed", "failed"]


class Lurker(BaseModel):
    """A member who has been silent for long."""

    member_id: str
    first_on: date
    """The day on which the member joined or was heard of first."""
    seen_on: date
    """The day of the last message, reaction or joining."""
    silent_days: int


class Lurkers(Page[Lurker]):
    """One page of silent members, those silent longest first."""

    total: int
    """How many there are on all pages."""
    as_of: date
    """Today, in the community's own time."""


class PlanWish(Body):
    """Whom to put on the list."""

    silent_days: int = Field(ge=SILENT_DAYS_MIN, le=SILENT_DAYS_MAX)
    reason: Reason
    """For the members, in their language."""


class Confirmation(Body):
    """What the person who confirms has seen."""

    version: int
    members: int
    """How many members the plan showed."""


class Cleaning(BaseModel):
    """A plan and how far it is."""

    cleaning_id: str
    version: int
    state: Literal["planned", "running", "stopped", "done"]
    silent_days: int
    members: int
    """On the list as it was frozen."""
    waiting: int
    dropped: int
    """Spoke since, left, became operators or came onto an allow list: they stay."""
    asked: int
    """Their removal is asked of the connector."""
    removed: int
    failed: int
    planned_by: str
    planned_at: datetime
    reason: str
    expires_at: datetime
    """Until when it can be confirmed."""
    confirmed_by: str | None
    confirmed_at: datetime | None
    stopped_by: str | None
    stop_reason: str
    ended_at: datetime | None


class CleaningMember(BaseModel):
    """A member of a list."""

    member_id: str
    seen_on: date
    state: State
    note: str
    """Why dropped, or what the connector answered."""


def router(pool: Pool) -> APIRouter:
    """The routes under `/v1/communities/{community_id}`."""
    routes = APIRouter(prefix="/v1/communities/{community_id}", tags=["care"])
    _add_lurkers(routes, pool)
    _add_lists(routes, pool)
    _add_plan(routes, pool)
    _add_acts(routes, pool)
    return routes


def _add_lurkers(routes: APIRouter, pool: Pool) -> None:
    @routes.get("/lurkers")
    async def silent(community_id: CommunityId, paging: PagingQuery, silent_days: SilentDays = 30) -> Lurkers:
        """Members silent for so many days or more: a look, which changes nothing."""
        after = paging.after(date.fromisoformat, str)
        async with request_work(pool, "moderation", community_id) as work:
            today, _ = await _today(work.connection, community_id, work.now)
            until = today - timedelta(days=silent_days)
            rows = await lurkers(work.connection, community_id, until, after, paging.rows)
            total = await count_lurkers(work.connection, community_id, until)
        page = paging.page(
            rows, lambda row: _lurker(row, today), lambda row: [row["seen_on"], row["member_id"]]
        )
        return Lurkers(items=page.items, next_cursor=page.next_cursor, total=total, as_of=today)


def _add_lists(routes: APIRouter, pool: Pool) -> None:
    @routes.get("/cleanings")
    async def cleanings(community_id: CommunityId, paging: PagingQuery) -> Page[Cleaning]:
        """All plans, newest first."""
        after = paging.after(datetime.fromisoformat, str)
        async with pool.acquire() as connection:
            rows = await store.cleanings_of(connection, community_id, after, paging.rows)
        return paging.page(rows, _cleaning, lambda row: [row["planned_at"].isoformat(), row["cleaning_id"]])

    @routes.get("/cleanings/{cleaning_id}")
    async def cleaning(community_id: CommunityId, cleaning_id: CleaningId) -> Cleaning:
        """A plan and how far it is."""
        async with pool.acquire() as connection:
            row = await store.load_cleaning(connection, community_id, cleaning_id)
        return _cleaning(_known(row))

    @routes.get("/cleanings/{cleaning_id}/members")
    async def members(
        community_id: CommunityId, cleaning_id: CleaningId, paging: PagingQuery, state: State | None = None
    ) -> Page[CleaningMember]:
        """The list as it was frozen, and what became of each."""
        after = paging.after(date.fromisoformat, str)
        async with pool.acquire() as connection:
            _known(await store.load_cleaning(connection, community_id, cleaning_id))
            rows = await store.members_of(connection, cleaning_id, state, after, paging.rows)
        return paging.page(
            rows, lambda row: CleaningMember(**dict(row)), lambda row: [row["seen_on"], row["member_id"]]
        )


def _add_plan(routes: APIRouter, pool: Pool) -> None:
    @routes.post("/cleanings", status_code=201)
    async def plan(community_id: CommunityId, wish: PlanWish, by: Operator) -> Cleaning:
        """Freeze the list of those silent now; it can be confirmed for 24 hours."""
        async with request_work(pool, "moderation", community_id) as work:
            today, now = await _today(work.connection, community_id, work.now)
            until = today - timedelta(days=wish.silent_days)
            rows = await lurkers(work.connection, community_id, until, None, MEMBERS_MAX)
            if not rows:
                raise refused("nobody-silent", Kind.CONFLICT, days=wish.silent_days)
            planned = store.Plan(
                event_id(now, CLEANING, community_id, by, work.now.isoformat()), community_id,
                wish.silent_days, len(rows), by, now, wish.reason, now + PLAN_VALID,
            )  # fmt: skip
            await store.add_plan(
                work.connection, planned, [(row["member_id"], row["seen_on"]) for row in rows]
            )
            return _cleaning(
                _known(await store.load_cleaning(work.connection, community_id, planned.cleaning_id))
            )


def _add_acts(routes: APIRouter, pool: Pool) -> None:
    @routes.post("/cleanings/{cleaning_id}/confirm")
    async def confirm(
        community_id: CommunityId, cleaning_id: CleaningId, seen: Confirmation, by: Operator
    ) -> Cleaning:
        """Begin. Who spoke since the list was frozen is dropped; see `dropped` and the list's members."""
        async with request_work(pool, "moderation", community_id) as work:
            row = _known(await store.lock_cleaning(work.connection, community_id, cleaning_id))
            _, now = await _today(work.connection, community_id, work.now)
            _may_begin(row, seen, now)
            await store.drop_changed(work.connection, [cleaning_id])
            try:
                await store.confirm(work.connection, cleaning_id, by, now)
            except asyncpg.UniqueViolationError:  # another plan was confirmed in this very moment
                raise refused("cleaning-runs", Kind.CONFLICT) from None
            work.set_timer(Timer(community_id, CLEANING, now, cleaning_id))
            return _cleaning(_known(await store.load_cleaning(work.connection, community_id, cleaning_id)))

    @routes.post("/cleanings/{cleaning_id}/stop")
    async def stop(
        community_id: CommunityId, cleaning_id: CleaningId, because: Because, by: Operator
    ) -> Cleaning:
        """Take nobody else out; what was asked of the connector already cannot be called back."""
        async with request_work(pool, "moderation", community_id) as work:
            row = _known(await store.lock_cleaning(work.connection, community_id, cleaning_id))
            if row["state"] not in ("planned", "running"):
                raise refused("cleaning-ended", Kind.CONFLICT, state=row["state"])
            _, now = await _today(work.connection, community_id, work.now)
            await store.stop(work.connection, cleaning_id, by, because.reason, now)
            work.cancel_timer(community_id, CLEANING, cleaning_id)
            return _cleaning(_known(await store.load_cleaning(work.connection, community_id, cleaning_id)))


def _may_begin(row: asyncpg.Record, seen: Confirmation, now: datetime) -> None:
    if row["state"] != "planned":
        raise refused("cleaning-begun", Kind.CONFLICT, state=row["state"])
    if (row["version"], row["members"]) != (seen.version, seen.members):
        raise refused("cleaning-differs", Kind.CONFLICT, version=row["version"], members=row["members"])
    if now >= row["expires_at"]:
        raise refused("cleaning-expired", Kind.GONE)


async def _today(connection: Connection, community_id: str, wall: datetime) -> tuple[date, datetime]:
    """The community's day and moment, which in a replay are those of its history."""
    community = await load_community(connection, community_id)
    now = community.now(wall)
    return now.astimezone(community.profile.zone).date(), now


def _known(row: asyncpg.Record | None) -> asyncpg.Record:
    if row is None:
        raise refused("cleaning-unknown", Kind.NOT_FOUND)
    return row


def _lurker(row: asyncpg.Record, today: date) -> Lurker:
    return Lurker(**dict(row), silent_days=(today - row["seen_on"]).days)


def _cleaning(row: asyncpg.Record) -> Cleaning:
    return Cleaning(**{name: row[name] for name in Cleaning.model_fields})
