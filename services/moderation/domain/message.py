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


class Recent(NamedTuple):
    """What a window remembers of a message."""

    posted_us: int
    message_id: str
    channel_id: str
    fingerprint: Fingerprint
    removed: bool = False


class Match(NamedTuple):
    """What a rule found in one message, or in a member's messages."""

    score: float
    """0 to 1: how sure the rule is."""
    spans: tuple[tuple[int, int], ...]
    """Start and end of what matched, in the original text; none where a rule counts messages."""
    evidence: str
    """Numbers and names of patterns, never words of the message."""


class Finding(NamedTuple):
    """A rule matched."""

    rule: str
    version: int
    score: float
    """0 to 1: how sure the rule is."""
    spans: tuple[tuple[int, int], ...]
    """Start and end of what matched, in the original text."""
    evidence: str
    """Numbers and names of patterns, never words of the message."""


class Hit(NamedTuple):
    """A finding and the messages that it condemns."""

    finding: Finding
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


class Rule(Protocol):
    """One rule: pure, and named for ever by its id."""

    @property
    def id(self) -> str:
        """A slug; its name for people is `rule.<id>` in the catalogue."""

    @property
    def version(self) -> int:
        """Counts the changes that let it judge differently."""

    @property
    def reads_edits(self) -> bool:
        """Whether a new text of an old message is judged again."""

    def __call__(self, message: Message, around: Around) -> Hit | None:
        """What it found, if anything."""
