"""QQ groups through any OneBot v11 implementation, as the executor sees them."""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from connectors.onebot.groups import CHANNEL_RATES, RATES, TITLE_CHARACTERS_MAX, ability_of, number
from connectors.onebot.link import Link
from connectors.onebot.message import segments_of
from connectors.sdk.buckets import Rate
from connectors.sdk.claims import Claim
from connectors.sdk.ladder import Ability
from connectors.sdk.outcomes import Done, Refused, Unsupported
from connectors.sdk.places import act_in, known_of
from shared.contracts.commands import (
    AnswerJoinRequest,
    BanMember,
    Command,
    DeleteMessage,
    GrantTitle,
    MuteMember,
    RemoveMember,
    SendMessage,
    UnmuteMember,
)

OnMember = MuteMember | UnmuteMember | RemoveMember | BanMember | GrantTitle


@dataclass(slots=True)
class OneBotPlatform:
    """Numbers of groups and members are ids."""

    link: Link
    groups: dict[str, Claim]
    name: str = "onebot"
    rates: tuple[Rate, ...] = RATES
    channel_rates: tuple[Rate, ...] = CHANNEL_RATES
    drops_doubles: bool = False
    roles: dict[str, str] = field(default_factory=dict)
    """The bot's own role by group: `owner`, `admin` or `member`."""

    def ability(self, claim: Claim, channel_id: str | None) -> Ability:
        """By the bot's role; without a channel what it can do in all groups."""
        return ability_of(set(known_of(self.roles, self.groups, claim, channel_id)))

    async def learn(self) -> None:
        """Ask for the bot's role in every group."""
        for group in self.groups:
            try:
                mine = await self.link.call(
                    "get_group_member_info", group_id=number(group), user_id=number(self.link.self_id)
                )
                self.roles[group] = str((mine or {}).get("role", "member"))
            except (Refused, Unsupported, AttributeError):
                self.roles[group] = "member"

    async def carry_out(self, claim: Claim, command: Command, command_id: str) -> Done:
        """Do it."""
        match command:
            case SendMessage():
                return await self._send(claim, command)
            case DeleteMessage():
                await self.link.call("delete_msg", message_id=number(claim.platform_id(command.message_id)))
            case AnswerJoinRequest():
                flag = claim.platform_id(command.request_id)
                await self.link.call(
                    "set_group_add_request",
                    flag=flag,
                    sub_type="add",
                    approve=command.accept,
                    reason=command.reason[:100],
                )
            case MuteMember() | UnmuteMember() | RemoveMember() | BanMember() | GrantTitle():
                await self._on_member(claim, command)
            case _:
                raise Unsupported(command.TYPE)
        return Done()

    async def _on_member(self, claim: Claim, command: OnMember) -> None:
        member = number(claim.platform_id(command.member_id))
        action, params = _call_for(command)

        async def act(group: str) -> None:
            await self.link.call(action, group_id=number(group), user_id=member, **params)

        await act_in(self.groups, claim, getattr(command, "channel_id", None), act)

    async def _send(self, claim: Claim, command: SendMessage) -> Done:
        member = claim.platform_id(command.member_id) if command.member_id else None
        reply = claim.platform_id(command.reply_to) if command.reply_to else None
        if command.channel_id is not None:
            group = number(claim.platform_id(command.channel_id))
            message = segments_of(command.text, reply_to=reply, mention=member)
            sent = await self.link.call("send_group_msg", group_id=group, message=message)
        elif member is not None:
            message = segments_of(command.text, reply_to=None, mention=None)
            sent = await self.link.call("send_private_msg", user_id=number(member), message=message)
        else:
            raise Refused("a text without a channel and a member")
        message_id = (sent or {}).get("message_id")
        return Done(claim.name(str(message_id)) if message_id is not None else None)


def _call_for(command: OnMember) -> tuple[str, dict[str, Any]]:
    """The action and what it takes besides group and member."""
    match command:
        case MuteMember():
            seconds = max(1, int((command.until - datetime.now(UTC)).total_seconds()))
            return "set_group_ban", {"duration": seconds}
        case UnmuteMember():
            return "set_group_ban", {"duration": 0}
        case RemoveMember() | BanMember():
            return "set_group_kick", {"reject_add_request": isinstance(command, BanMember)}
        case GrantTitle():
            title = command.title[:TITLE_CHARACTERS_MAX] if command.level else ""
            return "set_group_special_title", {"special_title": title, "duration": -1}
