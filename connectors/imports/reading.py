"""What every reader of a chat export takes and yields: one interface, whatever the format."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import NamedTuple, Protocol
from zoneinfo import ZoneInfo

from connectors.imports.source import Source
from connectors.sdk.cleaning import Cleaner
from shared.contracts.contract import Contract

EARLIEST = datetime(1990, 1, 1, tzinfo=UTC)
"""What claims to be older comes from a broken clock; services refuse it too."""
CLOCK_SKEW_MAX = timedelta(minutes=5)


class Parsed(NamedTuple):
    """An event of the history and when it happened."""

    event: Contract
    occurred_at: datetime


class BadLine(NamedTuple):
    """A line (or, where the format has none, a message) that could not be read; counted and shown."""

    number: int
    why: str


class Skipped(NamedTuple):
    """A line that was read and tells nothing that Hearth carries; counted by `what`."""

    number: int
    what: str


Item = Parsed | BadLine | Skipped


class BadRecord(ValueError):
    """Raised inside a reader for one line; its text is the line's `why`."""


@dataclass(frozen=True, slots=True)
class Reading:
    """Whose history it is and how to understand it."""

    community_id: str
    zone: ZoneInfo
    """For times that come without a zone."""
    now: datetime
    """Real time: what claims to be later did not happen."""
    cleaner: Cleaner = field(default_factory=Cleaner)

    def member_id(self, sender: str) -> str:
        """The sender's id, namespaced: `tea-house:ann`. `sender_of` undoes it."""
        if not sender:
            raise BadRecord("the sender is empty")
        return f"{self.community_id}:{sender}"

    def plausible(self, moment: datetime) -> datetime:
        """The moment in UTC. Raises BadRecord when no chat can be of that time."""
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=self.zone)
        if moment.tzinfo is not UTC:
            moment = moment.astimezone(UTC)
        if moment < EARLIEST:
            raise BadRecord(f"the time {moment:%Y-%m-%d} is before the first chats")
        if moment - self.now > CLOCK_SKEW_MAX:
            raise BadRecord(f"the time {moment:%Y-%m-%d %H:%M} UTC lies in the future")
        return moment


def sender_of(community_id: str, member_id: str) -> str:
    """The sender as the export named it: the inverse of `Reading.member_id`."""
    return member_id.removeprefix(f"{community_id}:")


class Reader(Protocol):
    """A format. A reader has no state of its own: reading twice gives the same items."""

    def read(self, source: Source, reading: Reading) -> Iterator[Item]:
        """The file's events in the file's order; nothing that a line holds raises."""
