"""Slack as the executor sees it."""

from dataclasses import dataclass
from typing import Any

from connectors.sdk.buckets import Rate
from connectors.sdk.claims import Claim
from connectors.sdk.ladder import Ability
from connectors.sdk.outcomes import Done, Refused, Unsupported
from connectors.sdk.places import act_in
from connectors.slack.client import SlackClient
from connectors.slack.text import marked
from shared.contracts.commands import Command, DeleteMessage, PinMessage, RemoveMember, SendMessage

BOT = frozenset({"send", "reply", "direct", "remove", "pin"})
ADMIN = BOT | {"delete"}
TEXT_UNITS_MAX = 4_000
DONE_BEFORE = ("already_pinned", "not_in_channel")
"""Refusals that say that it is as asked."""


@dataclass(slots=True)
class SlackPlatform:
    """A message's id is its channel's and its timestamp: `C01:1709611200.000100`."""

    client: SlackClient
    channels: dict[str, Claim]
    name: str = "slack"
    rates: tuple[Rate, ...] = (Rate(10, 1.0),)
    channel_rates: tuple[Rate, ...] = (Rate(1, 1.0),)
    drops_doubles: bool = False

    def ability(self, claim: Claim, channel_id: str | None) -> Ability:
        """The same in all channels."""
        return Ability(ADMIN if self.client.admin is not None else BOT, text_units_max=TEXT_UNITS_MAX)

    async def carry_out(self, claim: Claim, command: Command, command_id: str) -> Done:
        """Do it."""
        match command:
            case SendMessage():
                return await self._send(claim, command)
            case DeleteMessage():
                channel, stamp = _message(claim.platform_id(command.message_id))
                await self.client.call("chat.delete", as_admin=True, channel=channel, ts=stamp)
            case PinMessage():
                channel, stamp = _message(claim.platform_id(command.message_id))
                await self._settled("pins.add", channel=channel, timestamp=stamp)
            case RemoveMember():
                await self._remove(claim, command)
            case _:
                raise Unsupported(command.TYPE)
        return Done()

    async def _settled(self, method: str, **fields: Any) -> None:
        try:
            await self.client.call(method, **fields)
        except Refused as error:
            if str(error) not in DONE_BEFORE:
                raise

    async def _remove(self, claim: Claim, command: RemoveMember) -> None:
        member = claim.platform_id(command.member_id)

        async def kick(channel: str) -> None:
            await self._settled("conversations.kick", channel=channel, user=member)

        await act_in(self.channels, claim, command.channel_id, kick)

    async def _send(self, claim: Claim, command: SendMessage) -> Done:
        member = claim.platform_id(command.member_id) if command.member_id else None
        thread: dict[str, Any] = {}
        if command.channel_id is not None:
            channel = claim.platform_id(command.channel_id)
            if command.reply_to is not None:
                thread = {"thread_ts": _message(claim.platform_id(command.reply_to))[1]}
        elif member is not None:
            opened = await self.client.call("conversations.open", users=member)
            channel, member = str(opened["channel"]["id"]), None
        else:
            raise Refused("a text without a channel and a member")
        text = marked(command.text, member)
        sent = await self.client.call("chat.postMessage", channel=channel, text=text, **thread)
        return Done(claim.name(f"{channel}:{sent['ts']}"))


def _message(platform_id: str) -> tuple[str, str]:
    """Channel and timestamp. Raises Refused for what is no message of Slack's."""
    channel, _, stamp = platform_id.partition(":")
    if not channel.isalnum() or not stamp.replace(".", "", 1).isdecimal():
        raise Refused("the id is no message of Slack's")
    return channel, stamp
