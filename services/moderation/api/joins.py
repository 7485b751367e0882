"""Coming in over HTTP: what a community asks, who waits, and an operator's answer."""

import json
from datetime import datetime
from typing import Annotated, Any, Literal

import asyncpg
from fastapi import APIRouter, Path
from pydantic import BaseModel, Field

from services.moderation.api.acts import Body, CommunityId, Operator, Reason, refused
from services.moderation.api.texts import TEXTS
from services.moderation.domain.joining import JoinMode
from services.moderation.handlers.answer_requests import AlreadyAnswered, NoRequest, answer_request
from services.moderation.store import joins as store
from shared.engine import request_work
from shared.http.pages import Page, PagingQuery
from shared.http.problems import Kind
from shared.postgres.connection import Pool

RequestId = Annotated[str, Path(min_length=1, max_length=255)]
Word = Annotated[str, Field(min_length=1, max_length=100)]


class QuestionShown(Body):
    """What is asked, and which words a right answer holds one of."""

    question: str = Field(max_length=512)
    keywords: list[Word] = Field(default_factory=list, max_length=50)


class JoinRules(Body):
    """What a community asks of those who want to come in."""

    mode: JoinMode = JoinMode.APPROVE
    """`approve`: an operator decides; `keywords`: right answers let in; `open`: everybody comes in."""
    questions: list[QuestionShown] = Field(default_factory=list, max_length=20)


class JoinRulesChange(JoinRules):
    """A change of it, made to a version, and why."""

    version: int = Field(ge=0, le=2**31 - 2)
    """The one that the caller has seen."""
    reason: Reason


class JoinRulesShown(JoinRules):
    """What the community asks now."""

    version: int
    """0: nobody has said anything."""


class AnswerShown(BaseModel):
    """What somebody answered."""

    question: str
    answer: str


class RequestShown(BaseModel):
    """Somebody who asks, or asked, to come in."""

    request_id: str
    member_id: str
    member_name: str | None
    answers: list[AnswerShown]
    invited_by: str | None
    asked_at: datetime
    state: str
    decided_at: datetime | None
    decided_by: str | None
    """The operator; none where a list or the answers decided."""
    reason: str
    has_joined: bool
    """Came in since, whoever let them."""


class Answer(Body):
    """An operator's answer, and why."""

    accept: bool
    reason: Reason


def router(pool: Pool) -> APIRouter:
    """The routes under a community's joining."""
    routes = APIRouter(prefix="/v1/communities/{community_id:path}", tags=["joining"])
    _add_rules(routes, pool)
    _add_requests(routes, pool)
    return routes


def _add_rules(routes: APIRouter, pool: Pool) -> None:
    @routes.get("/join-policy")
    async def rules(community_id: CommunityId) -> JoinRulesShown:
        """What the community asks of those who want to come in."""
        async with pool.acquire() as connection:
            row = (await store.join_policies(connection, [community_id])).get(community_id)
        return (
            JoinRulesShown(version=row["version"], **json.loads(row["document"]))
            if row
            else JoinRulesShown(version=0)
        )

    @routes.put("/join-policy")
    async def change(
        community_id: CommunityId, change: JoinRulesChange, operator: Operator
    ) -> JoinRulesShown:
        """Replace it; 409 when somebody changed it since `version`."""
        written: dict[str, Any] = change.model_dump(mode="json", include={"mode", "questions"})
        async with request_work(pool, "moderation", community_id) as work:
            row = (await store.join_policies(work.connection, [community_id])).get(community_id)
            held, wanted = row["version"] if row else 0, change.version + 1
            if held != change.version:
                raise refused("join-policy-changed", Kind.CONFLICT, version=held)
            act = work.now, operator, change.reason
            if not await store.add_join_policy(work.connection, community_id, wanted, written, *act):
                raise refused("join-policy-changed", Kind.CONFLICT, version=wanted)
        return JoinRulesShown(version=wanted, **written)


def _add_requests(routes: APIRouter, pool: Pool) -> None:
    @routes.get("/join-requests")
    async def requests(
        community_id: CommunityId,
        paging: PagingQuery,
        state: Literal["waiting", "accepted", "refused", "all"] = "waiting",
    ) -> Page[RequestShown]:
        """Who asks to come in, newest first."""
        moment, request_id = paging.after(datetime.fromisoformat, str) or (None, None)
        wanted = None if state == "all" else state
        rows = await pool.fetch(store.REQUESTS, community_id, wanted, moment, request_id, paging.rows)
        return paging.page(rows, _shown, lambda row: [row["asked_at"].isoformat(), row["request_id"]])

    @routes.post("/join-requests/{request_id:path}/answer", status_code=204)
    async def answer(
        community_id: CommunityId, request_id: RequestId, answer: Answer, operator: Operator
    ) -> None:
        """Let somebody in, or not; 409 when that is decided already."""
        try:
            async with request_work(pool, "moderation", community_id) as work:
                await answer_request(
                    work, TEXTS, community_id, request_id, operator, answer.reason, accept=answer.accept
                )
        except NoRequest:
            raise refused("join-request-unknown", Kind.NOT_FOUND) from None
        except AlreadyAnswered as error:
            row = error.row
            raise refused(
                "join-request-decided", Kind.CONFLICT, state=row["state"], decided_by=row["decided_by"],
                decided_at=row["decided_at"].isoformat(),
            ) from None  # fmt: skip


def _shown(row: asyncpg.Record) -> RequestShown:
    fields = dict(row)
    answers = [
        AnswerShown(question=question, answer=answer)
        for question, answer in json.loads(fields.pop("answers"))
    ]
    return RequestShown(**fields, answers=answers)
