"""QQ groups through any Milky implementation, as the executor sees them."""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from nonebot.adapters.milky import Message, MessageSegment
from nonebot.adapters.milky.exception import ActionFailed, InvalidAccessToken, UnsupportedApi
from nonebot.exception import AdapterException, ApiNotAvailable

from connectors.nonebot.line import Line, unanswered
from connectors.nonebot.telling import message_in
from connectors.onebot.groups import CHANNEL_RATES, RATES, TITLE_CHARACTERS_MAX, ability_of, number
from connectors.sdk.buckets import Rate
from connectors.sdk.claims import Claim
from connectors.sdk.ladder import Ability
from connectors.sdk.outcomes import Done, Gone, Refused, Unsupported
from connectors.sdk.places import act_in, known_of
from shared.contracts.commands import (
    AnswerJoinRequest,
    BanMember,
    Command,
    DeleteMessage,
    GrantTitle,
    MuteMember,
    PinMessage,
    RemoveMember,
    SendMessage,
    UnmuteMember,
)

NOT_FOUND = -404
ABLE_TOO = frozenset({"pin"})
"""A message among a group's essence is its pinned one."""
OnMember = MuteMember | UnmuteMember | RemoveMember | BanMember | GrantTitle


@dataclass(slots=True)
class MilkyPlatform:
    """Numbers of groups and members are ids; a message's is its group's and its own: `701:5`."""

    line: Line
    groups: dict[str, Claim]
    name: str = "milky"
    rates: tuple[Rate, ...] = RATES
    channel_rates: tuple[Rate, ...] = CHANNEL_RATES
    drops_doubles: bool = False
    roles: dict[str, str] = field(default_factory=dict)
    """The bot's own role by group."""

    def ability(self, claim: Claim, channel_id: str | None) -> Ability:
        """By the bot's role; without a channel what it can do in all groups."""
        roles = set(known_of(self.roles, self.groups, claim, channel_id))
        return ability_of(roles, able_too=ABLE_TOO)

    async def learn(self) -> None:
        """Ask for the bot's role in every group."""
        me = (await self.line.call("get_login_info")).uin
        for group in self.groups:
            try:
                mine = await self.line.call(
                    "get_group_member_info", group_id=number(group), user_id=me, no_cache=True
                )
                self.roles[group] = mine.role
            except (Refused, Gone, Unsupported):
                self.roles[group] = "member"

    async def carry_out(self, claim: Claim, command: Command, command_id: str) -> Done:
        """Do it."""
        match command:
            case SendMessage():
                return await self._send(claim, command)
            case DeleteMessage():
                await self.line.call("recall_group_message", **_message(claim, command))
            case PinMessage():
                await self.line.call("set_group_essence_message", **_message(claim, command))
            case AnswerJoinRequest():
                await self._answer(claim, command)
            case MuteMember() | UnmuteMember() | RemoveMember() | BanMember() | GrantTitle():
                api, fields = _call_for(command)
                member = number(claim.platform_id(command.member_id))
                await act_in(
                    self.groups,
                    claim,
                    getattr(command, "channel_id", None),
                    lambda group: self.line.call(api, group_id=number(group), user_id=member, **fields),
                )
            case _:
                raise Unsupported(command.TYPE)
        return Done()

    async def _answer(self, claim: Claim, command: AnswerJoinRequest) -> None:
        """A request's id is its group's, its number and the kind of notification: `701:9:join_request`."""
        group, _, request = claim.platform_id(command.request_id).partition(":")
        sequence, _, kind = request.partition(":")
        place = {
            "group_id": number(group),
            "notification_seq": number(sequence),
            "notification_type": kind,
        }
        if command.accept:
            await self.line.call("accept_group_request", **place)
        else:
            await self.line.call("reject_group_request", **place, reason=command.reason[:100])

    async def _send(self, claim: Claim, command: SendMessage) -> Done:
        member = number(claim.platform_id(command.member_id)) if command.member_id else None
        message = Message()
        if command.channel_id is None:
            if member is None:
                raise Refused("a text without a channel and a member")
            message.append(MessageSegment.text(command.text))
            sent = await self.line.call("send_private_message", user_id=member, message=message)
            return Done(claim.name(f"{member}:{sent.message_seq}"))
        if command.reply_to is not None:
            answered = message_in(claim, command.channel_id, command.reply_to)[1]
            message.append(MessageSegment.reply(number(answered)))
        if member is not None:
            message += [MessageSegment.mention(member), MessageSegment.text(" ")]
        message.append(MessageSegment.text(command.text))
        group = claim.platform_id(command.channel_id)
        sent = await self.line.call("send_group_message", group_id=number(group), message=message)
        return Done(claim.name(f"{group}:{sent.message_seq}"))


def _message(claim: Claim, command: DeleteMessage | PinMessage) -> dict[str, int]:
    group, sequence = message_in(claim, command.channel_id, command.message_id)
    return {"group_id": number(group), "message_seq": number(sequence)}


def _call_for(command: OnMember) -> tuple[str, dict[str, Any]]:
    """The API and what it takes besides group and member."""
    match command:
        case MuteMember():
            seconds = max(1, int((command.until - datetime.now(UTC)).total_seconds()))
            return "set_group_member_mute", {"duration": seconds}
        case UnmuteMember():
            return "set_group_member_mute", {"duration": 0}
        case RemoveMember() | BanMember():
            return "kick_group_member", {"reject_add_request": isinstance(command, BanMember)}
        case GrantTitle():
            title = command.title[:TITLE_CHARACTERS_MAX] if command.level else ""
            return "set_group_member_special_title", {"special_title": title}


def outcome_of(error: AdapterException) -> Exception:
    """By the return code, or by the status."""
    if isinstance(error, ActionFailed):
        retcode = error.info.get("retcode")
        told = f"retcode {retcode}" if isinstance(retcode, int) else "it failed"
        return Gone(told) if retcode == NOT_FOUND else Refused(told)
    if isinstance(error, UnsupportedApi | ApiNotAvailable):
        return Unsupported("no such API")
    if isinstance(error, InvalidAccessToken):
        return Refused("the access token is wrong")
    return unanswered(error)
