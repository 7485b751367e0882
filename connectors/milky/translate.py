"""The events of NoneBot's Milky adapter into Hearth's."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime

from nonebot.adapters.milky.event import (
    Event,
    GroupAdminChangeEvent,
    GroupInvitedJoinRequestEvent,
    GroupJoinRequestEvent,
    GroupMemberDecreaseEvent,
    GroupMemberIncreaseEvent,
    GroupMessageReactionEvent,
    MessageEvent,
    MessageRecallEvent,
)

from connectors.milky.message import read
from connectors.nonebot.telling import ATTACHMENTS_MAX, MENTIONS_MAX, Place, Translator
from connectors.sdk.recent import Recent
from shared.contracts.chat import (
    JoinAnswer,
    JoinRequested,
    MemberJoined,
    MemberLeft,
    MessageDeleted,
    MessagePosted,
    ReactionAdded,
    ReactionRemoved,
)
from shared.contracts.contract import Contract

GROUP = "group"
OPERATORS = frozenset({"owner", "admin"})
OfGroup = (
    GroupInvitedJoinRequestEvent
    | GroupJoinRequestEvent
    | GroupMemberDecreaseEvent
    | GroupMemberIncreaseEvent
    | GroupMessageReactionEvent
)


@dataclass(slots=True)
class MilkyTranslator(Translator[Event]):
    """What happens in groups."""

    _authors: Recent[str] = field(default_factory=Recent)

    def changes_rights(self, event: Event) -> bool:
        """The bot was made an administrator, or is none any more."""
        return isinstance(event, GroupAdminChangeEvent) and event.data.user_id == event.self_id

    def channel_of(self, event: Event) -> str | None:
        """The group's number."""
        if isinstance(event, MessageEvent | MessageRecallEvent):
            return str(event.data.peer_id) if event.data.message_scene == GROUP else None
        return str(event.data.group_id) if isinstance(event, OfGroup) else None

    def moment_of(self, event: Event) -> datetime:
        """To the second."""
        return datetime.fromtimestamp(event.time, UTC)

    def tell(self, place: Place, event: Event) -> Iterator[Contract]:
        """One event for one."""
        match event:
            case MessageEvent():
                yield self._posted(place, event)
            case MessageRecallEvent():
                yield place.make(
                    MessageDeleted,
                    message_id=place.message(event.data.message_seq),
                    member_id=place.name(event.data.sender_id),
                    deleted_by=place.name(event.data.operator_id),
                )
            case GroupMemberIncreaseEvent() | GroupMemberDecreaseEvent():
                yield _membership(place, event)
            case GroupMessageReactionEvent():
                message_id = place.message(event.data.message_seq)
                yield place.make(
                    ReactionAdded if event.data.is_add else ReactionRemoved,
                    message_id=message_id,
                    member_id=place.name(event.data.user_id),
                    reaction=event.data.face_id,
                    author_id=self._authors.of(message_id),
                )
            case GroupJoinRequestEvent():
                yield self._request(place, event)
            case GroupInvitedJoinRequestEvent():
                yield place.make(
                    JoinRequested,
                    request_id=place.message(f"{event.data.notification_seq}:invited_join_request"),
                    member_id=place.name(event.data.target_user_id),
                    invited_by=place.name(event.data.initiator_id),
                )

    def _posted(self, place: Place, event: MessageEvent) -> Contract:
        said, sender = read(event.data.message), event.data.group_member
        message_id, member_id = place.message(event.data.message_seq), place.name(event.data.sender_id)
        self._authors.note(message_id, member_id)
        answered = place.message(said.reply_to) if said.reply_to is not None else None
        role = sender.role if sender is not None else ""
        return place.make(
            MessagePosted,
            message_id=message_id,
            member_id=member_id,
            member_name=(sender.card or sender.nickname)[:512] or None if sender is not None else None,
            member_roles=("operator", role) if role in OPERATORS else (),
            text="".join(said.texts),
            reply_to=answered,
            reply_to_member=self._authors.of(answered) if answered else None,
            mentions=tuple(place.name(each) for each in said.mentions[:MENTIONS_MAX]),
            attachments=tuple(said.attachments[:ATTACHMENTS_MAX]),
            is_bot=event.data.sender_id == event.self_id,
        )

    def _request(self, place: Place, event: GroupJoinRequestEvent) -> Contract:
        """The comment is the answer where the group asks a question."""
        answer = event.data.comment[:512]
        return place.make(
            JoinRequested,
            request_id=place.message(f"{event.data.notification_seq}:join_request"),
            member_id=place.name(event.data.initiator_id),
            answers=(JoinAnswer(answer=answer),) if answer else (),
        )


def _membership(place: Place, event: GroupMemberIncreaseEvent | GroupMemberDecreaseEvent) -> Contract:
    member = event.data.user_id
    if isinstance(event, GroupMemberIncreaseEvent):
        inviter = event.data.invitor_id
        invited_by = place.name(inviter) if inviter else None
        return place.make(MemberJoined, member_id=place.name(member), invited_by=invited_by)
    actor = event.data.operator_id
    removed_by = place.name(actor) if actor not in (None, 0, member) else None
    return place.make(MemberLeft, member_id=place.name(member), removed_by=removed_by)
