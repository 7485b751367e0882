"""Slack's events into Hearth's; pure but for what it remembers of recent authors."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from pydantic import ValidationError

from connectors.sdk.claims import Claim
from connectors.sdk.cleaning import Cleaner
from connectors.sdk.outlet import Timed
from connectors.sdk.recent import Recent
from connectors.slack.text import plain
from shared.contracts.chat import (
    Attachment,
    MemberJoined,
    MemberLeft,
    MessageDeleted,
    MessageEdited,
    MessagePosted,
    ReactionAdded,
    ReactionRemoved,
)
from shared.contracts.contract import Contract

SAID = frozenset((None, "me_message", "thread_broadcast", "file_share", "bot_message"))
MENTIONS_MAX = 200
ATTACHMENTS_MAX = 50
MALFORMED = (KeyError, TypeError, ValueError, AttributeError, OverflowError, OSError, ValidationError)
Raw = dict[str, Any]


@dataclass(slots=True)
class Translator:
    """What is malformed is passed over and counted."""

    channels: dict[str, Claim]
    cleaner: Cleaner = field(default_factory=Cleaner)
    passed_over: int = 0
    _authors: Recent[str] = field(default_factory=Recent)

    def events(self, raw: Any) -> list[Timed]:
        """What one event tells; nothing for channels of nobody and kinds that Hearth does not carry."""
        try:
            channel = raw["item"]["channel"] if "item" in raw else raw["channel"]
            claim = self.channels.get(channel)
            if claim is None:
                return []
            moment = datetime.fromtimestamp(float(raw.get("event_ts") or raw["ts"]), UTC)
            return [(event, moment) for event in _One(self, claim, channel, raw).events()]
        except MALFORMED:
            self.passed_over += 1
            return []


@dataclass(frozen=True, slots=True)
class _One:
    """One event on its way."""

    known: Translator
    claim: Claim
    channel: str
    raw: Raw

    def events(self) -> Iterator[Contract]:
        match self.raw["type"], self.raw.get("subtype"):
            case "message", "message_changed":
                yield from self._edited(self.raw["message"], self.raw.get("previous_message") or {})
            case "message", "message_deleted":
                message_id = self._message_id(self.raw["deleted_ts"])
                author = self.known._authors.of(message_id)
                yield self._make(MessageDeleted, message_id=message_id, member_id=author)
            case "message", subtype if subtype in SAID:
                yield self._posted()
            case ("reaction_added" | "reaction_removed") as kind, _:
                yield self._reaction(ReactionAdded if kind == "reaction_added" else ReactionRemoved)
            case "member_joined_channel", _:
                inviter = self.raw.get("inviter")
                invited_by = self.claim.name(inviter) if inviter else None
                yield self._make(MemberJoined, member_id=self._user, invited_by=invited_by)
            case "member_left_channel", _:
                yield self._make(MemberLeft, member_id=self._user)

    def _make(self, contract: type[Contract], **fields: Any) -> Contract:
        made: Contract = self.known.cleaner.build(
            contract,
            community_id=self.claim.community_id,
            channel_id=self.claim.name(self.channel),
            **fields,
        )
        return made

    def _message_id(self, stamp: str) -> str:
        return self.claim.name(f"{self.channel}:{stamp}")

    @property
    def _user(self) -> str:
        return self.claim.name(self.raw.get("user") or self.raw["bot_id"])

    def _posted(self) -> Contract:
        raw = self.raw
        text, mentions = plain(raw.get("text") or "", {})
        message_id, thread = self._message_id(raw["ts"]), str(raw.get("thread_ts") or raw["ts"])
        is_answer = thread != raw["ts"]
        self.known._authors.note(message_id, self._user)
        return self._make(
            MessagePosted,
            message_id=message_id,
            member_id=self._user,
            text=text,
            thread=thread if is_answer else None,
            reply_to=self._message_id(thread) if is_answer else None,
            reply_to_member=self.claim.name(raw["parent_user_id"]) if raw.get("parent_user_id") else None,
            mentions=self._names(mentions),
            attachments=tuple(_files(raw)),
            is_bot=raw.get("subtype") == "bot_message" or bool(raw.get("bot_id")),
        )

    def _edited(self, now: Raw, before: Raw) -> Iterator[Contract]:
        """Slack does not number edits: their second stands for it. Unfurled links are no edits."""
        if now.get("text") == before.get("text") or "edited" not in now:
            return
        text, mentions = plain(now.get("text") or "", {})
        yield self._make(
            MessageEdited,
            message_id=self._message_id(now["ts"]),
            member_id=self.claim.name(now.get("user") or now["bot_id"]),
            text=text,
            revision=max(1, int(float(now["edited"]["ts"]))),
            mentions=self._names(mentions),
            is_bot=bool(now.get("bot_id")),
        )

    def _names(self, users: list[str]) -> tuple[str, ...]:
        return tuple(self.claim.name(each) for each in users[:MENTIONS_MAX])

    def _reaction(self, contract: type[Contract]) -> Contract:
        author = self.raw.get("item_user")
        return self._make(
            contract,
            message_id=self._message_id(self.raw["item"]["ts"]),
            member_id=self._user,
            reaction=self.raw["reaction"],
            author_id=self.claim.name(author) if author else None,
        )


def _files(raw: Raw) -> Iterator[Attachment]:
    for each in (raw.get("files") or ())[:ATTACHMENTS_MAX]:
        major = str(each.get("mimetype") or "").partition("/")[0]
        kind = major if major in ("image", "video", "audio") else "file"
        yield Attachment.model_validate({"kind": kind, "name": str(each.get("name") or "")[:512]})
