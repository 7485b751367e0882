"""Telegram Desktop's JSON export (`result.json`): messages, joins, leaves and reactions of groups.

The file is read twice: service messages name members, and only the messages tell which id has a name.
"""

import contextlib
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import ijson
from pydantic import ValidationError

from connectors.imports.authors import Authors
from connectors.imports.explain import explain
from connectors.imports.reading import BadLine, BadRecord, Item, Parsed, Reading, Skipped
from connectors.imports.source import Source
from connectors.imports.telegram_message import Message, attachments, mentioned, plain_text
from connectors.imports.telegram_stream import Found, messages
from shared.contracts.chat import MemberJoined, MemberLeft, MessagePosted, ReactionAdded
from shared.contracts.contract import Contract

NAMES_MAX = 500_000
UNREADABLE = (ijson.JSONError, OSError, EOFError, zlib.error, UnicodeDecodeError)
JOINS = frozenset(("join_group_by_link", "join_group_by_request"))


class TelegramExport:
    """One `result.json`."""

    def read(self, source: Source, reading: Reading) -> Iterator[Item]:
        """The file's events, message by message; a message's reactions follow it."""
        export = _Export(reading, _learn_names(source))
        number = 0
        try:
            with source.open() as content:
                for found in messages(content):
                    number = found.number
                    yield from export.items(found)
            source.finished()
        except UNREADABLE as error:
            yield BadLine(number + 1, f"the file cannot be read further: {error}")


def _learn_names(source: Source) -> "Names":
    names = Names()
    with contextlib.suppress(*UNREADABLE), source.open() as content:  # the second reading tells
        for found in messages(content):
            names.learn(found.message)
    return names


@dataclass(slots=True)
class Names:
    """Which sender has a name. A name that two senders share tells nothing."""

    _sender: dict[str, str | None] = field(default_factory=dict)

    def learn(self, message: Any) -> None:
        """Note the names in one message."""
        if not isinstance(message, dict):
            return
        for name_field, id_field in (("from", "from_id"), ("actor", "actor_id")):
            name, sender = message.get(name_field), message.get(id_field)
            if isinstance(name, str) and isinstance(sender, str | int) and len(self._sender) < NAMES_MAX:
                known = self._sender.setdefault(name, str(sender))
                self._sender[name] = known if known == str(sender) else None

    def of(self, name: Any) -> str | None:
        """The sender of this name, if there is exactly one."""
        return self._sender.get(name) if isinstance(name, str) else None


@dataclass(slots=True)
class _Export:
    """The walk through one file."""

    reading: Reading
    names: Names
    authors: Authors = field(default_factory=Authors)

    def items(self, found: Found) -> Iterator[Item]:
        """What one element of the list tells."""
        if found.chat.is_private:
            yield Skipped(found.number, "message of a private conversation")
            return
        try:
            if not isinstance(found.message, dict):
                raise BadRecord("the message is no JSON object")
            message = Message(found.message, found.chat, self.reading)
            match found.message.get("type"):
                case "message":
                    yield self._posted(message)
                    yield from self._reactions(found.number, message)
                case "service":
                    yield from self._service(found.number, message)
                case other:
                    yield Skipped(found.number, f"message of type {str(other)[:40]}")
        except BadRecord as error:
            yield BadLine(found.number, str(error))
        except ValidationError as error:
            yield BadLine(found.number, explain(error))

    def _posted(self, message: Message) -> Parsed:
        fields = message.fields
        who = message.sender("from_id")
        text, entities = plain_text(fields)
        event = self._build(
            MessagePosted,
            channel_id=message.chat.id,
            message_id=message.id,
            member_id=self.reading.member_id(who),
            member_name=message.name("from"),
            text=text,
            reply_to=message.reply_to,
            reply_to_member=self.authors.of(message.reply_to),
            mentions=tuple(self.reading.member_id(each) for each in mentioned(entities)),
            attachments=attachments(fields, self.reading.cleaner),
        )
        self.authors.remember(message.id, event.member_id)
        return Parsed(event, message.occurred_at)

    def _reactions(self, number: int, message: Message) -> Iterator[Item]:
        """Those whose people the export names; for the others it has only a count."""
        for reaction, who, moment in message.reactions():
            try:
                event = self._build(
                    ReactionAdded,
                    channel_id=message.chat.id,
                    message_id=message.id,
                    member_id=self.reading.member_id(who),
                    reaction=reaction,
                    author_id=self.authors.of(message.id),
                )
                yield Parsed(event, moment)
            except ValidationError as error:
                yield BadLine(number, explain(error))

    def _service(self, number: int, message: Message) -> Iterator[Item]:
        action = str(message.fields.get("action"))
        if action in JOINS:
            inviter = self.names.of(message.fields.get("inviter"))
            yield self._joined(message, message.sender("actor_id"), message.name("actor"), inviter)
        elif action in ("invite_members", "remove_members"):
            actor = message.sender("actor_id")
            for name in message.fields.get("members") or ():
                who = actor if name == message.fields.get("actor") else self.names.of(name)
                if who is None:
                    yield Skipped(number, f"{action} of a name without an id")
                elif action == "invite_members":
                    yield self._joined(message, who, name, None if who == actor else actor)
                else:
                    yield self._left(message, who, None if who == actor else actor)
        else:
            yield Skipped(number, f"service message {action[:40]}")

    def _joined(self, message: Message, who: str, name: str | None, inviter: str | None) -> Parsed:
        event = self._build(
            MemberJoined,
            member_id=self.reading.member_id(who),
            member_name=name,
            channel_id=message.chat.id,
            invited_by=self.reading.member_id(inviter) if inviter else None,
        )
        return Parsed(event, message.occurred_at)

    def _left(self, message: Message, who: str, remover: str | None) -> Parsed:
        event = self._build(
            MemberLeft,
            member_id=self.reading.member_id(who),
            channel_id=message.chat.id,
            removed_by=self.reading.member_id(remover) if remover else None,
        )
        return Parsed(event, message.occurred_at)

    def _build(self, contract: type[Contract], **fields: Any) -> Any:
        return self.reading.cleaner.build(contract, community_id=self.reading.community_id, **fields)
