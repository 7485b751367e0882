"""One record of an export on its way to events: what it cannot be becomes a bad line, never an exception."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from hashlib import blake2b
from typing import Any

from pydantic import ValidationError

from connectors.imports.authors import Authors
from connectors.imports.explain import explain
from connectors.imports.reading import BadLine, BadRecord, Item, Parsed, Reading
from shared.contracts.chat import Attachment, MemberJoined, MemberLeft, MessagePosted, ReactionAdded
from shared.contracts.contract import Contract

MENTIONS_MAX = 200
ATTACHMENTS_MAX = 50
MALFORMED = (KeyError, TypeError, AttributeError, ValueError, IndexError)


def told(number: int, items: Callable[[], Iterable[Item]]) -> Iterator[Item]:
    """The record's items up to the first thing that is wrong with it."""
    try:
        yield from items()
    except BadRecord as error:
        yield BadLine(number, str(error))
    except ValidationError as error:
        yield BadLine(number, explain(error))
    except MALFORMED:
        yield BadLine(number, "the record has another shape than such exports have")


@dataclass(slots=True)
class Scribe:
    """Makes a history's events; members are named as the export names them."""

    reading: Reading
    authors: Authors = field(default_factory=Authors)
    _occurrences: dict[str, int] = field(default_factory=dict)

    def posted(
        self,
        moment: datetime,
        sender: str,
        *,
        message_id: str,
        mentions: Iterable[str] = (),
        attachments: Iterable[tuple[str, str]] = (),
        reply_to: str | None = None,
        **fields: Any,
    ) -> Parsed:
        """A message; attachments are pairs of kind and name."""
        member_id = self.reading.member_id(sender)
        files = [
            self.reading.cleaner.build(Attachment, kind=kind, name=name)
            for kind, name in list(attachments)[:ATTACHMENTS_MAX]
        ]
        event = self._build(
            MessagePosted,
            message_id=message_id,
            member_id=member_id,
            mentions=tuple(self.reading.member_id(each) for each in list(mentions)[:MENTIONS_MAX]),
            attachments=tuple(files),
            reply_to=reply_to,
            reply_to_member=self.authors.of(reply_to),
            **fields,
        )
        self.authors.remember(message_id, member_id)
        return Parsed(event, self.reading.plausible(moment))

    def reacted(
        self, moment: datetime, sender: str, reaction: str, *, message_id: str, channel_id: str
    ) -> Parsed:
        """A reaction; exports that do not know when have it at the message's own time."""
        event = self._build(
            ReactionAdded,
            channel_id=channel_id,
            message_id=message_id,
            member_id=self.reading.member_id(sender),
            reaction=reaction[:512],
            author_id=self.authors.of(message_id),
        )
        return Parsed(event, self.reading.plausible(moment))

    def joined(
        self,
        moment: datetime,
        sender: str,
        channel_id: str,
        inviter: str | None = None,
        name: str | None = None,
    ) -> Parsed:
        """Somebody came."""
        invited_by = self.reading.member_id(inviter) if inviter and inviter != sender else None
        event = self._build(
            MemberJoined,
            channel_id=channel_id,
            member_id=self.reading.member_id(sender),
            member_name=name,
            invited_by=invited_by,
        )
        return Parsed(event, self.reading.plausible(moment))

    def left(self, moment: datetime, sender: str, channel_id: str, remover: str | None = None) -> Parsed:
        """Somebody went, or was removed."""
        removed_by = self.reading.member_id(remover) if remover and remover != sender else None
        event = self._build(
            MemberLeft,
            channel_id=channel_id,
            member_id=self.reading.member_id(sender),
            removed_by=removed_by,
        )
        return Parsed(event, self.reading.plausible(moment))

    def made_up_id(self, *content: str) -> str:
        """An id for a message that has none: the same in every export that holds the message.

        Of equal messages the first, second … are told apart.
        """
        digest = blake2b("\x1f".join(content).encode("utf-8", "surrogatepass"), digest_size=12).hexdigest()
        count = self._occurrences[digest] = self._occurrences.get(digest, 0) + 1
        return digest if count == 1 else f"{digest}-{count}"

    def _build(self, contract: type[Contract], **fields: Any) -> Any:
        return self.reading.cleaner.build(contract, community_id=self.reading.community_id, **fields)


def from_seconds(value: Any) -> datetime:
    """Seconds since 1970, also as text. Raises BadRecord."""
    try:
        return datetime.fromtimestamp(float(value), UTC)
    except (ValueError, TypeError, OverflowError, OSError):
        raise BadRecord("the time is none") from None


def from_iso(value: Any) -> datetime:
    """RFC 3339. Raises BadRecord."""
    try:
        return datetime.fromisoformat(value)
    except (ValueError, TypeError):
        raise BadRecord("the time is none") from None
