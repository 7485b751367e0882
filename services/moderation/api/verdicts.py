"""What operators do to cases: claim, release, note, verdict; each act names the version that it read."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Literal

from fastapi import APIRouter, Depends
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

from services.moderation.api.acts import SERVICE, CaseId, refused
from services.moderation.api.case_documents import WholeCase
from services.moderation.domain.case_file import Act, CaseFile, Refused
from services.moderation.handlers.verdicts import Judge, Word
from services.moderation.store import desk as store
from services.moderation.store.case_pages import papers
from shared.engine import Community, UnitOfWork, load_community, request_work
from shared.http.idempotency import Once, OnceOnly
from shared.http.operator import Operator
from shared.http.problems import Kind, Refusal
from shared.postgres.connection import Pool

REASON_CHARACTERS_MAX = 500
NOTE_CHARACTERS_MAX = 4000
VERSION_MAX = 2**31 - 1


class ActBody(BaseModel):
    """An act on a case as it was read."""

    model_config = ConfigDict(extra="forbid", use_attribute_docstrings=True)

    version: int = Field(ge=1, le=VERSION_MAX)
    """The case's version that the operator has read."""


class NoteBody(ActBody):
    """Something for whoever reads the case."""

    note: str = Field(min_length=1, max_length=NOTE_CHARACTERS_MAX)


class VerdictBody(ActBody):
    """The verdict; a later one may change it."""

    verdict: Literal["confirmed", "overturned"]
    reason: str = Field(default="", max_length=REASON_CHARACTERS_MAX)


Change = Callable[[CaseFile, Community, UnitOfWork], Awaitable[object]]


@dataclass(frozen=True, slots=True)
class Desk:
    """One operator's act on one case, in one transaction."""

    pool: Pool
    operator: str
    once: Once

    async def act(self, case_id: str, act: Act, version: int, change: Change) -> Response:
        """Lock the case, carry the change out if it may be, and answer with the case after it."""
        async with request_work(self.pool, SERVICE, case_id) as work:

            async def carry_out() -> WholeCase:
                case = await locked(work, case_id, act, self.operator, version)
                community = await load_community(work.connection, case.community_id)
                await change(case, community, work)
                return await whole(work, case_id)

            return await self.once.answer(work, carry_out)

    async def keep(self, case: CaseFile, act: Act, note: str, community: Community, work: UnitOfWork) -> None:
        """Save an act that changes nothing but the case."""
        await store.save_case(work.connection, case, community.now(work.now), self.operator, act.value, note)


def router(pool: Pool, judge: Judge) -> APIRouter:
    """The routes that change cases."""
    routes = APIRouter(prefix="/v1/cases/{case_id}", tags=["cases"])

    def desk(operator: Operator, once: OnceOnly) -> Desk:
        return Desk(pool, operator, once)

    at_desk = Depends(desk)
    _add_hands(routes, at_desk)
    _add_words(routes, at_desk, judge)
    return routes


def _add_hands(routes: APIRouter, at_desk: Any) -> None:
    @routes.post("/claim", response_model=WholeCase)
    async def claim(case_id: CaseId, body: ActBody, desk: Desk = at_desk) -> Response:
        """Take the case in hand: nobody else gives its verdict until it is released."""

        async def change(case: CaseFile, community: Community, work: UnitOfWork) -> None:
            await desk.keep(case.claimed(desk.operator), Act.CLAIM, "", community, work)

        return await desk.act(case_id, Act.CLAIM, body.version, change)

    @routes.post("/release", response_model=WholeCase)
    async def release(case_id: CaseId, body: ActBody, desk: Desk = at_desk) -> Response:
        """Give the case back to the queue; any operator may, as claimants go home."""

        async def change(case: CaseFile, community: Community, work: UnitOfWork) -> None:
            await desk.keep(case.released(), Act.RELEASE, "", community, work)

        return await desk.act(case_id, Act.RELEASE, body.version, change)


def _add_words(routes: APIRouter, at_desk: Any, judge: Judge) -> None:
    @routes.post("/notes", response_model=WholeCase)
    async def note(case_id: CaseId, body: NoteBody, desk: Desk = at_desk) -> Response:
        """Add a note to the case's history."""

        async def change(case: CaseFile, community: Community, work: UnitOfWork) -> None:
            await desk.keep(case.noted(), Act.NOTE, body.note, community, work)

        return await desk.act(case_id, Act.NOTE, body.version, change)

    @routes.post("/verdict", response_model=WholeCase)
    async def verdict(case_id: CaseId, body: VerdictBody, desk: Desk = at_desk) -> Response:
        """Confirm or overturn: everything that followed from the case is done, or undone, at once."""

        async def change(case: CaseFile, community: Community, work: UnitOfWork) -> None:
            await judge.give(case, Word(body.verdict, desk.operator, body.reason), community, work)

        return await desk.act(case_id, Act.VERDICT, body.version, change)


async def locked(work: UnitOfWork, case_id: str, act: Act, operator: str, version: int) -> CaseFile:
    """The case, locked, if the operator may do this. Raises a refusal that says how the case stands."""
    case = await store.lock_case(work.connection, case_id)
    if case is None:
        raise refused("case-unknown", Kind.NOT_FOUND)
    if why := case.refusal(act, operator, version):
        raise case_refusal(case, why)
    return case


async def whole(work: UnitOfWork, case_id: str) -> WholeCase:
    """The case as it is after the act."""
    found = await papers(work.connection, case_id)
    assert found is not None
    return WholeCase.of(found)


def case_refusal(case: CaseFile, why: Refused) -> Refusal:
    """The refusal with how the case stands: who holds or closed it, and when."""
    told: dict[str, object] = {"current_version": case.version}
    if case.resolved_at is not None:
        told |= {"verdict": case.verdict, "resolved_by": case.resolved_by,
                 "resolved_at": case.resolved_at.isoformat()}  # fmt: skip
    if case.claimed_by is not None:
        told["claimed_by"] = case.claimed_by
    if case.open_appeal is not None:
        told["appeal_id"] = case.open_appeal
    return refused(why.value, Kind.CONFLICT, **told)
