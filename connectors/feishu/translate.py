"""Feishu's events into Hearth's; pure but for what it remembers of recent messages."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, NamedTuple

from pydantic import ValidationError

from connectors.feishu.text import plain
from connectors.sdk.claims import Claim
from connectors.sdk.cleaning import Cleaner
from connectors.sdk.metrics import EVENTS_REFUSED
from connectors.sdk.outlet import Timed
from connectors.sdk.recent import Recent
from shared.contracts.chat import (
    MemberJoined,
    MemberLeft,
    MessageDeleted,
    MessagePosted,
    ReactionAdded,
    ReactionRemoved,
)
from shared.contracts.contract import Contract

POSTED, RECALLED = "im.message.receive_v1", "im.message.recalled_v1"
REACTIONS = {
    "im.message.reaction.created_v1": ReactionAdded,
    "im.message.reaction.deleted_v1": ReactionRemoved,
}
JOINED, LEFT = "im.chat.member.user.added_v1", "im.chat.member.user.deleted_v1"
RIGHTS = frozenset({"im.chat.member.bot.added_v1", "im.chat.member.bot.deleted_v1", "im.chat.updated_v1"})
"""After these the bot may have other rights."""
MENTIONS_MAX = 200
MALFORMED = (
    KeyError,
    IndexError,
    TypeError,
    ValueError,
    AttributeError,
    OverflowError,
    OSError,
    ValidationError,
)
Raw = dict[str, Any]


class Written(NamedTuple):
    """Where a message is, and whose."""

    group: str
    author: str | None


@dataclass(slots=True)
class Translator:
    """What is malformed is passed over and counted."""

    groups: dict[str, Claim]
    roles: dict[str, dict[str, str]] = field(default_factory=dict)
    """By group and member: `owner` or `admin`."""
    cleaner: Cleaner = field(default_factory=Cleaner)
    messages: Recent[Written] = field(default_factory=Recent)

    def unplaced(self, document: Raw) -> str | None:
        """The message of a reaction, which does not say where it is, unless that is known."""
        kind, raw = _parts(document)
        message = raw.get("message_id")
        is_unplaced = kind in REACTIONS and isinstance(message, str) and self.messages.of(message) is None
        return message if is_unplaced else None

    def changes_rights(self, document: Raw) -> bool:
        """Whether the bot's rights in a group of ours may be others now."""
        kind, raw = _parts(document)
        return kind in RIGHTS and raw.get("chat_id") in self.groups

    def events(self, document: Raw) -> list[Timed]:
        """What one event tells; nothing for groups of nobody and kinds that Hearth does not carry."""
        try:
            kind, raw = _parts(document)
            group = self._group_of(kind, raw)
            claim = self.groups.get(group) if group is not None else None
            if group is None or claim is None:
                return []
            moment = _moment_of(kind, raw, document)
            return [(event, moment) for event in _One(self, claim, group, kind, raw).events()]
        except MALFORMED:
            EVENTS_REFUSED.labels("invalid").inc()
            return []

    def _group_of(self, kind: str, raw: Raw) -> str | None:
        if kind in REACTIONS:
            written = self.messages.of(raw["message_id"])
            return written.group if written is not None else None
        found = raw["message"]["chat_id"] if kind == POSTED else raw.get("chat_id")
        return str(found) if found else None


def _parts(document: Raw) -> tuple[str, Raw]:
    header, raw = document.get("header"), document.get("event")
    kind = header.get("event_type") if isinstance(header, dict) else None
    return str(kind), raw if isinstance(raw, dict) else {}


def _moment_of(kind: str, raw: Raw, document: Raw) -> datetime:
    """When it happened, where the event says; else when it was told, which a repetition says again."""
    told = document["header"]["create_time"]
    own = (
        raw["message"]["create_time"] if kind == POSTED else raw.get("action_time") or raw.get("recall_time")
    )
    return datetime.fromtimestamp(int(own or told) / 1000, UTC)


@dataclass(frozen=True, slots=True)
class _One:
    """One event on its way."""

    known: Translator
    claim: Claim
    group: str
    kind: str
    raw: Raw

    def events(self) -> Iterator[Contract]:
        if self.kind == POSTED:
            yield self._posted(self.raw["message"], self.raw["sender"])
        elif self.kind == RECALLED:
            yield self._recalled()
        elif self.kind in REACTIONS and self.raw.get("operator_type") == "user":
            yield self._reaction(REACTIONS[self.kind])
        elif self.kind in (JOINED, LEFT):
            yield from map(self._joined if self.kind == JOINED else self._left, self.raw["users"])

    def _make(self, contract: type[Contract], **fields: Any) -> Contract:
        made: Contract = self.known.cleaner.build(
            contract,
            community_id=self.claim.community_id,
            channel_id=self.claim.name(self.group),
            **fields,
        )
        return made

    def _posted(self, message: Raw, sender: Raw) -> Contract:
        author = sender["sender_id"]["open_id"]
        named = message.get("mentions") or []
        content = plain(
            message["message_type"], message["content"], {each["key"]: each["name"] for each in named}
        )
        self.known.messages.note(message["message_id"], Written(self.group, author))
        parent = message.get("parent_id") or None
        answered = self.known.messages.of(parent) if parent else None
        role = self.known.roles.get(self.group, {}).get(author)
        mentioned = [each["id"]["open_id"] for each in named if each["id"].get("open_id")]
        return self._make(
            MessagePosted,
            message_id=self.claim.name(message["message_id"]),
            member_id=self.claim.name(author),
            member_roles=("operator", role) if role else (),
            text=content.text,
            thread=message.get("thread_id") or None,
            reply_to=self.claim.name(parent) if parent else None,
            reply_to_member=self._name(answered.author) if answered else None,
            mentions=tuple(map(self.claim.name, mentioned[:MENTIONS_MAX])),
            attachments=content.attachments,
            is_bot=sender["sender_type"] != "user",
        )

    def _recalled(self) -> Contract:
        message = self.raw["message_id"]
        written = self.known.messages.of(message)
        author = self._name(written.author) if written else None
        is_own = self.raw.get("recall_type") == "message_owner"
        return self._make(
            MessageDeleted,
            message_id=self.claim.name(message),
            member_id=author,
            deleted_by=author if is_own else None,
        )

    def _reaction(self, contract: type[Contract]) -> Contract:
        message = self.raw["message_id"]
        written = self.known.messages.of(message)
        return self._make(
            contract,
            message_id=self.claim.name(message),
            member_id=self.claim.name(self.raw["user_id"]["open_id"]),
            reaction=self.raw["reaction_type"]["emoji_type"],
            author_id=self._name(written.author) if written else None,
        )

    def _joined(self, user: Raw) -> Contract:
        member = user["user_id"]["open_id"]
        return self._make(
            MemberJoined,
            member_id=self.claim.name(member),
            member_name=user.get("name") or None,
            invited_by=self._other_than(member),
        )

    def _left(self, user: Raw) -> Contract:
        member = user["user_id"]["open_id"]
        return self._make(MemberLeft, member_id=self.claim.name(member), removed_by=self._other_than(member))

    def _other_than(self, member: str) -> str | None:
        operator = (self.raw.get("operator_id") or {}).get("open_id")
        return self._name(operator) if operator != member else None

    def _name(self, member: str | None) -> str | None:
        return self.claim.name(member) if member else None
