"""What is remembered of one member between messages, bounded in time and number.

It is all that rules know of the past, so a restart or a move to another process changes no verdict.
"""

from dataclasses import dataclass, replace

from services.moderation.domain.message import Message, Recent

SECOND_US = 1_000_000
KEPT_US = 120 * SECOND_US
"""What is older than the member's newest message by more is forgotten. The longest window of a rule is 30 s:
a message that comes up to 90 s late is still judged as if it had come in time."""
RECENT_MAX = 48
"""A member within the rules never comes near it; of a flood the newest are kept."""
BURST_GAP_US = 60 * SECOND_US
"""Removals closer together than this are one burst, of which people are told once."""


@dataclass(frozen=True, slots=True)
class Window:
    """A member's recent messages in all channels of the community, in order of time."""

    recent: tuple[Recent, ...] = ()
    told_us: int | None = None
    """Time of the latest removal in the last burst of which the member was told."""
    alerted_us: int | None = None
    """The same for operators, who are told of what cannot be deleted."""
    is_exempt: bool = False
    """The member's latest message was an operator's; edits do not carry roles."""

    def place(self, message: Message) -> "Window":
        """With the message at its time; one that is there already, or is too late, changes nothing."""
        entry = Recent(message.posted_us, message.message_id, message.channel_id, message.fingerprint)
        for each in self.recent:
            if each.message_id == entry.message_id:
                return self
        entries = [*self.recent, entry]
        if len(entries) > 1 and entry < entries[-2]:
            entries.sort()
        oldest_us = entries[-1].posted_us - KEPT_US
        if entry.posted_us <= oldest_us:
            return self
        if entries[0].posted_us <= oldest_us or len(entries) > RECENT_MAX:
            entries = [each for each in entries if each.posted_us > oldest_us][-RECENT_MAX:]
        return Window(tuple(entries), self.told_us, self.alerted_us)

    def condemn(self, message_ids: frozenset[str]) -> "Window":
        """With these messages marked as removed."""
        if not any(each.message_id in message_ids and not each.removed for each in self.recent):
            return self
        marked = (
            each._replace(removed=True) if each.message_id in message_ids else each for each in self.recent
        )
        return replace(self, recent=tuple(marked))

    def tell(self, removed_us: int) -> tuple["Window", bool]:
        """With a removal noted, and whether it begins a burst, of which the member must be told."""
        return replace(self, told_us=_latest(self.told_us, removed_us)), _begins(self.told_us, removed_us)

    def alert(self, removed_us: int) -> tuple["Window", bool]:
        """The same for operators."""
        latest = _latest(self.alerted_us, removed_us)
        return replace(self, alerted_us=latest), _begins(self.alerted_us, removed_us)


def _begins(told_us: int | None, removed_us: int) -> bool:
    return told_us is None or removed_us - told_us > BURST_GAP_US


def _latest(told_us: int | None, removed_us: int) -> int:
    return removed_us if told_us is None else max(told_us, removed_us)


NOTHING = Window()
