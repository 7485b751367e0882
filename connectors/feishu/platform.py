"""Feishu as the executor sees it."""

from dataclasses import dataclass, field
from typing import Any

from connectors.feishu.client import FeishuClient, in_path
from connectors.feishu.text import written
from connectors.sdk.buckets import Rate
from connectors.sdk.claims import Claim
from connectors.sdk.ladder import Ability
from connectors.sdk.outcomes import Done, Gone, Refused, Unsupported
from connectors.sdk.places import act_in, known_of
from shared.contracts.commands import Command, DeleteMessage, PinMessage, RemoveMember, SendMessage

MEMBER = frozenset({"send", "reply", "direct", "pin"})
ADMIN = MEMBER | {"delete", "remove"}
NOTHING: frozenset[str] = frozenset()
TEXT_UNITS_MAX = 5_000
"""Feishu takes a request of 30 KB."""


@dataclass(slots=True)
class FeishuPlatform:
    """Ids are Feishu's own: groups `oc_…`, members `ou_…` (an app's own), messages `om_…`."""

    client: FeishuClient
    groups: dict[str, Claim]
    name: str = "feishu"
    rates: tuple[Rate, ...] = (Rate(40, 1.0), Rate(1_000, 60.0))
    channel_rates: tuple[Rate, ...] = (Rate(5, 1.0),)
    drops_doubles: bool = False
    able: dict[str, frozenset[str]] = field(default_factory=dict)
    """What the bot can do by group; until that is known Feishu itself refuses."""
    roles: dict[str, dict[str, str]] = field(default_factory=dict)
    """By group and member: `owner` or `admin`."""

    def ability(self, claim: Claim, channel_id: str | None) -> Ability:
        """By the bot's role; without a channel what it can do in all groups."""
        able = frozenset.intersection(*known_of(self.able, self.groups, claim, channel_id))
        return Ability(able, text_units_max=TEXT_UNITS_MAX)

    async def learn(self) -> None:
        """Ask who rules each group, and whether the bot does."""
        for group in self.groups:
            try:
                about = await self.client.call("GET", f"im/v1/chats/{in_path(group)}", user_id_type="open_id")
            except (Refused, Gone):
                self.able[group], self.roles[group] = NOTHING, {}
                continue
            self.able[group] = self._able(about)
            admins = dict.fromkeys(about.get("user_manager_id_list") or (), "admin")
            owner = about.get("owner_id")
            self.roles[group] = {**admins, **({owner: "owner"} if owner else {})}

    def _able(self, about: dict[str, Any]) -> frozenset[str]:
        """Feishu does not say which bot owns a group, only that no person does: then it may be ours."""
        if not about.get("owner_id") or self.client.app_id in (about.get("bot_manager_id_list") or ()):
            return ADMIN
        is_for_admins = str(about.get("pin_manage_setting")).startswith("only")
        return MEMBER - {"pin"} if is_for_admins else MEMBER

    async def carry_out(self, claim: Claim, command: Command, command_id: str) -> Done:
        """Do it."""
        match command:
            case SendMessage():
                return await self._send(claim, command)
            case DeleteMessage():
                await self.client.call("DELETE", f"im/v1/messages/{_of(claim, command.message_id)}")
            case PinMessage():
                await self.client.call("POST", "im/v1/pins", {"message_id": _of(claim, command.message_id)})
            case RemoveMember():
                await self._remove(claim, command)
            case _:
                raise Unsupported(command.TYPE)
        return Done()

    async def _remove(self, claim: Claim, command: RemoveMember) -> None:
        member = _of(claim, command.member_id)

        async def remove(group: str) -> None:
            path = f"im/v1/chats/{in_path(group)}/members"
            done = await self.client.call("DELETE", path, {"id_list": [member]}, member_id_type="open_id")
            if done.get("invalid_id_list"):
                raise Refused("Feishu knows no such member")

        await act_in(self.groups, claim, command.channel_id, remove)

    async def _send(self, claim: Claim, command: SendMessage) -> Done:
        member = _of(claim, command.member_id) if command.member_id else None
        if command.channel_id is not None:
            body = {"msg_type": "post", "content": written(command.text, member)}
            if command.reply_to is not None:
                path = f"im/v1/messages/{_of(claim, command.reply_to)}/reply"
                sent = await self.client.call("POST", path, body)
            else:
                sent = await self._create("chat_id", _of(claim, command.channel_id), body)
        elif member is not None:
            body = {"msg_type": "post", "content": written(command.text, None)}
            sent = await self._create("open_id", member, body)
        else:
            raise Refused("a text without a channel and a member")
        message = sent.get("message_id")
        return Done(claim.name(str(message)) if message else None)

    async def _create(self, kind: str, receiver: str, body: dict[str, str]) -> dict[str, Any]:
        return await self.client.call(
            "POST", "im/v1/messages", {**body, "receive_id": receiver}, receive_id_type=kind
        )


def _of(claim: Claim, name: str) -> str:
    return in_path(claim.platform_id(name))
