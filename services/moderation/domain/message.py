"""A message as rules see it, and what a rule answers."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple, Protocol

from shared.text import Fingerprint, Normalised

SPANS_MAX = 20
"""Places of one finding; further ones say nothing new."""

Key = tuple[str, str]
"""community_id with member_id, or with message_id."""


class Message(NamedTuple):
    """A message that a member wrote, or what an edit made of it."""

    community_id: str
    member_id: str
    message_id: str
    channel_id: str
    posted_us: int
    """Microseconds since 1970 of its `occurred_at`."""
    text: Normalised
    fingerprint: Fingerprint
    links: int = 0
    mentions: tuple[str, ...] = ()
    """Ids of the members whom it addresses."""
    reply_to_member: str | None = None
    roles: tuple[str, ...] = ()


class Recent(NamedTuple):
    """What a window remembers of a message."""

    posted_us: int
    message_id: str
    channel_id: str
    fingerprint: Fingerprint
    removed: bool = False
    links: int = 0
    mentions: int = 0


class Match(NamedTuple):
    """What a rule found in one message, or in a member's messages."""

    score: float
    """0 to 1: how sure the rule is."""
    spans: tuple[tuple[int, int], ...]
    """Start and end of what matched, in the original text; none where a rule counts messages."""
    evidence: str
    """Numbers and names of patterns, never words of the message."""


class Finding(NamedTuple):
    """A match under the name of the rule that made it."""

    rule: str
    version: int
    score: float
    spans: tuple[tuple[int, int], ...]
    evidence: str


class Burst(NamedTuple):
    """A match about several messages of a member, all of which it condemns."""

    match: Match
    messages: tuple[Recent, ...]


class Around(Protocol):
    """The messages of the same member around a message, itself among them, in order of time."""

    @property
    def recent(self) -> tuple[Recent, ...]:
        """Never empty while a posted message is judged; an edited message may be missing."""


class TextRule(Protocol):
    """Reads each text by itself, a batch at a time; immutable, and pure."""

    def match(self, messages: Sequence[Message]) -> Mapping[int, Match]:
        """What it found, by the message's place in the batch."""


class WindowRule(Protocol):
    """Reads a posted message among the member's others; immutable, and pure."""

    def judge(self, message: Message, around: Around) -> Burst | None:
        """What it found, if anything."""


def entry_of(message: Message) -> Recent:
    """What a window remembers of this message."""
    return Recent(
        message.posted_us,
        message.message_id,
        message.channel_id,
        message.fingerprint,
        False,
        message.links,
        len(message.mentions),
    )
