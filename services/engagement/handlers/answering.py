"""How handlers answer a member's own message: in its channel, as a reply where that is possible."""

from datetime import timedelta

from shared.contracts.chat import MessagePosted
from shared.contracts.commands import SendMessage
from shared.engine import Event, UnitOfWork

ANSWER_VALID = timedelta(minutes=10)


def answer(event: Event[MessagePosted], text: str, purpose: str, work: UnitOfWork) -> bool:
    """Say it, unless it is too late or the channel cannot be written to; returns whether it is said."""
    data, profile = event.data, event.profile
    if event.is_stale or not profile.can(data.channel_id, "send"):
        return False
    command = SendMessage(
        community_id=data.community_id,
        channel_id=data.channel_id,
        member_id=data.member_id,
        reply_to=data.message_id if profile.can(data.channel_id, "reply") else None,
        purpose=purpose,
        cause_id=event.id,
        expires_at=event.now + ANSWER_VALID,
        text=text,
    )
    work.publish(command, event.now)
    return True
