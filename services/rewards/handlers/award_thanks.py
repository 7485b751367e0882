"""Pays answers that were thanked for: a reply of thanks to a message that answered the one who thanks."""

from collections.abc import Sequence
from dataclasses import dataclass

from services.rewards.domain.earning import Claim
from services.rewards.domain.rules import RuleName
from services.rewards.domain.thanks import CHARACTERS_MAX, says_thanks
from services.rewards.handlers.settling import Cause, settle_claims
from shared.contracts.chat import MessagePosted
from shared.contracts.identity import milliseconds
from shared.engine import Event, UnitOfWork


@dataclass(frozen=True, slots=True)
class AwardThanks:
    """Each person may thank for an answer once; the answer must be known before."""

    async def __call__(self, batch: Sequence[Event[MessagePosted]], work: UnitOfWork) -> None:
        """Find the thanks, fold, save, pay."""
        await settle_claims(
            [
                (Cause.of(event), _claim(event))
                for event in batch
                if event.data.reply_to_member is not None
                and len(event.data.text) <= CHARACTERS_MAX
                and _thanks(event.data)
            ],
            work,
        )


def _thanks(data: MessagePosted) -> bool:
    own = data.reply_to_member == data.member_id
    return data.reply_to is not None and not data.is_bot and not own and says_thanks(data.text)


def _claim(event: Event[MessagePosted]) -> Claim:
    data = event.data
    assert data.reply_to is not None
    assert data.reply_to_member is not None
    subject = f"{data.reply_to} {data.member_id}"
    return Claim(
        (data.community_id, data.reply_to_member, RuleName.THANKS.value, subject),
        "",
        milliseconds(event.occurred_at),
        is_given=True,
        occurred_at=event.occurred_at,
        day=event.occurred_at.astimezone(event.profile.zone).date(),
        message_id=data.reply_to,
        giver_id=data.member_id,
        needs=data.member_id,
    )
