"""Appeals over HTTP: which wait, and the decision of another person than the one who decided before."""

from datetime import datetime
from typing import Annotated, Literal

import asyncpg
from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

from services.moderation.api.acts import SERVICE, AppealId, CommunityId, refused
from services.moderation.api.case_documents import Document
from services.moderation.api.verdicts import REASON_CHARACTERS_MAX, case_refusal
from services.moderation.domain.case_file import Act
from services.moderation.handlers.decide_appeals import Decision, decide_appeal
from services.moderation.handlers.verdicts import Judge
from services.moderation.store import appeals as store
from services.moderation.store.desk import lock_case
from shared.engine import UnitOfWork, load_community, request_work
from shared.http.idempotency import OnceOnly
from shared.http.operator import Operator
from shared.http.pages import Page, PagingQuery
from shared.http.problems import Kind
from shared.postgres.connection import Pool

IS_OPEN = {"open": True, "decided": False, "all": None}
State = Annotated[Literal["open", "decided", "all"], Query()]


class AppealDocument(Document):
    """A member's wish for a second look."""

    appeal_id: str
    community_id: str
    case_id: str
    member_id: str
    said: str
    """What the member wrote behind the word."""
    filed_at: datetime
    decide_by: datetime
    reminded_at: datetime | None
    """When operators were reminded, as the deadline had passed."""
    outcome: Literal["upheld", "overturned"] | None
    decided_by: str | None
    decided_at: datetime | None
    reason: str


class DecisionBody(BaseModel):
    """`upheld`: the decision stands; `overturned`: everything that followed from it is undone."""

    model_config = ConfigDict(extra="forbid", use_attribute_docstrings=True)

    outcome: Literal["upheld", "overturned"]
    reason: str = Field(default="", max_length=REASON_CHARACTERS_MAX)
    """The member reads it."""


def router(pool: Pool, judge: Judge) -> APIRouter:
    """The routes of appeals."""
    routes = APIRouter(prefix="/v1", tags=["appeals"])

    @routes.get("/communities/{community_id}/appeals")
    async def appeals(
        community_id: CommunityId, paging: PagingQuery, state: State = "open"
    ) -> Page[AppealDocument]:
        """The community's appeals, the nearest deadline first."""
        after = paging.after(datetime.fromisoformat, str)
        rows = await store.page(pool, community_id, IS_OPEN[state], after, paging.rows)
        return paging.page(
            rows,
            lambda row: AppealDocument(**row),
            lambda row: (row["decide_by"].isoformat(), row["appeal_id"]),
        )

    @routes.post("/appeals/{appeal_id}/decision", response_model=AppealDocument)
    async def decision(
        appeal_id: AppealId, body: DecisionBody, operator: Operator, once: OnceOnly
    ) -> Response:
        """Decide an appeal; who gave a verdict on its case, or sanctioned, may not."""
        word = Decision(body.outcome, operator, body.reason)
        async with request_work(pool, SERVICE, appeal_id) as work:

            async def carry_out() -> AppealDocument:
                return AppealDocument(**await _decide(appeal_id, word, judge, work))

            return await once.answer(work, carry_out)

    return routes


async def _decide(appeal_id: str, word: Decision, judge: Judge, work: UnitOfWork) -> asyncpg.Record:
    """Lock the case, look whether this person may, and decide. Raises a refusal."""
    found = await store.find(work.connection, appeal_id)
    case = await lock_case(work.connection, found.case_id) if found else None
    appeal = await store.find(work.connection, appeal_id)
    if appeal is None or case is None:
        raise refused("appeal-unknown", Kind.NOT_FOUND)
    if appeal.decided_at is not None:
        raise refused(
            "appeal-decided", Kind.CONFLICT,
            outcome=appeal.outcome, decided_by=appeal.decided_by, decided_at=appeal.decided_at.isoformat(),
        )  # fmt: skip
    if word.actor in await store.judges(work.connection, case.case_id):
        raise refused("appeal-own-decision", Kind.FORBIDDEN)
    if why := case.refusal(Act.APPEAL, word.actor, case.version):
        raise case_refusal(case, why)
    community = await load_community(work.connection, case.community_id)
    return await decide_appeal(appeal, case, word, judge, community, work)
