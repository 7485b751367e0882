"""Links between one person's accounts over HTTP: who is linked to whom, and undoing it."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

import asyncpg
from fastapi import APIRouter, Query
from pydantic import BaseModel
from starlette.responses import Response

from services.rewards.api.paths import PREFIX, Because, CommunityId, Operator, refused
from services.rewards.api.texts import TEXTS
from services.rewards.handlers.linking import CannotLink, tell_both, unlink
from services.rewards.store import links as store
from shared.engine import UnitOfWork, load_community, request_work
from shared.engine.speaking import Speaker
from shared.http.idempotency import OnceOnly
from shared.http.pages import Page, PagingQuery
from shared.http.problems import Kind
from shared.postgres.connection import Pool

Account = Annotated[str | None, Query(min_length=1, max_length=255, description="either of its accounts")]


class LinkShown(BaseModel):
    """An account that is the same person's as the main one."""

    link_id: UUID
    member_id: str
    """The main account."""
    linked_member_id: str
    linked_at: datetime
    moved: int
    """Points that the linked account brought, less the debts that the main one took over."""
    unlinked_at: datetime | None
    unlinked_by: str
    reason: str
    returned: int
    """What went back when it was undone."""


class Unlinked(BaseModel):
    """What went back to the account that is on its own again; below zero a debt."""

    link_id: UUID
    points: int


def router(pool: Pool) -> APIRouter:
    """The routes of links."""
    routes = APIRouter(prefix=PREFIX + "/links", tags=["links"])

    @routes.get("")
    async def links(
        community_id: CommunityId, paging: PagingQuery, member_id: Account = None
    ) -> Page[LinkShown]:
        """In force and undone, newest first."""
        before = paging.after(datetime.fromisoformat, UUID)
        async with pool.acquire() as connection:
            place = (before[0], before[1]) if before else None
            rows = await store.page(connection, community_id, member_id, place, paging.rows)
        return paging.page(rows, _shown, lambda row: [row["linked_at"].isoformat(), row["link_id"]])

    @routes.post("/{link_id}/unlink", response_model=Unlinked)
    async def undo(
        community_id: CommunityId, link_id: UUID, body: Because, operator: Operator, once: OnceOnly
    ) -> Response:
        """The account is on its own again, with what it brought as far as the main wallet still has it."""

        async def act(work: UnitOfWork) -> Unlinked:
            community = await load_community(work.connection, community_id)
            now = community.now(work.now)
            undone, points = await unlink(work, community_id, link_id, now, operator, body.reason)
            speaker = Speaker(TEXTS, community.profile, now, work)
            tell_both(speaker, undone, "link.undone", f"unlink:{link_id}", points=points, reason=body.reason)
            return Unlinked(link_id=link_id, points=points)

        try:
            async with request_work(pool, "rewards", community_id) as work:
                return await once.answer(work, lambda: act(work))
        except CannotLink:
            raise refused("link-unknown", Kind.NOT_FOUND) from None

    return routes


def _shown(row: asyncpg.Record) -> LinkShown:
    known = {name: row[name] for name in LinkShown.model_fields if name != "linked_member_id"}
    return LinkShown(**known, linked_member_id=row["account_id"])
