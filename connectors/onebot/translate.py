"""OneBot v11 events into Hearth's; pure."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from pydantic import ValidationError

from connectors.onebot.message import read
from connectors.sdk.claims import Claim
from connectors.sdk.cleaning import Cleaner
from connectors.sdk.outlet import Timed
from shared.contracts.chat import (
    JoinAnswer,
    JoinRequested,
    MemberJoined,
    MemberLeft,
    MessageDeleted,
    MessagePosted,
)
from shared.contracts.contract import Contract

OPERATORS = frozenset({"owner", "admin"})
MALFORMED = (KeyError, TypeError, ValueError, AttributeError, OverflowError, OSError, ValidationError)


@dataclass(slots=True)
class Translator:
    """What is malformed is passed over and counted."""

    groups: dict[str, Claim]
    cleaner: Cleaner = field(default_factory=Cleaner)
    passed_over: int = 0

    def events(self, raw: dict[str, Any]) -> list[Timed]:
        """What one OneBot event tells; nothing for groups of nobody and for what Hearth does not carry."""
        try:
            claim = self.groups.get(str(raw.get("group_id")))
            if claim is None:
                return []
            moment = datetime.fromtimestamp(raw["time"], UTC)
            return [(event, moment) for event in self._events(claim, raw)]
        except MALFORMED:
            self.passed_over += 1
            return []

    def _events(self, claim: Claim, raw: dict[str, Any]) -> Iterator[Contract]:
        kind = raw["post_type"]
        if kind in ("message", "message_sent") and raw["message_type"] == "group":
            yield self._posted(claim, raw)
        elif kind == "notice":
            yield from self._notice(claim, raw)
        elif kind == "request" and raw["request_type"] == "group" and raw["sub_type"] == "add":
            yield self._request(claim, raw)

    def _posted(self, claim: Claim, raw: dict[str, Any]) -> Contract:
        said, sender = read(raw["message"]), raw.get("sender") or {}
        role = str(sender.get("role", ""))
        return self._make(
            claim,
            raw,
            MessagePosted,
            message_id=claim.name(str(raw["message_id"])),
            text=said.text,
            reply_to=claim.name(said.reply_to) if said.reply_to else None,
            mentions=tuple(claim.name(each) for each in said.mentions),
            attachments=said.attachments,
            member_name=str(sender.get("card") or sender.get("nickname") or "")[:512] or None,
            member_roles=("operator", role) if role in OPERATORS else (),
            is_bot=str(raw["user_id"]) == str(raw.get("self_id")),
        )

    def _notice(self, claim: Claim, raw: dict[str, Any]) -> Iterator[Contract]:
        actor = str(raw.get("operator_id") or "")
        match raw["notice_type"]:
            case "group_recall":
                yield self._make(
                    claim,
                    raw,
                    MessageDeleted,
                    message_id=claim.name(str(raw["message_id"])),
                    deleted_by=claim.name(actor) if actor else None,
                )
            case "group_increase":
                invited = raw.get("sub_type") == "invite" and actor not in ("", "0", str(raw["user_id"]))
                yield self._make(claim, raw, MemberJoined, invited_by=claim.name(actor) if invited else None)
            case "group_decrease":
                kicked = raw.get("sub_type") in ("kick", "kick_me")
                yield self._make(
                    claim, raw, MemberLeft, removed_by=claim.name(actor) if kicked and actor else None
                )

    def _request(self, claim: Claim, raw: dict[str, Any]) -> Contract:
        """The comment is `问题：…\n答案：…` where the group asks a question."""
        question, separator, answer = str(raw.get("comment") or "").partition("\n答案：")
        given = JoinAnswer(
            question=question.removeprefix("问题：")[:512] if separator else "",
            answer=(answer if separator else question)[:512],
        )
        return self._make(
            claim, raw, JoinRequested, request_id=claim.name(str(raw["flag"])), answers=(given,)
        )

    def _make(self, claim: Claim, raw: dict[str, Any], contract: type[Contract], **fields: Any) -> Contract:
        made: Contract = self.cleaner.build(
            contract,
            community_id=claim.community_id,
            channel_id=claim.name(str(raw["group_id"])),
            member_id=claim.name(str(raw["user_id"])),
            **fields,
        )
        return made
