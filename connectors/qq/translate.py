"""The events of NoneBot's QQ adapter into Hearth's: what happens in groups."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime

from nonebot.adapters.qq.event import (
    Event,
    GroupAddRobotEvent,
    GroupJoinRequestEvent,
    GroupMemberAddEvent,
    GroupMemberRemoveEvent,
    GroupMessageCreateEvent,
)
from nonebot.adapters.qq.models import GroupMentionUser

from connectors.nonebot.telling import ATTACHMENTS_MAX, MENTIONS_MAX, Place, Translator
from connectors.qq.openings import Openings
from shared.contracts.chat import (
    Attachment,
    JoinAnswer,
    JoinRequested,
    MemberJoined,
    MemberLeft,
    MessagePosted,
)
from shared.contracts.contract import Contract

OPERATORS = frozenset({"owner", "admin"})
MEDIA = {"image": "image", "video": "video", "voice": "audio", "audio": "audio"}
OfGroup = GroupJoinRequestEvent | GroupMemberAddEvent | GroupMemberRemoveEvent | GroupMessageCreateEvent
_MENTION = re.compile(r"<@!?(\w{1,80})>")


@dataclass(slots=True)
class QQTranslator(Translator[Event]):
    """Notes what a text can answer."""

    openings: Openings = field(kw_only=True)

    def changes_rights(self, event: Event) -> bool:
        """The bot was taken into a group of ours."""
        return isinstance(event, GroupAddRobotEvent) and event.group_openid in self.places

    def opens(self, event: Event) -> bool:
        """A text may answer it."""
        return isinstance(event, GroupMessageCreateEvent) and event.group_openid in self.places

    def channel_of(self, event: Event) -> str | None:
        """The group."""
        return event.group_openid if isinstance(event, OfGroup) else None

    def moment_of(self, event: Event) -> datetime:
        """As QQ has it."""
        if isinstance(event, GroupMessageCreateEvent):
            return datetime.fromisoformat(event.timestamp).astimezone(UTC)
        if isinstance(event, GroupJoinRequestEvent):
            return event.apply_at.astimezone(UTC)
        assert isinstance(event, GroupMemberAddEvent | GroupMemberRemoveEvent)
        return event.timestamp.astimezone(UTC)

    def tell(self, place: Place, event: Event) -> Iterator[Contract]:
        """One event for one."""
        match event:
            case GroupMessageCreateEvent():
                age = (datetime.now(UTC) - self.moment_of(event)).total_seconds()
                self.openings.note(event.group_openid, event.id, age)
                yield self._posted(place, event)
            case GroupMemberAddEvent():
                yield place.make(MemberJoined, member_id=place.name(event.member_openid))
            case GroupMemberRemoveEvent():
                yield place.make(MemberLeft, member_id=place.name(event.member_openid))
            case GroupJoinRequestEvent() if event.auto_approved is None:
                yield self._request(place, event)

    def _posted(self, place: Place, event: GroupMessageCreateEvent) -> Contract:
        author = event.author
        named = [each for each in event.mentions or [] if isinstance(each, GroupMentionUser)]
        names = {each.member_openid: each.username for each in named}
        text = _MENTION.sub(lambda mark: f"@{names.get(mark.group(1), mark.group(1))}", event.content)
        role = author.member_role
        return place.make(
            MessagePosted,
            message_id=place.message(event.id),
            member_id=place.name(author.member_openid),
            member_name=(author.username or "")[:512] or None,
            member_roles=("operator", role) if role in OPERATORS else (),
            text=text.strip(),
            mentions=tuple(place.name(each.member_openid) for each in named[:MENTIONS_MAX]),
            attachments=tuple(_attachments(event)),
            is_bot=author.bot,
        )

    def _request(self, place: Place, event: GroupJoinRequestEvent) -> Contract:
        info = event.verify_info
        pairs = [(each.question, each.answer) for each in (info and info.review_qa_list) or []]
        if not pairs and info is not None and info.verify_message:
            pairs = [("", info.verify_message)]
        answers = tuple(JoinAnswer(question=asked[:512], answer=told[:512]) for asked, told in pairs[:20])
        return place.make(
            JoinRequested,
            request_id=place.message(event.join_request_id),
            member_id=place.name(event.member_openid),
            member_name=event.username[:512] or None,
            answers=answers,
            invited_by=place.name(event.invited_by) if event.invited_by else None,
        )


def _attachments(event: GroupMessageCreateEvent) -> Iterator[Attachment]:
    for each in (event.attachments or [])[:ATTACHMENTS_MAX]:
        kind = MEDIA.get(each.content_type.partition("/")[0], "file")
        label = {"name": (each.filename or "")[:512], "url": (each.url or "")[:512]}
        yield Attachment.model_validate({"kind": kind, **label})
