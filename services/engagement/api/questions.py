"""Questions and approved answers over HTTP."""

from datetime import UTC, datetime
from typing import Annotated

import asyncpg
from fastapi import APIRouter, Query
from pydantic import AwareDatetime, BaseModel

from services.engagement.api.acts import SERVICE, Body, CommunityId, ItemId, Operator, Said, refused
from services.engagement.domain.question import Faq
from services.engagement.store import questions as store
from shared.engine import request_work
from shared.http.pages import Page, PagingQuery
from shared.http.problems import Kind
from shared.postgres.connection import Pool

BEGINNING = datetime(1970, 1, 1, tzinfo=UTC)
END = datetime(9999, 1, 1, tzinfo=UTC)


class QuestionShown(BaseModel):
    """Something that was asked."""

    message_id: str
    member_id: str
    channel_id: str
    asked_at: datetime
    text: str
    state: str
    """`open`, `asked` of members who may know, `told` to operators, `answered`."""
    answered_by: str | None
    answered_at: datetime | None
    kind: str | None

    @classmethod
    def of(cls, row: asyncpg.Record) -> "QuestionShown":
        """A row of the store."""
        return cls(**row)


class Stats(BaseModel):
    """How quickly questions are answered."""

    asked: int
    answered: int
    median_seconds: float | None
    """To the first answer, of those that got one."""


class FaqShown(BaseModel):
    """An approved answer."""

    faq_id: str
    question: str
    answer: str


class FaqList(BaseModel):
    """All approved answers of a community."""

    items: list[FaqShown]


class FaqChange(Body):
    """A question as people ask it, and its answer; who sends it approves it."""

    question: Said
    answer: Said


def router(pool: Pool) -> APIRouter:
    """The routes under `/v1/communities/{community_id}`."""
    routes = APIRouter(prefix="/v1/communities/{community_id}", tags=["questions"])
    _add_questions(routes, pool)
    _add_faq(routes, pool)
    return routes


def _add_questions(routes: APIRouter, pool: Pool) -> None:
    @routes.get("/questions")
    async def questions(
        community_id: CommunityId, paging: PagingQuery, only_open: bool = False
    ) -> Page[QuestionShown]:
        """Questions, newest first."""
        after = paging.after(datetime.fromisoformat, str)
        rows = await store.questions(pool, community_id, only_open, after, paging.rows)
        return paging.page(
            rows, QuestionShown.of, lambda row: [row["asked_at"].isoformat(), row["message_id"]]
        )

    @routes.get("/questions/stats")
    async def stats(
        community_id: CommunityId,
        begins: Annotated[AwareDatetime, Query(alias="from")] = BEGINNING,
        ends: Annotated[AwareDatetime, Query(alias="to")] = END,
    ) -> Stats:
        """Time to the first answer."""
        return Stats(**await store.stats(pool, community_id, begins, ends))


def _add_faq(routes: APIRouter, pool: Pool) -> None:
    @routes.get("/faq")
    async def faq(community_id: CommunityId) -> FaqList:
        """Approved answers."""
        entries = await store.faqs(pool, [community_id])
        return FaqList(
            items=[
                FaqShown(faq_id=each.faq_id, question=each.question, answer=each.answer) for each in entries
            ]
        )

    @routes.put("/faq/{faq_id}")
    async def put(community_id: CommunityId, faq_id: ItemId, change: FaqChange, by: Operator) -> FaqShown:
        """Approve an answer."""
        async with request_work(pool, SERVICE, community_id) as work:
            await store.put_faq(
                work.connection, Faq(community_id, faq_id, change.question, change.answer), by
            )
        return FaqShown(faq_id=faq_id, question=change.question, answer=change.answer)

    @routes.delete("/faq/{faq_id}", status_code=204)
    async def drop(community_id: CommunityId, faq_id: ItemId, by: Operator) -> None:
        """Take an answer out."""
        async with request_work(pool, SERVICE, community_id) as work:
            if not await store.drop_faq(work.connection, community_id, faq_id):
                raise refused("faq-unknown", Kind.NOT_FOUND)
