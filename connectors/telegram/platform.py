"""Telegram as the executor sees it."""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from connectors.sdk.buckets import Rate
from connectors.sdk.claims import Claim
from connectors.sdk.ladder import Ability, common_ability
from connectors.sdk.outcomes import Done, Gone, Refused, Unsupported
from connectors.sdk.places import act_in, known_of
from connectors.telegram.abilities import NOBODY, ability_of
from connectors.telegram.client import TelegramClient
from shared.contracts.commands import (
    AnswerJoinRequest,
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

MUTE_SECONDS_MIN = 31
"""A shorter one Telegram takes for one without end."""
SPEECH = (
    "can_send_messages",
    "can_send_audios",
    "can_send_documents",
    "can_send_photos",
    "can_send_videos",
    "can_send_video_notes",
    "can_send_voice_notes",
    "can_send_polls",
    "can_send_other_messages",
    "can_add_web_page_previews",
)
OnMember = MuteMember | UnmuteMember | RemoveMember | BanMember | UnbanMember


@dataclass(slots=True)
class TelegramPlatform:
    """A message's id is its chat's and its number: `-100123:45`."""

    client: TelegramClient
    chats: dict[str, Claim]
    name: str = "telegram"
    rates: tuple[Rate, ...] = (Rate(30, 1.0),)
    channel_rates: tuple[Rate, ...] = (Rate(1, 1.0), Rate(20, 60.0))
    drops_doubles: bool = False
    abilities: dict[str, Ability] = field(default_factory=dict)
    """By chat."""

    def ability(self, claim: Claim, channel_id: str | None) -> Ability:
        """By the bot's rights; without a channel what it can do in all chats."""
        return common_ability(known_of(self.abilities, self.chats, claim, channel_id))

    async def learn(self, chat: str, bot: int) -> None:
        """Ask for the bot's rights in a chat; in one that it is not in, it can nothing."""
        try:
            kind = (await self.client.call("getChat", chat_id=number(chat))).get("type")
            mine = await self.client.call("getChatMember", chat_id=number(chat), user_id=bot)
            self.abilities[chat] = ability_of(mine, kind == "supergroup")
        except (Refused, Gone):
            self.abilities[chat] = NOBODY

    async def carry_out(self, claim: Claim, command: Command, command_id: str) -> Done:
        """Do it."""
        match command:
            case SendMessage():
                return await self._send(claim, command)
            case DeleteMessage():
                await self.client.call("deleteMessage", **message(claim.platform_id(command.message_id)))
            case PinMessage():
                place = message(claim.platform_id(command.message_id))
                await self.client.call("pinChatMessage", **place, disable_notification=True)
            case AnswerJoinRequest():
                chat = claim.platform_id(command.request_id).partition(" ")[0]
                act = "approveChatJoinRequest" if command.accept else "declineChatJoinRequest"
                member = number(claim.platform_id(command.member_id))
                await self.client.call(act, chat_id=number(chat), user_id=member)
            case MuteMember() | UnmuteMember() | RemoveMember() | BanMember() | UnbanMember():
                member = number(claim.platform_id(command.member_id))
                await act_in(
                    self.chats,
                    claim,
                    command.channel_id,
                    lambda chat: self._discipline({"chat_id": number(chat), "user_id": member}, command),
                )
            case _:
                raise Unsupported(command.TYPE)
        return Done()

    async def _discipline(self, place: dict[str, Any], command: OnMember) -> None:
        match command:
            case MuteMember():
                least = datetime.now(UTC).timestamp() + MUTE_SECONDS_MIN
                silent = dict.fromkeys(SPEECH, False)
                until = int(max(command.until.timestamp(), least))
                await self.client.call("restrictChatMember", **place, permissions=silent, until_date=until)
            case UnmuteMember():
                usual = (await self.client.call("getChat", chat_id=place["chat_id"])).get("permissions")
                free = usual or dict.fromkeys(SPEECH, True)
                await self.client.call("restrictChatMember", **place, permissions=free)
            case RemoveMember():
                await self.client.call("banChatMember", **place)
                await self.client.call("unbanChatMember", **place, only_if_banned=True)
            case BanMember():
                await self.client.call("banChatMember", **place)
            case UnbanMember():
                await self.client.call("unbanChatMember", **place, only_if_banned=True)

    async def _send(self, claim: Claim, command: SendMessage) -> Done:
        target = command.channel_id or command.member_id
        if target is None:
            raise Refused("a text without a channel and a member")
        fields: dict[str, Any] = {
            "chat_id": number(claim.platform_id(target)),
            "text": command.text,
        }
        if command.reply_to is not None and command.channel_id is not None:
            answered = message(claim.platform_id(command.reply_to))["message_id"]
            fields["reply_parameters"] = {"message_id": answered, "allow_sending_without_reply": True}
        sent = await self.client.call("sendMessage", **fields)
        return Done(claim.name(f"{fields['chat_id']}:{sent['message_id']}"))


def number(text: str) -> int:
    """An id as the API has it. Raises Refused for what is none of Telegram's."""
    if not text.removeprefix("-").isascii() or not text.removeprefix("-").isdecimal():
        raise Refused("the id is no number")
    return int(text)


def message(platform_id: str) -> dict[str, int]:
    """Chat and number of a message."""
    chat, _, in_chat = platform_id.partition(":")
    return {"chat_id": number(chat), "message_id": number(in_chat)}
