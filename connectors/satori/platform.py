"""Whatever a Satori server speaks with, as the executor sees it."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from connectors.nonebot.guilds import Guilds
from connectors.nonebot.line import Line
from connectors.nonebot.telling import message_in
from connectors.satori.guilds import learn_guilds
from connectors.satori.message import message_of
from connectors.sdk.buckets import Rate
from connectors.sdk.claims import Claim
from connectors.sdk.ladder import Ability
from connectors.sdk.outcomes import Done, NotYet, Refused, Unsupported
from connectors.sdk.places import act_in, channels_asked
from shared.contracts.commands import (
    AnswerJoinRequest,
    BanMember,
    Command,
    DeleteMessage,
    MuteMember,
    RemoveMember,
    SendMessage,
    UnmuteMember,
)

SPEAKS = frozenset({"send", "reply"})
FEATURES = {
    "message.delete": {"delete"},
    "user.channel.create": {"direct"},
    "guild.member.approve": {"answer_join"},
}
IN_GUILDS = {"guild.member.mute": {"mute"}, "guild.member.kick": {"remove", "ban"}}
"""Possible where the channel's guild is known."""
MUTE_SECONDS_MAX = 28 * 24 * 3600 - 60
"""The shortest longest mute of the platforms that Satori servers know: Discord's."""
TEXT_UNITS_MAX = 1_960
"""Discord's 2 000, less the mention of a member."""
OnMember = MuteMember | UnmuteMember | RemoveMember | BanMember


@dataclass(slots=True)
class SatoriPlatform:
    """What is possible is what the server says of the bot's login."""

    line: Line
    places: dict[str, Claim]
    guilds: Guilds
    name: str = "satori"
    rates: tuple[Rate, ...] = (Rate(5, 1.0),)
    channel_rates: tuple[Rate, ...] = (Rate(3, 3.0), Rate(20, 60.0))
    drops_doubles: bool = False
    features: frozenset[str] | None = None
    """None until the server has said."""

    def ability(self, claim: Claim, channel_id: str | None) -> Ability:
        """By the server's features; without a channel what it can do in all channels."""
        if self.features is None:
            raise NotYet("the server has not said yet what the bot may do")
        channels = channels_asked(self.places, claim, channel_id)
        in_guilds = all(self.guilds.of(channel) is not None for channel in channels)
        possible = {**FEATURES, **(IN_GUILDS if in_guilds else {})}
        able = frozenset().union(*(acts for name, acts in possible.items() if name in self.features))
        return Ability(SPEAKS | able, MUTE_SECONDS_MAX, TEXT_UNITS_MAX)

    async def learn(self) -> None:
        """Read the features of the bot's login, and which guild each channel belongs to."""
        features = frozenset((await self.line.call("login_get")).features)
        await learn_guilds(self.line, self.guilds, features)
        self.features = features

    async def carry_out(self, claim: Claim, command: Command, command_id: str) -> Done:
        """Do it."""
        match command:
            case SendMessage():
                return await self._send(claim, command)
            case DeleteMessage():
                channel, message = message_in(claim, command.channel_id, command.message_id)
                await self.line.call("message_delete", channel_id=channel, message_id=message)
            case AnswerJoinRequest():
                await self.line.call(
                    "guild_member_approve",
                    request_id=claim.platform_id(command.request_id),
                    approve=command.accept,
                    comment=command.reason[:100],
                )
            case MuteMember() | UnmuteMember() | RemoveMember() | BanMember():
                await act_in(
                    self.places, claim, command.channel_id, lambda place: self._on(claim, place, command)
                )
            case _:
                raise Unsupported(command.TYPE)
        return Done()

    async def _on(self, claim: Claim, channel: str, command: OnMember) -> None:
        guild = self.guilds.of(channel)
        if guild is None:
            raise NotYet("the channel's guild is not known")
        api, fields = _call_for(command)
        await self.line.call(api, guild_id=guild, user_id=claim.platform_id(command.member_id), **fields)

    async def _send(self, claim: Claim, command: SendMessage) -> Done:
        member = claim.platform_id(command.member_id) if command.member_id else None
        if command.channel_id is not None:
            channel, reply = claim.platform_id(command.channel_id), None
            if command.reply_to is not None:
                reply = message_in(claim, command.channel_id, command.reply_to)[1]
            content = message_of(command.text, reply_to=reply, mention=member)
        elif member is not None:
            channel = (await self.line.call("user_channel_create", user_id=member)).id
            content = message_of(command.text, reply_to=None, mention=None)
        else:
            raise Refused("a text without a channel and a member")
        sent = await self.line.call("message_create", channel_id=channel, content=content)
        return Done(claim.name(f"{channel}:{sent[0].id}") if sent else None)


def _call_for(command: OnMember) -> tuple[str, dict[str, Any]]:
    """The API and what it takes besides guild and member; mutes are in milliseconds."""
    match command:
        case MuteMember():
            left = (command.until - datetime.now(UTC)).total_seconds()
            return "guild_member_mute", {"duration": max(1_000, int(left * 1_000))}
        case UnmuteMember():
            return "guild_member_mute", {"duration": 0}
        case RemoveMember() | BanMember():
            return "guild_member_kick", {"permanent": isinstance(command, BanMember)}
