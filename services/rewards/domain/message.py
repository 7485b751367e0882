"""A substantive message as rewards knows it: what it would earn, and what was ruled about it.

Rulings arrive before or after the message, in any order; whether it stands is a function of which ones there
are. The highest decision of moderation counts, a removal before a restoration of the same number. Where
moderation said nothing, a deletion by somebody else than the author counts as a removal; the author's own
deletion, and one of which the platform does not tell author or actor, change nothing.
"""

from datetime import date, datetime
from typing import NamedTuple

MessageKey = tuple[str, str, str]
"""community_id, member_id, message_id."""


class Ruling(NamedTuple):
    """What was said about a message."""

    removed: int = 0
    """The highest decision that removed it, from 1."""
    restored: int = 0
    """The highest decision that brought it back."""
    is_deleted: bool = False
    """Whether somebody else than its author deleted it."""

    @property
    def stands(self) -> bool:
        """Whether a message of which this is known counts and keeps its points."""
        if self.removed or self.restored:
            return self.restored > self.removed
        return not self.is_deleted

    def also(self, word: "Ruling") -> "Ruling":
        """With one more word; the order of words does not matter."""
        return Ruling(
            max(self.removed, word.removed),
            max(self.restored, word.restored),
            self.is_deleted or word.is_deleted,
        )


UNJUDGED = Ruling()


class Message(NamedTuple):
    """One message, or before it arrives the tombstone that waits for it."""

    key: MessageKey
    posted_at: datetime | None = None
    """None for a tombstone."""
    day: date | None = None
    """The local day that it counts for; None for a tombstone."""
    partners: tuple[str, ...] = ()
    """Whom it talks with."""
    points: int = 0
    """What it earns: above zero when it holds a slot."""
    rule_version: int = 0
    ruling: Ruling = UNJUDGED
    award_id: str | None = None
    """The transaction by which it is paid now."""
