"""The ledger over HTTP: balances, statements, what is outstanding, seals, and whether the books fit."""

from datetime import date
from uuid import UUID

from fastapi import APIRouter

from services.rewards.api.books import LiabilityDocument, SealDocument, VerifiedDocument
from services.rewards.api.documents import BalanceDocument, CheckDocument, LineDocument
from services.rewards.api.paths import PREFIX, CommunityId, Locale, MemberId
from services.rewards.handlers.seal_books import verify
from services.rewards.store import books, statements
from shared.http.pages import Page, PagingQuery
from shared.postgres.connection import Pool


def router(pool: Pool) -> APIRouter:
    """The routes of the ledger."""
    routes = APIRouter(prefix=PREFIX, tags=["ledger"])
    _add_members(routes, pool)
    _add_books(routes, pool)
    return routes


def _add_members(routes: APIRouter, pool: Pool) -> None:
    @routes.get("/members/{member_id:path}/balance")
    async def balance(community_id: CommunityId, member_id: MemberId) -> BalanceDocument:
        """A member's points and debt; who never earned has none."""
        async with pool.acquire() as connection:
            row = await statements.balances(connection, community_id, member_id)
        return BalanceDocument(community_id=community_id, member_id=member_id, **row)

    @routes.get("/members/{member_id:path}/statement")
    async def statement(
        community_id: CommunityId, member_id: MemberId, paging: PagingQuery, locale: Locale
    ) -> Page[LineDocument]:
        """Every transaction of a member with its cause, newest first by when it happened."""
        (before,) = paging.after(UUID) or (None,)
        async with pool.acquire() as connection:
            rows = await statements.statement(connection, community_id, member_id, before, paging.rows)
        return paging.page(rows, lambda row: LineDocument.of(row, locale), lambda row: [row["id"]])


def _add_books(routes: APIRouter, pool: Pool) -> None:
    @routes.get("/ledger/check")
    async def check(community_id: CommunityId) -> CheckDocument:
        """Whether all entries sum to zero and every balance is the sum of its entries."""
        async with pool.acquire() as connection:
            return CheckDocument.of(community_id, await statements.check(connection, community_id))

    @routes.get("/ledger/verify")
    async def recompute(community_id: CommunityId) -> VerifiedDocument:
        """Recompute everything from the entries and tell every difference; reads all of the books."""
        async with pool.acquire() as connection:
            return VerifiedDocument.of(community_id, await verify(connection, community_id))

    @routes.get("/ledger/liability")
    async def liability(community_id: CommunityId) -> LiabilityDocument:
        """What was issued, redeemed and expired, and what is outstanding."""
        async with pool.acquire() as connection:
            return LiabilityDocument.of(community_id, await books.liability(connection, community_id))

    @routes.get("/ledger/seals")
    async def seals(community_id: CommunityId, paging: PagingQuery) -> Page[SealDocument]:
        """The seals of past days (UTC), newest first: each is chained to the one before."""
        (before,) = paging.after(date.fromisoformat) or (None,)
        async with pool.acquire() as connection:
            rows = await books.seals(connection, community_id, before, paging.rows)
        return paging.page(rows, SealDocument.of, lambda row: [row["day"]])
