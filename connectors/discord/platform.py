"""Discord as the executor sees it."""

from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

from nonebot.adapters.discord.api import AllowedMention, MessageReference, Role, is_unset

from connectors.discord.rights import NOBODY, ability_of, overwritten, permissions
from connectors.nonebot.guilds import Guilds
from connectors.nonebot.line import Line
from connectors.nonebot.telling import message_in
from connectors.sdk.buckets import Rate
from connectors.sdk.claims import Claim
from connectors.sdk.ladder import Ability, common_ability
from connectors.sdk.outcomes import Done, Gone, NotYet, Refused, Unsupported
from connectors.sdk.places import act_in, known_of
from shared.contracts.commands import (
    BanMember,
    Command,
    DeleteMessage,
    MuteMember,
    PinMessage,
    RemoveMember,
    SendMessage,
    UnbanMember,
    UnmuteMember,
)

REASON_CHARACTERS_MAX = 50
"""A header takes 512 when nine stand for each."""
OnMember = MuteMember | UnmuteMember | RemoveMember | BanMember | UnbanMember


@dataclass(slots=True)
class DiscordPlatform:
    """Numbers of channels and members are ids; a message's is its channel's and its own: `7:9`."""

    line: Line
    places: dict[str, Claim]
    guilds: Guilds
    name: str = "discord"
    rates: tuple[Rate, ...] = (Rate(40, 1.0),)
    channel_rates: tuple[Rate, ...] = (Rate(5, 5.0),)
    drops_doubles: bool = False
    abilities: dict[str, Ability] = field(default_factory=dict)
    """By channel."""

    def ability(self, claim: Claim, channel_id: str | None) -> Ability:
        """By the bot's permissions; without a channel what it can do in all channels."""
        return common_ability(known_of(self.abilities, self.places, claim, channel_id))

    async def learn(self) -> None:
        """Ask for the bot's permissions in every channel."""
        if self.line.bot is None:
            raise NotYet("the bot is not connected")
        me, known = number(self.line.bot.self_id), dict[int, tuple[int, list[int]]]()
        for channel in self.places:
            try:
                self.abilities[channel] = await self._ability(channel, me, known)
            except (Refused, Gone, Unsupported):
                self.abilities[channel] = NOBODY

    async def _ability(self, channel: str, me: int, known: dict[int, tuple[int, list[int]]]) -> Ability:
        found = await self.line.call("get_channel", channel_id=number(channel))
        if is_unset(found.guild_id):
            return NOBODY
        guild = int(found.guild_id)
        self.guilds.note(channel, str(guild))
        if guild not in known:
            known[guild] = await self._in_guild(guild, me)
        bits, mine = known[guild]
        overwrites = [] if is_unset(found.permission_overwrites) else found.permission_overwrites
        return ability_of(overwritten(bits, guild, me, mine, overwrites))

    async def _in_guild(self, guild: int, me: int) -> tuple[int, list[int]]:
        mine = [int(role) for role in (await self._member(guild, me)).roles]
        roles: list[Role] = await self.line.call("get_guild_roles", guild_id=guild)
        return permissions(guild, mine, roles), mine

    async def _member(self, guild: int, user: int) -> Any:
        return await self.line.call("get_guild_member", guild_id=guild, user_id=user)

    async def carry_out(self, claim: Claim, command: Command, command_id: str) -> Done:
        """Do it. What is said of the reason is for the guild's audit log."""
        reason = quote(command.reason[:REASON_CHARACTERS_MAX]) or None
        match command:
            case SendMessage():
                return await self._send(claim, command)
            case DeleteMessage():
                await self.line.call("delete_message", **_message(claim, command), reason=reason)
            case PinMessage():
                await self.line.call("pin_message", **_message(claim, command), reason=reason)
            case MuteMember() | UnmuteMember() | RemoveMember() | BanMember() | UnbanMember():
                api, fields = _call_for(command)
                member = number(claim.platform_id(command.member_id))
                await act_in(
                    self.places,
                    claim,
                    command.channel_id,
                    lambda channel: self.line.call(
                        api, guild_id=self._guild(channel), user_id=member, reason=reason, **fields
                    ),
                )
            case _:
                raise Unsupported(command.TYPE)
        return Done()

    def _guild(self, channel: str) -> int:
        guild = self.guilds.of(channel)
        if guild is None:
            raise NotYet("the channel's guild is not known")
        return number(guild)

    async def _send(self, claim: Claim, command: SendMessage) -> Done:
        member = number(claim.platform_id(command.member_id)) if command.member_id else None
        fields: dict[str, Any] = {}
        if command.channel_id is None:
            if member is None:
                raise Refused("a text without a channel and a member")
            channel, named = (await self.line.call("create_DM", recipient_id=member)).id, []
        else:
            channel, named = number(claim.platform_id(command.channel_id)), [member] if member else []
            if command.reply_to is not None:
                answered = number(message_in(claim, command.channel_id, command.reply_to)[1])
                fields["message_reference"] = MessageReference(message_id=answered, fail_if_not_exists=False)
        sent = await self.line.call(
            "create_message",
            channel_id=channel,
            content="".join(f"<@{each}> " for each in named) + command.text,
            allowed_mentions=AllowedMention(parse=[], roles=[], users=named, replied_user=False),
            **fields,
        )
        return Done(claim.name(f"{channel}:{sent.id}"))


def number(text: str) -> int:
    """An id as the API has it. Raises Refused for what is none of Discord's."""
    if not text.isascii() or not text.isdecimal():
        raise Refused("the id is no number")
    return int(text)


def _message(claim: Claim, command: DeleteMessage | PinMessage) -> dict[str, int]:
    channel, message = message_in(claim, command.channel_id, command.message_id)
    return {"channel_id": number(channel), "message_id": number(message)}


def _call_for(command: OnMember) -> tuple[str, dict[str, Any]]:
    """The API and what it takes besides guild, member and reason."""
    match command:
        case MuteMember():
            return "modify_guild_member", {"communication_disabled_until": command.until}
        case UnmuteMember():
            return "modify_guild_member", {"communication_disabled_until": None}
        case RemoveMember():
            return "remove_guild_member", {}
        case BanMember():
            return "create_guild_ban", {}
        case UnbanMember():
            return "remove_guild_ban", {}
