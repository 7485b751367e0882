"""A check-in message, and what was decided about messages: the two facts that check-ins are made of."""

from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import NamedTuple

DAILY = "daily"
"""The campaign that every community has: one check-in a date, whatever it is for."""


class MessageKey(NamedTuple):
    """Names a message; ids are unique in their community."""

    community_id: str
    message_id: str


class DayKey(NamedTuple):
    """Names a member's check-in of a local date."""

    community_id: str
    member_id: str
    local_date: date


@dataclass(frozen=True, slots=True)
class Message:
    """A message that asks to check its author in."""

    community_id: str
    message_id: str
    member_id: str
    channel_id: str
    occurred_at: datetime
    local_date: date
    day_ends_at: datetime
    """The first moment that is no more of this date: stored, since the community's zone may change later."""

    @property
    def key(self) -> MessageKey:
        """Its name."""
        return MessageKey(self.community_id, self.message_id)

    @property
    def day(self) -> DayKey:
        """The check-in that it can own."""
        return DayKey(self.community_id, self.member_id, self.local_date)

    def precedes(self, other: "Message") -> bool:
        """Which of two copies of a message, told with different times, counts: the earlier."""
        return (self.occurred_at, self.member_id, self.channel_id) < (
            other.occurred_at,
            other.member_id,
            other.channel_id,
        )


@dataclass(frozen=True, slots=True)
class Verdict:
    """What is known against a message, or for it; it may be known before the message is."""

    noted_at: datetime
    """No earlier than the removal by its own time and by the community's clock; it is forgotten by this."""
    decision: int = 0
    """The highest decision of moderation; 0: none."""
    is_removed: bool = False
    """What that decision said."""
    deleted_at: datetime | None = None
    """The first time that it was gone from the chat."""

    def decided(self, decision: int, is_removed: bool, noted_at: datetime) -> "Verdict":
        """After a decision of moderation; of one number a removal outweighs a restoration."""
        noted_at = max(self.noted_at, noted_at)
        if (decision, is_removed) > (self.decision, self.is_removed):
            return replace(self, decision=decision, is_removed=is_removed, noted_at=noted_at)
        return replace(self, noted_at=noted_at)

    def deleted(self, deleted_at: datetime, noted_at: datetime) -> "Verdict":
        """After the message was gone from the chat."""
        earliest = deleted_at if self.deleted_at is None else min(self.deleted_at, deleted_at)
        return replace(self, deleted_at=earliest, noted_at=max(self.noted_at, noted_at))

    def voids(self, message: Message) -> bool:
        """Whether the message does not check in.

        Where moderation decided, its last word stands, whenever it came: that the message also vanished from
        the chat is the removal carried out. Else a deletion counts on the message's own date, so that a chat
        that is tidied up later does not cost anybody a streak.
        """
        if self.decision:
            return self.is_removed
        return self.deleted_at is not None and self.deleted_at < message.day_ends_at
