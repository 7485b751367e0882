"""Matrix as the executor sees it."""

from dataclasses import dataclass, field

from connectors.matrix.abilities import ability_in
from connectors.matrix.client import Content, MatrixClient
from connectors.matrix.mutes import LEVELS, Mutes
from connectors.sdk.buckets import Rate
from connectors.sdk.claims import Claim
from connectors.sdk.command_store import CommandStore
from connectors.sdk.ladder import Ability, common_ability
from connectors.sdk.outcomes import Done, Refused, Unsupported
from connectors.sdk.places import channels_asked, known_of
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

PINNED = "m.room.pinned_events"
PINNED_MAX = 50
DIRECT = "direct "
REASON_CHARACTERS_MAX = 1_000


@dataclass(slots=True)
class MatrixPlatform:
    """Acts of members without a channel are done in every room of the community."""

    client: MatrixClient
    store: CommandStore
    mutes: Mutes
    rooms: dict[str, Claim]
    bot: str
    name: str = "matrix"
    # An application service that is not `rate_limited` has no limits of the server's own.
    rates: tuple[Rate, ...] = (Rate(50, 1.0),)
    channel_rates: tuple[Rate, ...] = (Rate(20, 1.0),)
    drops_doubles: bool = True
    """The server drops a transaction that it has seen."""
    abilities: dict[str, Ability] = field(default_factory=dict)
    """By room."""

    def ability(self, claim: Claim, channel_id: str | None) -> Ability:
        """By the bot's power level; without a channel what it can do in all rooms."""
        return common_ability(known_of(self.abilities, self.rooms, claim, channel_id))

    async def learn(self, room: str) -> bool:
        """Look at the bot's rights in a room; True when they changed."""
        learnt = ability_in(await self.client.state(room, LEVELS), self.bot)
        changed = self.abilities.get(room) != learnt
        self.abilities[room] = learnt
        return changed

    async def carry_out(self, claim: Claim, command: Command, command_id: str) -> Done:
        """Do it."""
        reason = command.reason[:REASON_CHARACTERS_MAX]
        match command:
            case SendMessage():
                return await self._send(claim, command, command_id)
            case DeleteMessage():
                event = claim.platform_id(command.message_id)
                await self.client.redact(_room(claim, command.channel_id), event, command_id, reason)
            case PinMessage():
                await self._pin(_room(claim, command.channel_id), claim.platform_id(command.message_id))
            case AnswerJoinRequest():
                await self._answer_join(claim, command)
            case MuteMember() | UnmuteMember() | RemoveMember() | BanMember() | UnbanMember():
                for room in channels_asked(self.rooms, claim, command.channel_id):
                    await self._discipline(room, claim.platform_id(command.member_id), command)
            case _:
                raise Unsupported(command.TYPE)
        return Done()

    async def _discipline(
        self,
        room: str,
        user: str,
        command: MuteMember | UnmuteMember | RemoveMember | BanMember | UnbanMember,
    ) -> None:
        reason = command.reason[:REASON_CHARACTERS_MAX]
        match command:
            case MuteMember():
                await self.mutes.mute(room, user, command.until)
            case UnmuteMember():
                await self.mutes.unmute(room, user)
            case RemoveMember():
                await self.client.membership("kick", room, user, reason)
            case BanMember():
                await self.client.membership("ban", room, user, reason)
            case UnbanMember():
                await self.client.membership("unban", room, user, reason)

    async def _send(self, claim: Claim, command: SendMessage, command_id: str) -> Done:
        content: Content = {"msgtype": "m.notice", "body": command.text, "m.mentions": {}}
        if command.reply_to is not None:
            content["m.relates_to"] = {"m.in_reply_to": {"event_id": claim.platform_id(command.reply_to)}}
        if command.channel_id is not None:
            room = _room(claim, command.channel_id)
            if command.member_id is not None:
                content["m.mentions"] = {"user_ids": [claim.platform_id(command.member_id)]}
        elif command.member_id is not None:
            room = await self._direct_room(claim.platform_id(command.member_id))
        else:
            raise Refused("a text without a channel and a member")
        event = await self.client.send(room, command_id, content)
        return Done(claim.name(event))

    async def _direct_room(self, user: str) -> str:
        room = await self.store.noted(DIRECT + user)
        if room is None:
            room = await self.client.direct_room(user)
            await self.store.note(DIRECT + user, room)
        return room

    async def _pin(self, room: str, event: str) -> None:
        pinned = (await self.client.state(room, PINNED)).get("pinned")
        known = [each for each in pinned if each != event] if isinstance(pinned, list) else []
        await self.client.set_state(room, PINNED, {"pinned": [*known, event][-PINNED_MAX:]})

    async def _answer_join(self, claim: Claim, command: AnswerJoinRequest) -> None:
        """A knock's request id is the room and the member; an invitation lets in, a kick does not."""
        room = command.request_id.partition(" ")[0]
        act = "invite" if command.accept else "kick"
        reason = command.reason[:REASON_CHARACTERS_MAX]
        await self.client.membership(act, _room(claim, room), claim.platform_id(command.member_id), reason)


def _room(claim: Claim, channel_id: str) -> str:
    return claim.platform_id(channel_id)
