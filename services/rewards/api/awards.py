"""The monthly award over HTTP: places, choices, links, disqualification."""

from datetime import UTC, date, datetime

from fastapi import APIRouter
from pydantic import BaseModel, Field
from starlette.responses import Response

from services.rewards.api.keys import Keys
from services.rewards.api.paths import (
    PREFIX,
    Because,
    Body,
    CommunityId,
    MemberId,
    Month,
    Name,
    Operator,
    refused,
)
from services.rewards.api.texts import TEXTS
from services.rewards.handlers.award_desk import NotClosed, UnknownPrize, choose, disqualify, open_choosing
from services.rewards.handlers.choosing import GiftGone, NotOnTurn
from services.rewards.store import prizes
from services.rewards.store.prizes import Prize
from shared.engine import UnitOfWork, request_work
from shared.http.idempotency import OnceOnly
from shared.http.problems import Kind, Refusal
from shared.postgres.connection import Pool

AWARD = PREFIX + "/months/{month}/award"


class PrizeShown(BaseModel):
    """A place in a month's award and what becomes of it."""

    member_id: str
    rank: int
    state: str
    gift_id: str | None
    offered: list[str]
    """What the member may choose from, in the order of the numbers."""
    choose_by: datetime | None
    chosen_at: datetime | None
    chosen_by: str
    """`member`, `default`, or the operator."""

    @classmethod
    def of(cls, prize: Prize) -> "PrizeShown":
        """A place."""
        return cls(**{name: getattr(prize, name) for name in cls.model_fields})


class Choice(Body):
    """Which gift."""

    gift_id: Name


class LinkShown(BaseModel):
    """A token that lets its holder choose for this winner."""

    token: str


class LinkChoice(Choice):
    """A choice by who holds a link."""

    token: str = Field(max_length=2_000)


def router(pool: Pool, keys: Keys) -> APIRouter:
    """The routes of the award."""
    routes = APIRouter(prefix="", tags=["award"])
    _add_reading(routes, pool, keys)
    _add_choosing(routes, pool, keys)
    _add_acts(routes, pool)
    return routes


def _add_reading(routes: APIRouter, pool: Pool, keys: Keys) -> None:
    @routes.get(AWARD)
    async def award(community_id: CommunityId, month: Month) -> list[PrizeShown]:
        """All places of a month, by rank."""
        async with pool.acquire() as connection:
            found = await prizes.load_prizes(connection, (community_id, _first(month)))
        return [PrizeShown.of(each) for each in found]

    @routes.get(AWARD + "/{member_id:path}/link")
    async def link(community_id: CommunityId, month: Month, member_id: MemberId) -> LinkShown:
        """A signed token for a page on which this winner chooses."""
        return LinkShown(token=keys.link(community_id, _first(month), member_id))


def _add_choosing(routes: APIRouter, pool: Pool, keys: Keys) -> None:
    @routes.post(AWARD + "/{member_id:path}/choice", response_model=PrizeShown)
    async def choose_for(
        community_id: CommunityId, month: Month, member_id: MemberId, body: Choice, operator: Operator,
        once: OnceOnly,
    ) -> Response:  # fmt: skip
        """An operator chooses for a winner who is on turn."""
        key = (community_id, _first(month))
        return await _choose(pool, once, key, member_id, body.gift_id, operator)

    @routes.post("/v1/gift-choices", response_model=PrizeShown)
    async def choose_by_link(body: LinkChoice, once: OnceOnly) -> Response:
        """A winner chooses by a signed link."""
        known = keys.read_link(body.token)
        if known is None:
            raise refused("link-invalid", Kind.FORBIDDEN)
        return await _choose(pool, once, known[:2], known[2], body.gift_id, "member")


async def _choose(
    pool: Pool, once: OnceOnly, key: tuple[str, date], member_id: str, gift_id: str, by: str
) -> Response:
    async def act(work: UnitOfWork) -> PrizeShown:
        return PrizeShown.of(await choose(work, key, member_id, gift_id, by, TEXTS))

    try:
        async with request_work(pool, "rewards", f"{key[0]} {key[1]}") as work:
            return await once.answer(work, lambda: act(work))
    except (UnknownPrize, NotClosed, NotOnTurn, GiftGone) as error:
        raise _refusal(error) from None


def _add_acts(routes: APIRouter, pool: Pool) -> None:
    @routes.post(AWARD + "/open")
    async def open_award(community_id: CommunityId, month: Month, operator: Operator) -> list[PrizeShown]:
        """Let the winners of a closed month choose, when there were no gifts at its close."""
        key = (community_id, _first(month))
        try:
            async with request_work(pool, "rewards", f"{key[0]} {key[1]}") as work:
                if not await open_choosing(work, key, operator, datetime.now(UTC), TEXTS):
                    raise refused("month-without-gifts", Kind.CONFLICT)
                found = await prizes.load_prizes(work.connection, key)
        except NotClosed as error:
            raise _refusal(error) from None
        return [PrizeShown.of(each) for each in found]

    @routes.post(AWARD + "/{member_id:path}/disqualify")
    async def disqualify_member(
        community_id: CommunityId, month: Month, member_id: MemberId, operator: Operator, because: Because
    ) -> list[PrizeShown]:
        """Take a place away, for a reason that is kept; the next member of the month moves up."""
        key = (community_id, _first(month))
        try:
            async with request_work(pool, "rewards", f"{key[0]} {key[1]}") as work:
                await disqualify(work, key, member_id, operator, because.reason, TEXTS)
                found = await prizes.load_prizes(work.connection, key)
        except (UnknownPrize, NotClosed) as error:
            raise _refusal(error) from None
        return [PrizeShown.of(each) for each in found]


def _first(month: str) -> date:
    return date.fromisoformat(f"{month}-01")


def _refusal(error: Exception) -> Refusal:
    match error:
        case NotOnTurn(why=why):
            return refused("not-on-turn", Kind.CONFLICT, why=why)
        case GiftGone():
            return refused("gift-gone", Kind.CONFLICT)
        case NotClosed():
            return refused("month-not-closed", Kind.CONFLICT)
    return refused("prize-unknown", Kind.NOT_FOUND)
