"""What is remembered of one member between messages, bounded in time and number.

It is all that rules know of the past, so a restart or a move to another process changes no verdict.
"""

from collections.abc import Collection, Mapping, Sequence
from typing import NamedTuple

from services.moderation.domain.message import Key, Message, Recent, entry_of

SECOND_US = 1_000_000
KEPT_US = 120 * SECOND_US
"""What is older than the member's newest message by more is forgotten. The longest window of a rule is 60 s:
a message that comes up to 60 s late is still judged as if it had come in time."""
RECENT_MAX = 48
"""A member within the rules never comes near it; of a flood the newest are kept."""
BURST_GAP_US = 60 * SECOND_US
"""Decisions closer together than this are one burst: one case, and people are told once."""
NEW_MESSAGES = 3
NEW_US = 24 * 3600 * SECOND_US
"""A member is new for the first messages and the first day."""


class Window(NamedTuple):
    """A member's recent messages in all channels of the community, in order of time."""

    recent: tuple[Recent, ...] = ()
    told_us: int | None = None
    """Time of the latest removal in the last burst of which the member was told."""
    alerted_us: int | None = None
    """The same for operators, who are told of what cannot be deleted."""
    is_exempt: bool = False
    """The member's latest message was an operator's; edits do not carry roles."""
    decided_us: int | None = None
    """Time of the latest decision in the last burst of them."""
    case_id: str | None = None
    """The case of that burst."""
    first_us: int | None = None
    """When the member joined, or wrote first."""
    spoken: int = 0
    """Messages so far, counted up to `NEW_MESSAGES`."""

    def is_new(self, at_us: int) -> bool:
        """Whether a message at this time comes from a new member."""
        return self.spoken < NEW_MESSAGES or self.first_us is None or at_us - self.first_us < NEW_US

    def place(self, message: Message) -> "Window":
        """With the message at its time; one that is there already, or is too late, changes nothing."""
        recent = self.recent
        for each in recent:
            if each.message_id == message.message_id:
                return self
        entry = entry_of(message)
        entries = (*recent, entry)
        if recent and entry < recent[-1]:
            entries = tuple(sorted(entries))
        oldest_us = entries[-1].posted_us - KEPT_US
        if entry.posted_us <= oldest_us:
            return self
        if entries[0].posted_us <= oldest_us or len(entries) > RECENT_MAX:
            entries = tuple([each for each in entries if each.posted_us > oldest_us][-RECENT_MAX:])
        first_us = entry.posted_us if self.first_us is None else self.first_us
        spoken = self.spoken if self.spoken >= NEW_MESSAGES else self.spoken + 1
        # once a message: `_replace` costs more
        return Window(
            entries, self.told_us, self.alerted_us, False, self.decided_us, self.case_id, first_us, spoken
        )

    def join(self, joined_us: int) -> "Window":
        """With the member's coming, unless something earlier is known."""
        if self.first_us is not None and self.first_us <= joined_us:
            return self
        return self._replace(first_us=joined_us)

    def condemn(self, message_ids: frozenset[str]) -> "Window":
        """With these messages marked as removed."""
        if not any(each.message_id in message_ids and not each.removed for each in self.recent):
            return self
        marked = (
            each._replace(removed=True) if each.message_id in message_ids else each for each in self.recent
        )
        return self._replace(recent=tuple(marked))

    def decide(self, decided_us: int, case_id: str, closed: Collection[str]) -> "Window":
        """With a decision noted: a burst begins a case; what follows joins it until a person closes it."""
        if self.case_id is None or self.case_id in closed or _begins(self.decided_us, decided_us):
            return self._replace(decided_us=decided_us, case_id=case_id)
        return self._replace(decided_us=_latest(self.decided_us, decided_us))

    def tell(self, removed_us: int) -> tuple["Window", bool]:
        """With a removal noted, and whether it begins a burst, of which the member must be told."""
        return self._replace(told_us=_latest(self.told_us, removed_us)), _begins(self.told_us, removed_us)

    def alert(self, removed_us: int) -> tuple["Window", bool]:
        """The same for operators."""
        latest = _latest(self.alerted_us, removed_us)
        return self._replace(alerted_us=latest), _begins(self.alerted_us, removed_us)

    def forget(self) -> "Window":
        """Without messages, as of somebody on whom no rule applies."""
        return self._replace(recent=(), is_exempt=True)


def _begins(noted_us: int | None, moment_us: int) -> bool:
    return noted_us is None or moment_us - noted_us > BURST_GAP_US


def _latest(noted_us: int | None, moment_us: int) -> int:
    return moment_us if noted_us is None else max(noted_us, moment_us)


NOTHING = Window()


def may_be_new(messages: Sequence[Message], windows: Mapping[Key, Window]) -> list[int]:
    """The places of messages whose members may be new when they are judged, by their windows before that.

    Nobody becomes new again: messages are counted up, and a coming is moved back only.
    """
    return [
        place
        for place, message in enumerate(messages)
        if windows.get((message.community_id, message.member_id), NOTHING).is_new(message.posted_us)
    ]
