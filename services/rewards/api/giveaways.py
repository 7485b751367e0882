"""Red packets and lotteries over HTTP; the seed of one that is over is told, to compute it again."""

from datetime import datetime
from typing import Literal
from uuid import UUID

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
from services.rewards.handlers.giving_away import PACKET, CannotEnter, enter, open_giveaway
from services.rewards.store import giveaways as store
from services.rewards.store.giveaways import Entry, Giveaway
from shared.engine import UnitOfWork, request_work
from shared.http.idempotency import OnceOnly
from shared.http.pages import Page, PagingQuery
from shared.http.problems import Kind
from shared.postgres.connection import Pool

SHARES_MAX = 1_000
HOURS_MAX = 24 * 30


class NewGiveaway(Body):
    """A red packet of points in so many shares, or a lottery with so many winners of as many points each."""

    kind: Literal["red_packet", "lottery"]
    points: int = Field(gt=0, le=POINTS_MAX, strict=True)
    shares: int = Field(gt=0, le=SHARES_MAX, strict=True)
    hours: int = Field(default=24, gt=0, le=HOURS_MAX, strict=True)
    reason: Reason

    @model_validator(mode="after")
    def fits(self) -> "NewGiveaway":
        """A share of a red packet holds a point at least."""
        if self.kind == PACKET and self.points < self.shares:
            raise ValueError("a red packet needs a point for each share")
        return self


class Participant(Body):
    """Who takes part."""

    member_id: Name


class EntryShown(BaseModel):
    """Somebody who takes part; `place` counts shares, or winners, from 0."""

    member_id: str
    place: int | None
    points: int


class GiveawayShown(BaseModel):
    """A giveaway; its seed is told when it is over."""

    giveaway_id: UUID
    kind: str
    points: int
    shares: int
    state: str
    commitment: str
    """SHA-256 of `hearth`, a NUL and the seed, in hex."""
    seed: str | None
    opened_at: datetime
    closes_at: datetime
    opened_by: str
    reason: str
    entries: list[EntryShown] = Field(default_factory=list)

    @classmethod
    def of(cls, made: Giveaway, entries: list[Entry] | None = None) -> "GiveawayShown":
        """A giveaway, with who takes part."""
        known = {name: getattr(made, name) for name in cls.model_fields if name not in ("seed", "entries")}
        seed = made.seed.hex() if made.state == "closed" else None
        return cls(**known, seed=seed, entries=[EntryShown(**each._asdict()) for each in entries or ()])


def router(pool: Pool) -> APIRouter:
    """The routes of giveaways."""
    routes = APIRouter(prefix=PREFIX + "/giveaways", tags=["giveaways"])
    _add_reading(routes, pool)
    _add_acts(routes, pool)
    return routes


def _add_reading(routes: APIRouter, pool: Pool) -> None:
    @routes.get("")
    async def giveaways(community_id: CommunityId, paging: PagingQuery) -> Page[GiveawayShown]:
        """Newest first, without who takes part."""
        before = paging.after(datetime.fromisoformat, UUID)
        async with pool.acquire() as connection:
            place = (before[0], before[1]) if before else None
            rows = [Giveaway(*row) for row in await store.page(connection, community_id, place, paging.rows)]
        return paging.page(rows, GiveawayShown.of, lambda row: [row.opened_at.isoformat(), row.giveaway_id])

    @routes.get("/{giveaway_id}")
    async def giveaway(community_id: CommunityId, giveaway_id: UUID) -> GiveawayShown:
        """One giveaway with everybody who takes part."""
        async with pool.acquire() as connection, connection.transaction():
            made = await store.lock(connection, giveaway_id, community_id)
            if made is None:
                raise refused("giveaway-unknown", Kind.NOT_FOUND)
            return GiveawayShown.of(made, await store.entries(connection, giveaway_id))


def _add_acts(routes: APIRouter, pool: Pool) -> None:
    @routes.post("", status_code=201, response_model=GiveawayShown)
    async def open_one(
        community_id: CommunityId, new: NewGiveaway, operator: Operator, once: OnceOnly
    ) -> Response:
        """Set points of the budget aside and commit to a seed."""

        async def act(work: UnitOfWork) -> GiveawayShown:
            values = (new.kind, new.points, new.shares, new.hours, operator, new.reason)
            return GiveawayShown.of(await open_giveaway(work, community_id, *values))

        try:
            async with request_work(pool, "rewards", community_id) as work:
                return await once.answer(work, lambda: act(work), 201)
        except NotEnough as error:
            raise refused("budget-too-small", Kind.CONFLICT, has=error.held, needs=error.needed) from None

    @routes.post("/{giveaway_id}/entries")
    async def take_part(community_id: CommunityId, giveaway_id: UUID, who: Participant) -> EntryShown:
        """A member takes part, once; what is asked again is answered as before."""
        try:
            async with request_work(pool, "rewards", community_id) as work:
                return EntryShown(**(await enter(work, community_id, giveaway_id, who.member_id))._asdict())
        except CannotEnter as error:
            unknown = error.why == "giveaway-unknown"
            raise refused(error.why, Kind.NOT_FOUND if unknown else Kind.CONFLICT) from None
