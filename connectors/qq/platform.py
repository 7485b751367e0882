"""QQ's open platform as the executor sees it."""

from dataclasses import dataclass, field
from typing import Any

from nonebot.adapters.qq import Message, MessageSegment
from nonebot.adapters.qq.models import SetMemberMuteState

from connectors.nonebot.line import Line
from connectors.nonebot.telling import message_in
from connectors.onebot.groups import MUTE_SECONDS_MAX
from connectors.qq.openings import Openings
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
    MuteMember,
    RemoveMember,
    SendMessage,
    UnbanMember,
    UnmuteMember,
)

MEMBER = frozenset({"reply"})
ADMIN = MEMBER | {"delete", "mute", "remove", "ban", "answer_join"}
TEXT_UNITS_MAX = 1_900
TEXT = 0
OnMember = MuteMember | UnmuteMember | RemoveMember | BanMember | UnbanMember


@dataclass(slots=True)
class QQPlatform:
    """Ids are the `openid`s of groups and members; a message's is its group's and its own."""

    line: Line
    groups: dict[str, Claim]
    openings: Openings
    name: str = "qq"
    rates: tuple[Rate, ...] = (Rate(5, 1.0),)
    channel_rates: tuple[Rate, ...] = (Rate(3, 3.0), Rate(20, 60.0))
    drops_doubles: bool = False
    roles: dict[str, str] = field(default_factory=dict)
    """The bot's own role by group."""

    def ability(self, claim: Claim, channel_id: str | None) -> Ability:
        """By the bot's role; without a channel what it can do in all groups."""
        roles = known_of(self.roles, self.groups, claim, channel_id)
        rules = all(role in ("owner", "admin") for role in roles)
        return Ability(ADMIN if rules else MEMBER, MUTE_SECONDS_MAX, TEXT_UNITS_MAX)

    async def learn(self) -> None:
        """Ask for the bot's role in every group."""
        for group in self.groups:
            try:
                self.roles[group] = (await self.line.call("get_group_bot_state", group_id=group)).member_role
            except (Refused, Gone, Unsupported):
                self.roles[group] = "member"

    async def carry_out(self, claim: Claim, command: Command, command_id: str) -> Done:
        """Do it."""
        match command:
            case SendMessage():
                return await self._send(claim, command)
            case DeleteMessage():
                group, message = message_in(claim, command.channel_id, command.message_id)
                await self.line.call("delete_group_message", group_openid=group, message_id=message)
            case AnswerJoinRequest():
                await self._answer(claim, command)
            case MuteMember() | UnmuteMember() | RemoveMember() | BanMember() | UnbanMember():
                member = claim.platform_id(command.member_id)
                await act_in(
                    self.groups, claim, command.channel_id, lambda group: self._on(group, member, command)
                )
            case _:
                raise Unsupported(command.TYPE)
        return Done()

    async def _on(self, group: str, member: str, command: OnMember) -> None:
        match command:
            case MuteMember():
                state = SetMemberMuteState(op="add", member_openid=member, mute_expire_at=command.until)
                await self.line.call("set_group_members_mute", group_id=group, members=[state])
            case UnmuteMember():
                state = SetMemberMuteState(op="del", member_openid=member)
                await self.line.call("set_group_members_mute", group_id=group, members=[state])
            case RemoveMember():
                await self._remove(group, member)
            case BanMember():
                await self._remove(group, member)
                await self._list(group, member, "add")
            case UnbanMember():
                await self._list(group, member, "del")

    async def _remove(self, group: str, member: str) -> None:
        await self.line.call("batch_remove_group_members", group_openid=group, member_openids=[member])

    async def _list(self, group: str, member: str, op: str) -> None:
        done = await self.line.call(
            "post_group_member_blacklist", group_openid=group, op=op, member_openids=[member]
        )
        if done.fail_openids:
            raise Refused("the group's blacklist was not changed")

    async def _answer(self, claim: Claim, command: AnswerJoinRequest) -> None:
        group, _, request = claim.platform_id(command.request_id).partition(":")
        fields: dict[str, Any] = {"op": "approve"}
        if not command.accept:
            fields = {"op": "decline", "reject_reason": command.reason[:100] or None}
        await self.line.call(
            "approval_join_request",
            group_id=group,
            member_openid=claim.platform_id(command.member_id),
            join_request_id=request,
            **fields,
        )

    async def _send(self, claim: Claim, command: SendMessage) -> Done:
        """An answer to the message that is meant, or to the newest that can be answered."""
        if command.channel_id is None:
            raise Unsupported("nothing private")
        group, wanted = claim.platform_id(command.channel_id), None
        if command.reply_to is not None:
            wanted = message_in(claim, command.channel_id, command.reply_to)[1]
        message_id, number = self.openings.take(group, wanted)
        message = Message()
        if command.member_id is not None:
            message += [
                MessageSegment.mention_user(claim.platform_id(command.member_id)),
                MessageSegment.text(" "),
            ]
        message += MessageSegment.text(command.text)
        sent = await self.line.call(
            "post_group_messages",
            group_openid=group,
            msg_type=TEXT,
            content=message.extract_content(),
            msg_id=message_id,
            msg_seq=number,
        )
        return Done(claim.name(f"{group}:{sent.id}") if sent.id else None)
