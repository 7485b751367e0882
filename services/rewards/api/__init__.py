"""Rewards over HTTP: balances, statements, months, leaderboards and the check of the books. It only reads."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import date
from typing import Annotated
from uuid import UUID

import asyncpg
from fastapi import APIRouter, Depends, Path, Query

from services.rewards.api.documents import (
    BalanceDocument,
    CheckDocument,
    LineDocument,
    MonthDocument,
    StandingDocument,
)
from services.rewards.api.texts import TEXTS
from services.rewards.domain.score import DEFAULT_SCORE, WINNERS, Standing, standings
from services.rewards.store import months, statements
from shared.http.language import locale_of
from shared.http.pages import Page, PagingQuery
from shared.http.problems import Kind, Refusal
from shared.postgres.connection import Connection, Pool

MONTH_UNKNOWN = "month-unknown"
MONTH_PATTERN = r"^[1-9][0-9]{3}-(0[1-9]|1[0-2])$"
CommunityId = Annotated[str, Path(min_length=1, max_length=255)]
MemberId = Annotated[str, Path(min_length=1, max_length=255)]
Month = Annotated[str, Path(pattern=MONTH_PATTERN, description="such as 2024-03")]
MonthOrNewest = Annotated[
    str | None, Query(pattern=MONTH_PATTERN, description="else the newest that is known")
]
Locale = Annotated[str, Depends(locale_of)]


def router(pool: Pool) -> APIRouter:
    """The routes under `/v1/communities/{community_id}`."""
    routes = APIRouter(prefix="/v1/communities/{community_id:path}", tags=["rewards"])
    _add_ledger(routes, pool)
    _add_months(routes, pool)
    return routes


def _add_ledger(routes: APIRouter, pool: Pool) -> None:
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

    @routes.get("/ledger/check")
    async def check(community_id: CommunityId) -> CheckDocument:
        """Whether all entries sum to zero and every balance is the sum of its entries."""
        async with pool.acquire() as connection:
            return CheckDocument.of(community_id, await statements.check(connection, community_id))


def _add_months(routes: APIRouter, pool: Pool) -> None:
    @routes.get("/months/{month}")
    async def month(community_id: CommunityId, month: Month, locale: Locale) -> MonthDocument:
        """A month's state and its three most active members, with the parts of their scores."""
        async with _snapshot(pool) as connection:
            known = await _month(connection, community_id, month)
            if known["evidence_hash"] is not None:
                top = await months.read_winners(connection, (community_id, known["month"]))
                candidates = known["candidates"]
            else:
                standing = await _standings(connection, community_id, known["month"])
                top, candidates = standing[:WINNERS], len(standing)
        return MonthDocument(
            community_id=community_id,
            month=month,
            state=known["state"],
            closes_at=known["closes_at"],
            closed_at=known["closed_at"],
            candidates=candidates,
            top=[StandingDocument.of(each, locale) for each in top],
            evidence_hash=known["evidence_hash"],
            score_version=known["score_version"] or DEFAULT_SCORE.version,
            late_facts=known["late_facts"],
        )

    @routes.get("/leaderboard")
    async def leaderboard(
        community_id: CommunityId, paging: PagingQuery, locale: Locale, month: MonthOrNewest = None
    ) -> Page[StandingDocument]:
        """All members who were active in a month, in order."""
        (after,) = paging.after(int) or (0,)
        async with _snapshot(pool) as connection:
            known = await _month(connection, community_id, month)
            standing = await _standings(connection, community_id, known["month"])
        rows = standing[max(0, after) :][: paging.rows]
        return paging.page(rows, lambda each: StandingDocument.of(each, locale), lambda each: [each.rank])


@asynccontextmanager
async def _snapshot(pool: Pool) -> AsyncIterator[Connection]:
    """A connection on which several statements see the same state."""
    async with (
        pool.acquire() as connection,
        connection.transaction(isolation="repeatable_read", readonly=True),
    ):
        yield connection


async def _month(connection: Connection, community_id: str, month: str | None) -> asyncpg.Record:
    first = date.fromisoformat(f"{month}-01") if month else None
    known = await months.read_month(connection, community_id, first)
    if known is None:
        raise Refusal(
            "month-unknown", Kind.NOT_FOUND, lambda locale: TEXTS.say(locale, "problem.month-unknown")
        )
    return known


async def _standings(connection: Connection, community_id: str, month: date) -> list[Standing]:
    key = (community_id, month)
    facts = await months.load_month_facts(connection, [key], DEFAULT_SCORE)
    return standings(facts[key])
