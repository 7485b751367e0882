"""Matrix events into Hearth's: pure but for what it remembers of recent events."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from pydantic import ValidationError

from connectors.sdk.claims import Claim
from connectors.sdk.cleaning import Cleaner
from connectors.sdk.outlet import Timed
from connectors.sdk.recent import Recent
from shared.contracts.chat import (
    Attachment,
    JoinAnswer,
    JoinRequested,
    MemberJoined,
    MemberLeft,
    MemberUpdated,
    MessageDeleted,
    MessageEdited,
    MessagePosted,
    ReactionAdded,
    ReactionRemoved,
)
from shared.contracts.contract import Contract

MENTIONS_MAX = 200
KINDS = {"m.image": "image", "m.video": "video", "m.audio": "audio", "m.file": "file"}
Raw = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Reaction:
    """A reaction, for the day on which it is taken back."""

    message_id: str
    key: str
    author_id: str | None


@dataclass(slots=True)
class Translator:
    """One per connector. What is malformed is passed over and counted: a homeserver sends anything."""

    rooms: dict[str, Claim]
    bot: str
    cleaner: Cleaner = field(default_factory=Cleaner)
    passed_over: int = 0
    _authors: Recent[str] = field(default_factory=Recent)
    _reactions: Recent[Reaction] = field(default_factory=Recent)
    _inviters: Recent[str] = field(default_factory=Recent)

    def events(self, raw: Any) -> list[Timed]:
        """What one Matrix event tells; nothing for rooms of nobody and types that Hearth does not carry."""
        try:
            claim = self.rooms.get(raw["room_id"])
            if claim is None:
                return []
            moment = datetime.fromtimestamp(raw["origin_server_ts"] / 1000, UTC)
            return [(event, moment) for event in _One(self, claim, raw).events()]
        except (KeyError, TypeError, ValueError, AttributeError, OverflowError, OSError, ValidationError):
            self.passed_over += 1
            return []


@dataclass(frozen=True, slots=True)
class _One:
    """One Matrix event on its way."""

    known: Translator
    claim: Claim
    raw: Raw

    def events(self) -> Iterator[Contract]:
        match self.raw["type"]:
            case "m.room.message":
                yield from self._message()
            case "m.room.redaction":
                yield from self._redaction()
            case "m.reaction":
                yield from self._reaction()
            case "m.room.member":
                yield from self._membership()

    def _make(self, contract: type[Contract], **fields: Any) -> Contract:
        made: Contract = self.known.cleaner.build(contract, community_id=self.claim.community_id, **fields)
        return made

    @property
    def _channel(self) -> str:
        return self.claim.name(self.raw["room_id"])

    @property
    def _sender(self) -> str:
        return self.claim.name(self.raw["sender"])

    def _message(self) -> Iterator[Contract]:
        content = self.raw["content"]
        if not content:
            return  # redacted before it came
        relation = content.get("m.relates_to") or {}
        is_bot = self.raw["sender"] == self.known.bot or content.get("msgtype") == "m.notice"
        if relation.get("rel_type") == "m.replace":
            yield self._edit(content["m.new_content"], relation["event_id"], is_bot)
            return
        reply = (relation.get("m.in_reply_to") or {}).get("event_id")
        if relation.get("is_falling_back"):
            reply = None
        message_id = self.claim.name(self.raw["event_id"])
        self.known._authors.note(message_id, self._sender)
        answered = self.claim.name(reply) if reply else None
        yield self._make(
            MessagePosted,
            channel_id=self._channel,
            message_id=message_id,
            member_id=self._sender,
            text=_text(content, bool(reply)),
            thread=relation["event_id"] if relation.get("rel_type") == "m.thread" else None,
            reply_to=answered,
            reply_to_member=self.known._authors.of(answered) if answered else None,
            mentions=self._mentions(content),
            attachments=_attachments(content),
            is_bot=is_bot,
        )

    def _edit(self, content: Raw, message: str, is_bot: bool) -> Contract:
        """Matrix does not number edits: their second stands for it, so that the newest has the highest."""
        return self._make(
            MessageEdited,
            channel_id=self._channel,
            message_id=self.claim.name(message),
            member_id=self._sender,
            text=_text(content, False),
            revision=max(1, self.raw["origin_server_ts"] // 1000),
            mentions=self._mentions(content),
            is_bot=is_bot,
        )

    def _mentions(self, content: Raw) -> tuple[str, ...]:
        found = (content.get("m.mentions") or {}).get("user_ids") or ()
        return tuple(self.claim.name(str(each)) for each in found[:MENTIONS_MAX])

    def _redaction(self) -> Iterator[Contract]:
        redacted = self.raw.get("redacts") or self.raw["content"]["redacts"]
        reaction = self.known._reactions.of(redacted)
        if reaction is not None:
            yield self._make(
                ReactionRemoved,
                channel_id=self._channel,
                message_id=reaction.message_id,
                member_id=self._sender,
                reaction=reaction.key,
                author_id=reaction.author_id,
            )
            return
        message_id = self.claim.name(redacted)
        yield self._make(
            MessageDeleted,
            channel_id=self._channel,
            message_id=message_id,
            member_id=self.known._authors.of(message_id),
            deleted_by=self._sender,
        )

    def _reaction(self) -> Iterator[Contract]:
        relation = self.raw["content"]["m.relates_to"]
        message_id = self.claim.name(relation["event_id"])
        noted = Reaction(message_id, relation["key"], self.known._authors.of(message_id))
        self.known._reactions.note(self.raw["event_id"], noted)
        yield self._make(
            ReactionAdded,
            channel_id=self._channel,
            message_id=message_id,
            member_id=self._sender,
            reaction=noted.key,
            author_id=noted.author_id,
        )

    def _membership(self) -> Iterator[Contract]:
        """From the membership before to the one now; the bot's own are no news."""
        who, content = self.raw["state_key"], self.raw["content"]
        before = (self.raw.get("unsigned") or {}).get("prev_content") or {}
        was, now = before.get("membership", "leave"), content["membership"]
        if who == self.known.bot:
            return
        place = f"{self.raw['room_id']} {who}"
        if now == "invite":
            self.known._inviters.note(place, self.raw["sender"])
        elif now == "join" and was != "join":
            inviter = self.known._inviters.of(place)
            yield self._make(
                MemberJoined,
                channel_id=self._channel,
                member_id=self.claim.name(who),
                member_name=content.get("displayname"),
                invited_by=self.claim.name(inviter) if inviter and inviter != self.known.bot else None,
            )
        elif now == "join" and before.get("displayname") != content.get("displayname"):
            yield self._make(
                MemberUpdated, member_id=self.claim.name(who), member_name=content.get("displayname")
            )
        elif now in ("leave", "ban") and was == "join":
            yield self._make(
                MemberLeft,
                channel_id=self._channel,
                member_id=self.claim.name(who),
                removed_by=None if self.raw["sender"] == who else self._sender,
            )
        elif now == "knock":
            yield self._knock(who, content)

    def _knock(self, who: str, content: Raw) -> Contract:
        return self._make(
            JoinRequested,
            request_id=f"{self._channel} {self.claim.name(who)}"[:255],
            channel_id=self._channel,
            member_id=self.claim.name(who),
            member_name=content.get("displayname"),
            answers=(JoinAnswer(answer=str(content["reason"])[:512]),) if content.get("reason") else (),
        )


def _text(content: Raw, is_reply: bool) -> str:
    """The body; a reply's quotation of what it answers is not the member's own words."""
    body = content.get("body") or ""
    if not is_reply or not body.startswith("> "):
        return str(body)
    lines = body.split("\n")
    first = next((number for number, line in enumerate(lines) if not line.startswith("> ")), len(lines))
    return "\n".join(lines[first:]).lstrip("\n")


def _attachments(content: Raw) -> tuple[Attachment, ...]:
    kind = KINDS.get(content.get("msgtype", ""))
    if kind is None:
        return ()
    name, url = str(content.get("filename") or content.get("body") or ""), str(content.get("url") or "")
    return (Attachment(kind=kind, name=name[:512], url=url[:512]),)
