"""The events of NoneBot's Satori adapter into Hearth's."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime

from nonebot.adapters.satori.event import (
    Event,
    GuildMemberAddedEvent,
    GuildMemberRemovedEvent,
    GuildMemberRequestEvent,
    MessageCreatedEvent,
    MessageDeletedEvent,
    MessageUpdatedEvent,
    ReactionAddedEvent,
    ReactionRemovedEvent,
)
from nonebot.adapters.satori.models import User

from connectors.nonebot.guilds import Guilds
from connectors.nonebot.telling import ATTACHMENTS_MAX, MENTIONS_MAX, Place, Translator
from connectors.satori.message import Said, read
from connectors.sdk.recent import Recent
from shared.contracts.chat import (
    JoinAnswer,
    JoinRequested,
    MemberJoined,
    MemberLeft,
    MessageDeleted,
    MessageEdited,
    MessagePosted,
    ReactionAdded,
    ReactionRemoved,
)
from shared.contracts.contract import Contract

OPERATORS = frozenset({"owner", "admin", "administrator"})


@dataclass(slots=True)
class SatoriTranslator(Translator[Event]):
    """Members come and go in guilds: what they do is told of one of our channels there."""

    guilds: Guilds = field(kw_only=True)
    _authors: Recent[str] = field(default_factory=Recent)

    def channel_of(self, event: Event) -> str | None:
        """By channel, else by guild."""
        if event.channel is not None:
            if event.guild is not None:
                self.guilds.note(event.channel.id, event.guild.id)
            return event.channel.id
        return self.guilds.channel_of(event.guild.id) if event.guild is not None else None

    def moment_of(self, event: Event) -> datetime:
        """The adapter gives local time without a zone."""
        return event.timestamp.astimezone(UTC)

    def tell(self, place: Place, event: Event) -> Iterator[Contract]:
        """One event for one."""
        actor = event.operator.id if event.operator is not None else None
        match event:
            case MessageCreatedEvent():
                yield self._posted(place, event)
            case MessageUpdatedEvent():
                yield self._edited(place, event)
            case MessageDeletedEvent():
                yield place.make(
                    MessageDeleted,
                    message_id=place.message(event.message.id),
                    member_id=place.name(event.user.id),
                    deleted_by=place.name(actor) if actor else None,
                )
            case ReactionAddedEvent() | ReactionRemovedEvent():
                yield self._reaction(place, event)
            case GuildMemberAddedEvent():
                yield place.make(
                    MemberJoined,
                    member_id=place.name(event.user.id),
                    member_name=_name(event),
                    is_bot=bool(event.user.is_bot),
                )
            case GuildMemberRemovedEvent():
                removed = actor is not None and actor != event.user.id
                yield place.make(
                    MemberLeft,
                    member_id=place.name(event.user.id),
                    removed_by=place.name(actor) if removed else None,
                )
            case GuildMemberRequestEvent():
                yield self._request(place, event)

    def _posted(self, place: Place, event: MessageCreatedEvent) -> Contract:
        said = read(event.message.content)
        message_id, member_id = place.message(event.message.id), place.name(event.user.id)
        self._authors.note(message_id, member_id)
        answered = place.message(said.reply_to) if said.reply_to else None
        return place.make(
            MessagePosted,
            message_id=message_id,
            member_id=member_id,
            member_name=_name(event),
            member_roles=_roles(event),
            text=said.text,
            reply_to=answered,
            reply_to_member=self._authors.of(answered) if answered else None,
            mentions=_mentions(place, said),
            attachments=tuple(said.attachments[:ATTACHMENTS_MAX]),
            is_bot=_is_bot(event, event.user),
        )

    def _edited(self, place: Place, event: MessageUpdatedEvent) -> Contract:
        """Satori does not number edits: their millisecond stands for it; the newest has the highest."""
        said = read(event.message.content)
        return place.make(
            MessageEdited,
            message_id=place.message(event.message.id),
            member_id=place.name(event.user.id),
            text=said.text,
            revision=max(1, int(event.timestamp.timestamp() * 1000)),
            mentions=_mentions(place, said),
            is_bot=_is_bot(event, event.user),
        )

    def _reaction(self, place: Place, event: ReactionAddedEvent | ReactionRemovedEvent) -> Contract:
        message_id = place.message(event.message.id)
        return place.make(
            ReactionAdded if isinstance(event, ReactionAddedEvent) else ReactionRemoved,
            message_id=message_id,
            member_id=place.name(event.user.id),
            reaction=event.emoji.name or event.emoji.id,
            author_id=self._authors.of(message_id),
        )

    def _request(self, place: Place, event: GuildMemberRequestEvent) -> Contract:
        assert event.message is not None
        told = read(event.message.content).text[:512]
        return place.make(
            JoinRequested,
            request_id=place.name(event.message.id),
            member_id=place.name(event.user.id),
            member_name=_name(event),
            answers=(JoinAnswer(answer=told),) if told else (),
        )


def _mentions(place: Place, said: Said) -> tuple[str, ...]:
    return tuple(place.name(each) for each in said.mentions[:MENTIONS_MAX])


def _is_bot(event: Event, user: User) -> bool:
    return bool(user.is_bot) or user.id == event.login.user.id


def _name(event: Event) -> str | None:
    user, member = event.user, event.member
    name = (member and member.nick) or (user and (user.nick or user.name)) or ""
    return name[:512] or None


def _roles(event: Event) -> tuple[str, ...]:
    """By their names as platforms usually have them; others are told as they are."""
    roles = event.member.roles if event.member is not None else []
    names = [(each.name or each.id)[:512] for each in roles[:49]]
    is_operator = any(role.casefold() in OPERATORS for each in roles for role in (each.id, each.name or ""))
    return ("operator", *names) if is_operator else tuple(names)
