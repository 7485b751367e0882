"""An operator lets somebody in, or does not; and says what a community asks."""

from datetime import timedelta

import asyncpg

from services.moderation.handlers.screen_members import ANSWER
from services.moderation.store import joins as store
from services.moderation.store.communities import load_community
from shared.contracts.commands import AnswerJoinRequest
from shared.engine import UnitOfWork
from shared.i18n import Catalogue

ANSWER_VALID = timedelta(days=1)


class NoRequest(Exception):
    """The community has no such request."""


class AlreadyAnswered(Exception):
    """Somebody, or a list or the answers, decided before; `row` says what and when."""

    def __init__(self, row: asyncpg.Record) -> None:
        super().__init__(row["member_id"])
        self.row = row


async def answer_request(
    work: UnitOfWork,
    texts: Catalogue,
    community_id: str,
    request_id: str,
    by: str,
    reason: str,
    *,
    accept: bool,
) -> None:
    """Decide and tell the connector. Raises `NoRequest` or `AlreadyAnswered`."""
    community = await load_community(work.connection, community_id)
    at = community.now(work.now)
    state = "accepted" if accept else "refused"
    member_id = await work.connection.fetchval(store.DECIDE, community_id, request_id, state, at, by, reason)
    if member_id is None:
        known = await work.connection.fetchrow(store.REQUEST, community_id, request_id)
        raise NoRequest(request_id) if known is None else AlreadyAnswered(known)
    work.publish(
        AnswerJoinRequest(
            community_id=community_id,
            request_id=request_id,
            member_id=member_id,
            accept=accept,
            purpose=ANSWER,
            cause_id=request_id,
            expires_at=at + ANSWER_VALID,
            reason="" if accept else texts.say(community.profile.locale, "join.refused"),
        ),
        at,
    )
