"""Back-tests over HTTP: a candidate policy on the community's record, against the one in force."""

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Path, Response
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from services.moderation.api.texts import TEXTS
from services.moderation.domain.backtest import Comparison
from services.moderation.domain.policy import BadPolicy
from services.moderation.domain.rulebook import RuleBook
from services.moderation.handlers.rulebooks import RuleBooks, build
from services.moderation.handlers.run_backtests import Asked, Backtests, Busy, State
from services.moderation.store.policy_documents import PolicyDocument, compose
from services.moderation.store.recorded_log import RecordedLog
from shared.contracts.contract import Id
from shared.http.problems import Kind, Refusal
from shared.postgres.connection import Pool

OVERTURNED_MAX = 10_000
CommunityId = Annotated[str, Path(min_length=1, max_length=255)]
TestId = Annotated[str, Path(max_length=64)]


class Question(BaseModel):
    """What to try, on which part of the record."""

    model_config = ConfigDict(extra="forbid", use_attribute_docstrings=True)

    candidate: PolicyDocument
    """What the candidate changes of the shipped set."""
    since: AwareDatetime = Field(alias="from")
    until: AwareDatetime = Field(alias="to")
    """Up to before this moment, by when messages were sent."""
    overturned: list[Id] = Field(default_factory=list, max_length=OVERTURNED_MAX)
    """Messages whose removal a person has overturned."""


class BacktestShown(BaseModel):
    """How a back-test stands; kept in memory for an hour after its end, by the process that was asked."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    id: str
    state: State
    progress: float
    """0 to 1."""
    log_begins_at: datetime | None
    """When the oldest record that the log holds was written: nothing before it can be tested."""
    is_whole: bool
    """False when the record was longer, or a policy found more, than a test keeps."""
    result: Comparison | None
    """Ids of messages, never their text."""


def router(pool: Pool, log: RecordedLog) -> APIRouter:
    """The routes under a community's back-tests."""
    routes = APIRouter(prefix="/v1/communities/{community_id:path}/backtests", tags=["backtests"])
    tests, books = Backtests(log), RuleBooks.load()

    @routes.post("", status_code=202)
    async def start(community_id: CommunityId, question: Question, response: Response) -> BacktestShown:
        """Begin; one at a time in a process. Nothing is announced, stored or done."""
        if question.since >= question.until:
            raise _refused("backtest-empty-range", Kind.INVALID)
        async with pool.acquire() as connection:
            active = (await books.of(connection, [community_id]))[community_id]
        candidate = await _candidate(books.shipped, active, question.candidate)
        try:
            asked = tests.start(
                community_id, question.since, question.until, (active, candidate), question.overturned
            )
        except Busy:
            raise _refused("backtest-busy", Kind.TOO_MANY) from None
        response.headers["location"] = f"backtests/{asked.id}"
        return _shown(asked)

    @routes.get("/{test_id}")
    async def state(community_id: CommunityId, test_id: TestId) -> BacktestShown:
        """How far it is, and its result when it is done."""
        return _shown(_known(tests, community_id, test_id))

    @routes.delete("/{test_id}", status_code=204)
    async def cancel(community_id: CommunityId, test_id: TestId) -> None:
        """End and forget it."""
        await tests.cancel(_known(tests, community_id, test_id))

    return routes


async def _candidate(shipped: RuleBook, active: RuleBook, document: PolicyDocument) -> RuleBook:
    version = active.policy.version + 1
    try:
        policy = compose(shipped.policy, document, version=version, before=active.policy)
        return await build(policy, active.resources)
    except BadPolicy as error:
        problems = [{"detail": complaint} for complaint in error.complaints]
        raise _refused("backtest-bad-candidate", Kind.INVALID, errors=problems) from None


def _known(tests: Backtests, community_id: str, test_id: str) -> Asked:
    asked = tests.get(community_id, test_id)
    if asked is None:
        raise _refused("backtest-unknown", Kind.NOT_FOUND)
    return asked


def _shown(asked: Asked) -> BacktestShown:
    return BacktestShown(
        id=asked.id,
        state=asked.state,
        progress=asked.share,
        log_begins_at=asked.log_begins_at,
        is_whole=asked.is_whole,
        result=asked.result,
    )


def _refused(slug: str, kind: Kind, **members: Any) -> Refusal:
    return Refusal(slug, kind, lambda locale: TEXTS.say(locale, f"problem.{slug}"), **members)
