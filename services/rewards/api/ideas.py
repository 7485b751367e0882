"""Accepted ideas over HTTP: an operator says whose idea was taken up, or that it was not after all."""

from typing import Annotated

from fastapi import APIRouter, Path
from pydantic import BaseModel

from services.rewards.api.paths import PREFIX, Body, CommunityId, Name, Operator, Reason
from services.rewards.domain.earning import Claim
from services.rewards.domain.rules import RuleName
from services.rewards.handlers.settling import Cause, settle_claims
from services.rewards.store import acts, statements
from services.rewards.store.acts import Act
from shared.contracts.identity import event_id, milliseconds
from shared.engine import load_community, request_work
from shared.postgres.connection import Pool

IdeaId = Annotated[str, Path(min_length=1, max_length=255)]


class Idea(Body):
    """Whose idea, whether it is accepted, and why."""

    member_id: Name
    accepted: bool = True
    reason: Reason


class Accepted(BaseModel):
    """What the member has now."""

    member_id: str
    balance: int


def router(pool: Pool) -> APIRouter:
    """The route of ideas."""
    routes = APIRouter(prefix=PREFIX, tags=["ideas"])

    @routes.put("/ideas/{idea_id:path}")
    async def accept(community_id: CommunityId, idea_id: IdeaId, idea: Idea, operator: Operator) -> Accepted:
        """Pay for an idea, once whatever is sent twice, or take that back."""
        async with request_work(pool, "rewards", community_id) as work:
            community = await load_community(work.connection, community_id)
            now = community.now(work.now)
            key = (community_id, idea.member_id, RuleName.IDEA.value, idea_id)
            cause = event_id(work.now, "idea", *key, str(idea.accepted))
            # by real time: an operator's later word counts also where the clock stands still
            said = milliseconds(work.now)
            day = now.astimezone(community.profile.zone).date()
            claim = Claim(key, "", said, idea.accepted, now, day)
            await settle_claims([(Cause(cause, now, now), claim)], work)
            detail = {"accepted": idea.accepted, "member_id": idea.member_id}
            await acts.note(
                work.connection, Act(community_id, work.now, operator, "idea", idea_id, idea.reason, detail)
            )
            held = await statements.balances(work.connection, community_id, idea.member_id)
        return Accepted(member_id=idea.member_id, balance=held["balance"])

    return routes
