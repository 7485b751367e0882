"""Pays what others give a member: reactions, and what engagement tells of introductions and gatherings."""

from collections.abc import Sequence
from dataclasses import dataclass

from services.rewards.domain.earning import Claim
from services.rewards.domain.rules import RuleName
from services.rewards.handlers.settling import Cause, settle_claims
from shared.contracts.chat import ReactionAdded, ReactionRemoved
from shared.contracts.engagement import EventAttended, IntroductionCompleted
from shared.contracts.identity import milliseconds
from shared.engine import Event, UnitOfWork

Given = ReactionAdded | ReactionRemoved | IntroductionCompleted | EventAttended


@dataclass(frozen=True, slots=True)
class AwardGiven:
    """A person's reactions to one message are one earning of its author, whatever they are."""

    async def __call__(self, batch: Sequence[Event[Given]], work: UnitOfWork) -> None:
        """Fold what was given and taken back; save, pay."""
        claims = [(Cause.of(event), claim) for event in batch if (claim := _claim(event))]
        await settle_claims(claims, work)


def _claim(event: Event[Given]) -> Claim | None:
    data, at_ms = event.data, milliseconds(event.occurred_at)
    when = (event.occurred_at, event.occurred_at.astimezone(event.profile.zone).date())
    community_id = data.community_id
    match data:
        case ReactionAdded() | ReactionRemoved():
            if data.author_id is None or data.author_id == data.member_id:
                return None
            subject = f"{data.message_id} {data.member_id}"
            key = (community_id, data.author_id, RuleName.REACTION.value, subject)
            is_given = isinstance(data, ReactionAdded)
            return Claim(key, data.reaction, at_ms, is_given, *when, data.message_id, data.member_id)
        case IntroductionCompleted():
            key = (community_id, data.member_id, RuleName.INTRODUCTION.value, "")
            return Claim(key, "", at_ms, True, *when, data.message_id)
        case EventAttended():
            key = (community_id, data.member_id, RuleName.EVENT.value, data.event_id)
            return Claim(key, "", at_ms, True, *when)
