"""Months over HTTP: how they stand, and how they were closed."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import date
from typing import Annotated

import asyncpg
from fastapi import APIRouter, Query

from services.rewards.api.documents import MonthDocument, StandingDocument
from services.rewards.api.paths import MONTH_PATTERN, PREFIX, CommunityId, Locale, Month, refused
from services.rewards.domain.score import DEFAULT_SCORE, WINNERS, Standing, standings
from services.rewards.store import months
from services.rewards.store.month_facts import load_month_facts
from shared.http.pages import Page, PagingQuery
from shared.http.problems import Kind
from shared.postgres.connection import Connection, Pool

MonthOrNewest = Annotated[
    str | None, Query(pattern=MONTH_PATTERN, description="else the newest that is known")
]


def router(pool: Pool) -> APIRouter:
    """The routes of months."""
    routes = APIRouter(prefix=PREFIX, tags=["months"])
    _add_months(routes, pool)
    return routes


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
            excluded=json.loads(known["excluded"] or "{}"),
            dead_letters=known["dead_letters"] or 0,
            honours=json.loads(known["honours"] or "{}"),
            text=known["text"] or "",
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
        raise refused("month-unknown", Kind.NOT_FOUND)
    return known


async def _standings(connection: Connection, community_id: str, month: date) -> list[Standing]:
    key = (community_id, month)
    facts = await load_month_facts(connection, [key], DEFAULT_SCORE)
    return standings(facts[key])
