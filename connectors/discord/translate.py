"""The events of NoneBot's Discord adapter into Hearth's."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TypeVar

from nonebot.adapters.discord.api import Missing, User, is_unset
from nonebot.adapters.discord.event import (
    ChannelUpdateEvent,
    Event,
    GuildMemberAddEvent,
    GuildMemberRemoveEvent,
    GuildMemberUpdateEvent,
    GuildMessageCreateEvent,
    GuildMessageDeleteBulkEvent,
    GuildMessageDeleteEvent,
    GuildMessageReactionAddEvent,
    GuildMessageReactionRemoveEvent,
    GuildMessageUpdateEvent,
    GuildRoleCreateEvent,
    GuildRoleDeleteEvent,
    GuildRoleUpdateEvent,
)

from connectors.nonebot.guilds import Guilds
from connectors.nonebot.line import Line
from connectors.nonebot.telling import ATTACHMENTS_MAX, MENTIONS_MAX, Place, Translator
from connectors.sdk.recent import Recent
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

SAID = frozenset({0, 19, 20, 21, 23})
"""Types of messages that members write: plain, reply, commands, a thread's first."""
MEDIA = ("image", "video", "audio")
InChannel = (
    GuildMessageCreateEvent
    | GuildMessageUpdateEvent
    | GuildMessageDeleteEvent
    | GuildMessageDeleteBulkEvent
    | GuildMessageReactionAddEvent
    | GuildMessageReactionRemoveEvent
)
InGuild = GuildMemberAddEvent | GuildMemberRemoveEvent
OfRoles = GuildRoleCreateEvent | GuildRoleDeleteEvent | GuildRoleUpdateEvent
_MARK = re.compile(r"<(?:@!?(\d{1,20})|a?:(\w{1,40}):\d{1,20})>")
Value = TypeVar("Value")


@dataclass(slots=True)
class DiscordTranslator(Translator[Event]):
    """Members come and go in guilds: what they do is told of one of our channels there."""

    guilds: Guilds = field(kw_only=True)
    line: Line = field(kw_only=True)
    _authors: Recent[str] = field(default_factory=Recent)

    def changes_rights(self, event: Event) -> bool:
        """A role, the bot's own roles, or a channel of ours was changed."""
        if isinstance(event, GuildMemberUpdateEvent):
            return self.line.bot is not None and str(event.user.id) == self.line.bot.self_id
        if isinstance(event, ChannelUpdateEvent):
            return str(event.id) in self.places
        return isinstance(event, OfRoles)

    def channel_of(self, event: Event) -> str | None:
        """By channel, else by guild."""
        if isinstance(event, InChannel):
            self.guilds.note(str(event.channel_id), str(event.guild_id))
            return str(event.channel_id)
        return self.guilds.channel_of(str(event.guild_id)) if isinstance(event, InGuild) else None

    def moment_of(self, event: Event) -> datetime:
        """Discord tells it of messages, edits and joins."""
        moment: object = None
        match event:
            case GuildMessageCreateEvent():
                moment = event.timestamp
            case GuildMessageUpdateEvent():
                moment = event.edited_timestamp
            case GuildMemberAddEvent():
                moment = event.joined_at
        return moment.astimezone(UTC) if isinstance(moment, datetime) else datetime.now(UTC)

    def tell(self, place: Place, event: Event) -> Iterator[Contract]:
        """One event for one, but for bulk deletions."""
        match event:
            case GuildMessageCreateEvent() if event.type in SAID:
                yield self._posted(place, event)
            case GuildMessageUpdateEvent():
                yield from self._edited(place, event)
            case GuildMessageDeleteEvent():
                yield self._deleted(place, event.id)
            case GuildMessageDeleteBulkEvent():
                for each in event.ids:
                    yield self._deleted(place, each)
            case GuildMessageReactionAddEvent():
                yield self._reaction(place, event, _given(event.message_author_id))
            case GuildMessageReactionRemoveEvent():
                yield self._reaction(place, event, None)
            case GuildMemberAddEvent():
                user = _given(event.user)
                if user is not None:
                    yield place.make(
                        MemberJoined,
                        member_id=place.name(user.id),
                        member_name=_given(event.nick) or _name(user),
                        is_bot=_given(user.bot) is True,
                    )
            case GuildMemberRemoveEvent():
                yield place.make(MemberLeft, member_id=place.name(event.user.id))

    def _posted(self, place: Place, event: GuildMessageCreateEvent) -> Contract:
        message_id, member_id = place.message(event.id), place.name(event.author.id)
        self._authors.note(message_id, member_id)
        reference, member = _given(event.message_reference), _given(event.member)
        replied = _given(reference.message_id) if reference is not None and event.type == 19 else None
        answered = place.message(replied) if replied is not None else None
        original = _given(event.referenced_message)
        to_member = place.name(original.author.id) if original is not None and answered else None
        return place.make(
            MessagePosted,
            message_id=message_id,
            member_id=member_id,
            member_name=(_given(member.nick) if member is not None else None) or _name(event.author),
            text=_plain(event.content, event.mentions),
            reply_to=answered,
            reply_to_member=to_member or (self._authors.of(answered) if answered else None),
            mentions=_mentions(place, event.mentions),
            attachments=tuple(_attachments(event)),
            is_bot=_given(event.author.bot) is True or not is_unset(event.webhook_id),
        )

    def _edited(self, place: Place, event: GuildMessageUpdateEvent) -> Iterator[Contract]:
        """Discord does not number edits: their millisecond stands for it. Unfurled links are no edits."""
        content, at, author = _given(event.content), _given(event.edited_timestamp), _given(event.author)
        if content is None or at is None or author is None:
            return
        mentions = _given(event.mentions) or []
        yield place.make(
            MessageEdited,
            message_id=place.message(event.id),
            member_id=place.name(author.id),
            text=_plain(content, mentions),
            revision=max(1, int(at.timestamp() * 1000)),
            mentions=_mentions(place, mentions),
            is_bot=_given(author.bot) is True,
        )

    def _deleted(self, place: Place, message: int) -> Contract:
        message_id = place.message(message)
        author = self._authors.of(message_id)
        return place.make(MessageDeleted, message_id=message_id, member_id=author)

    def _reaction(
        self,
        place: Place,
        event: GuildMessageReactionAddEvent | GuildMessageReactionRemoveEvent,
        author: int | None,
    ) -> Contract:
        message_id = place.message(event.message_id)
        return place.make(
            ReactionAdded if isinstance(event, GuildMessageReactionAddEvent) else ReactionRemoved,
            message_id=message_id,
            member_id=place.name(event.user_id),
            reaction=event.emoji.name or str(event.emoji.id),
            author_id=place.name(author) if author is not None else self._authors.of(message_id),
        )


def _given(value: "Missing[Value] | None") -> Value | None:
    return None if value is None or is_unset(value) else value


def _name(user: User) -> str:
    return (user.global_name or user.username)[:512]


def _mentions(place: Place, users: Sequence[User]) -> tuple[str, ...]:
    return tuple(place.name(user.id) for user in users[:MENTIONS_MAX])


def _plain(content: str, mentioned: Sequence[User]) -> str:
    """The text as people read it: names for mentions and for emoji of the guild."""
    names = {str(user.id): _name(user) for user in mentioned}

    def shown(mark: "re.Match[str]") -> str:
        user, emoji = mark.groups()
        return f"@{names.get(user, user)}" if user else f":{emoji}:"

    return _MARK.sub(shown, content)


def _attachments(event: GuildMessageCreateEvent) -> Iterator[Attachment]:
    for each in event.attachments[:ATTACHMENTS_MAX]:
        major = (_given(each.content_type) or "").partition("/")[0]
        kind = major if major in MEDIA else "file"
        yield Attachment.model_validate({"kind": kind, "name": each.filename[:512], "url": each.url[:512]})
    for sticker in (_given(event.sticker_items) or [])[: ATTACHMENTS_MAX - len(event.attachments)]:
        yield Attachment(kind="sticker", name=sticker.name[:512])
