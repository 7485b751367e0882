"""Cases to read: the queue, one case, and what verdicts say of rules."""

from datetime import UTC, datetime
from typing import Annotated, Literal

import asyncpg
from fastapi import APIRouter, Query

from services.moderation.api.acts import CaseId, CommunityId, refused
from services.moderation.api.case_documents import CaseDocument, RuleStatistics, WholeCase
from services.moderation.handlers.recall_texts import RecallTexts
from services.moderation.store import case_pages as store
from services.moderation.store.recorded_log import RecordedLog
from services.moderation.store.verdicts import statistics
from shared.http.pages import Page, PagingQuery
from shared.http.problems import Kind
from shared.postgres.connection import Pool

STATES = {
    "waiting": ["open", "claimed"],
    "open": ["open"],
    "claimed": ["claimed"],
    "resolved": ["resolved"],
    "all": ["open", "claimed", "resolved"],
}
STATISTICS_MAX = 1000

State = Annotated[Literal["waiting", "open", "claimed", "resolved", "all"], Query()]
Order = Annotated[
    Literal["score", "time"],
    Query(description="resolved cases always come by time, newest first"),
]


def _case(row: asyncpg.Record) -> CaseDocument:
    return CaseDocument(**row)


def router(pool: Pool, log: RecordedLog | None = None) -> APIRouter:
    """The routes that read cases; texts that a case lacks come from the log."""
    recall = RecallTexts(pool, log) if log else None
    routes = APIRouter(prefix="/v1", tags=["cases"])

    @routes.get("/communities/{community_id}/cases")
    async def cases(
        community_id: CommunityId, paging: PagingQuery, state: State = "waiting", order: Order = "score"
    ) -> Page[CaseDocument]:
        """The community's cases, those that need a person most first."""
        if order == "score" and state not in ("resolved", "all"):
            rows = await store.queue(pool, community_id, STATES[state], paging.after(float, str), paging.rows)
            return paging.page(rows, _case, lambda row: (row["score"], row["case_id"]))
        after = paging.after(datetime.fromisoformat, str)
        rows = await store.by_time(pool, community_id, STATES[state], after, paging.rows)
        return paging.page(rows, _case, lambda row: (row["opened_at"].isoformat(), row["case_id"]))

    @routes.get("/cases/{case_id}")
    async def case(case_id: CaseId) -> WholeCase:
        """One case with its messages, findings and history, and the member's record."""
        papers = await _papers(pool, case_id)
        if recall and await recall(papers, datetime.now(UTC)):
            papers = await _papers(pool, case_id)
        return WholeCase.of(papers)

    @routes.get("/communities/{community_id}/rules/statistics")
    async def rules(community_id: CommunityId) -> list[RuleStatistics]:
        """Hits and verdicts of each rule and version, of everything that is kept."""
        return [RuleStatistics.of(row) for row in await statistics(pool, community_id, STATISTICS_MAX)]

    return routes


async def _papers(pool: Pool, case_id: str) -> store.Papers:
    """Of one moment."""
    async with (
        pool.acquire() as connection,
        connection.transaction(isolation="repeatable_read", readonly=True),
    ):
        papers = await store.papers(connection, case_id)
    if papers is None:
        raise refused("case-unknown", Kind.NOT_FOUND)
    return papers
