"""Telegram's updates into Hearth's events; pure but for what it remembers of recent authors."""

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
    MessageEdited,
    MessagePosted,
    ReactionAdded,
    ReactionRemoved,
)
from shared.contracts.contract import Contract

MENTIONS_MAX = 200
KINDS = {
    "photo": "image",
    "video": "video",
    "animation": "video",
    "video_note": "video",
    "voice": "audio",
    "audio": "audio",
    "document": "file",
    "sticker": "sticker",
    "contact": "card",
    "location": "card",
    "poll": "card",
}
PRESENT = frozenset({"member", "administrator", "creator", "restricted"})
MALFORMED = (KeyError, TypeError, ValueError, AttributeError, OverflowError, OSError, ValidationError)
Raw = dict[str, Any]


@dataclass(slots=True)
class Translator:
    """What is malformed is passed over and counted."""

    chats: dict[str, Claim]
    cleaner: Cleaner = field(default_factory=Cleaner)
    passed_over: int = 0
    _authors: Recent[str] = field(default_factory=Recent)

    def events(self, update: Any) -> list[Timed]:
        """What one update tells; nothing for chats of nobody and kinds that Hearth does not carry."""
        try:
            kind = next(name for name in update if name != "update_id")
            raw = update[kind]
            claim = self.chats.get(str(raw["chat"]["id"]))
            if claim is None:
                return []
            moment = datetime.fromtimestamp(raw.get("edit_date") or raw["date"], UTC)
            return [(event, moment) for event in _One(self, claim, raw).events(kind)]
        except (StopIteration, *MALFORMED):
            self.passed_over += 1
            return []


@dataclass(frozen=True, slots=True)
class _One:
    """One update on its way."""

    known: Translator
    claim: Claim
    raw: Raw

    def events(self, kind: str) -> Iterator[Contract]:
        match kind:
            case "message" if not self.raw.get("new_chat_members") and not self.raw.get("left_chat_member"):
                yield self._posted()
            case "edited_message":
                yield self._edited()
            case "message_reaction":
                yield from self._reactions()
            case "chat_member":
                yield from self._membership()
            case "chat_join_request":
                yield self._request()

    def _make(self, contract: type[Contract], **fields: Any) -> Contract:
        made: Contract = self.known.cleaner.build(
            contract,
            community_id=self.claim.community_id,
            channel_id=self.claim.name(str(self.raw["chat"]["id"])),
            **fields,
        )
        return made

    def _message_id(self, raw: Raw) -> str:
        return self.claim.name(f"{self.raw['chat']['id']}:{raw['message_id']}")

    def _author(self, raw: Raw) -> Raw:
        """Who wrote it: a member, or a chat in whose name somebody writes."""
        return dict(raw.get("sender_chat") or raw["from"])

    def _member(self, who: Raw) -> str:
        return self.claim.name(str(who["id"]))

    def _posted(self) -> Contract:
        raw, author = self.raw, self._author(self.raw)
        answered = raw.get("reply_to_message")
        if answered is not None and answered["message_id"] == raw.get("message_thread_id"):
            answered = None  # a topic's first message is no message that is answered
        message_id, member_id = self._message_id(raw), self._member(author)
        self.known._authors.note(message_id, member_id)
        return self._make(
            MessagePosted,
            message_id=message_id,
            member_id=member_id,
            member_name=_name(author),
            text=raw.get("text") or raw.get("caption") or "",
            thread=str(raw["message_thread_id"]) if raw.get("is_topic_message") else None,
            reply_to=self._message_id(answered) if answered else None,
            reply_to_member=self._member(self._author(answered)) if answered else None,
            mentions=self._mentions(raw),
            attachments=tuple(_attachments(raw)),
            is_bot=bool(author.get("is_bot")),
        )

    def _edited(self) -> Contract:
        """Telegram does not number edits: their second stands for it, so that the newest has the highest."""
        author = self._author(self.raw)
        return self._make(
            MessageEdited,
            message_id=self._message_id(self.raw),
            member_id=self._member(author),
            text=self.raw.get("text") or self.raw.get("caption") or "",
            revision=max(1, int(self.raw["edit_date"])),
            mentions=self._mentions(self.raw),
            is_bot=bool(author.get("is_bot")),
        )

    def _mentions(self, raw: Raw) -> tuple[str, ...]:
        """Those named with their id; a bare @username tells none."""
        entities = raw.get("entities") or raw.get("caption_entities") or ()
        users = [each["user"] for each in entities if each.get("type") == "text_mention"]
        return tuple(self._member(user) for user in users[:MENTIONS_MAX])

    def _reactions(self) -> Iterator[Contract]:
        who = self.raw.get("user") or self.raw["actor_chat"]
        message_id = self._message_id(self.raw)
        before, now = _labels(self.raw["old_reaction"]), _labels(self.raw["new_reaction"])
        changes: list[tuple[type[Contract], str]] = [(ReactionRemoved, each) for each in before - now]
        changes += [(ReactionAdded, each) for each in now - before]
        for contract, reaction in sorted(changes, key=lambda change: change[1]):
            yield self._make(
                contract,
                message_id=message_id,
                member_id=self._member(who),
                reaction=reaction,
                author_id=self.known._authors.of(message_id),
            )

    def _membership(self) -> Iterator[Contract]:
        was, now = _is_present(self.raw["old_chat_member"]), _is_present(self.raw["new_chat_member"])
        who, actor = self.raw["new_chat_member"]["user"], self.raw["from"]
        other = self._member(actor) if actor["id"] != who["id"] else None
        if now and not was:
            invite = self.raw.get("invite_link") or {}
            inviter = self._member(invite["creator"]) if invite.get("creator") else other
            yield self._make(
                MemberJoined, member_id=self._member(who), member_name=_name(who), invited_by=inviter
            )
        elif was and not now:
            yield self._make(MemberLeft, member_id=self._member(who), removed_by=other)

    def _request(self) -> Contract:
        who, bio = self.raw["from"], self.raw.get("bio")
        return self._make(
            JoinRequested,
            request_id=self.claim.name(f"{self.raw['chat']['id']} {who['id']} {self.raw['date']}"),
            member_id=self._member(who),
            member_name=_name(who),
            answers=(JoinAnswer(answer=str(bio)[:512]),) if bio else (),
            invite_code=str((self.raw.get("invite_link") or {}).get("name") or "")[:512] or None,
        )


def _name(who: Raw) -> str | None:
    name = who.get("title") or f"{who.get('first_name') or ''} {who.get('last_name') or ''}".strip()
    return name[:512] or None


def _is_present(membership: Raw) -> bool:
    return membership["status"] in PRESENT and membership.get("is_member") is not False


def _labels(reactions: list[Raw]) -> set[str]:
    return {str(each.get("emoji") or each.get("custom_emoji_id") or each["type"]) for each in reactions}


def _attachments(raw: Raw) -> Iterator[Attachment]:
    for name, kind in KINDS.items():
        if (found := raw.get(name)) and not (name == "document" and "animation" in raw):
            label = found.get("file_name") or found.get("emoji") or "" if isinstance(found, dict) else ""
            yield Attachment.model_validate({"kind": kind, "name": str(label)[:512]})
    if raw.get("forward_origin"):
        yield Attachment(kind="card", name="forwarded")
