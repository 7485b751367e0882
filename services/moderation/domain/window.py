"""What is remembered of one member between messages, bounded in time and number.

It is all that rules know of the past, so a restart or a move to another process changes no verdict.
"""

from bisect import insort
from dataclasses import dataclass, replace

from services.moderation.domain.message import Message, Recent

SECOND_US = 1_000_000
KEPT_US = 120 * SECOND_US
"""What is older than the member's newest message by more is forgotten. The longest window of a rule is 30 s:
a message that comes up to 90 s late is still judged as if it had come in time."""
RECENT_MAX = 48
"""A member within the rules never comes near it; of a flood the newest are kept."""
BURST_GAP_US = 60 * SECOND_US
"""Removals closer together than this are one burst, of which a member is told once."""


@dataclass(frozen=True, slots=True)
class Window:
    """A member's recent messages in all channels of the community, in order of time."""

    recent: tuple[Recent, ...] = ()
    told_us: int | None = None
    """Time of the last removal in the burst of which the member was told last."""
    is_exempt: bool = False
    """The member's latest message was an operator's; edits do not carry roles."""

    def place(self, message: Message) -> "Window":
        """With the message at its time; one that is there already, or is too late, changes nothing."""
        if any(each.message_id == message.message_id for each in self.recent):
            return self
        entries = list(self.recent)
        insort(
            entries, Recent(message.posted_us, message.message_id, message.channel_id, message.fingerprint)
        )
        oldest_us = entries[-1].posted_us - KEPT_US
        kept = [each for each in entries if each.posted_us > oldest_us]
        return Window(tuple(kept[-RECENT_MAX:]), self.told_us)

    def condemn(self, message_ids: frozenset[str]) -> "Window":
        """With these messages marked as removed."""
        if not any(each.message_id in message_ids for each in self.recent):
            return self
        marked = (
            each._replace(removed=True) if each.message_id in message_ids else each for each in self.recent
        )
        return replace(self, recent=tuple(marked))

    def tell(self, removed_us: int) -> tuple["Window", bool]:
        """With a removal noted, and whether it begins a burst, of which the member must be told."""
        begins = self.told_us is None or removed_us - self.told_us > BURST_GAP_US
        latest = removed_us if self.told_us is None else max(removed_us, self.told_us)
        return replace(self, told_us=latest), begins


NOTHING = Window()
EXEMPT = Window(is_exempt=True)
