"""What services ask connectors to do in a chat, and what connectors answer."""

from typing import Literal

from pydantic import AwareDatetime, Field

from shared.contracts.contract import Contract, Id, Label, Text
from shared.contracts.topics import CHAT_COMMANDS, CHAT_RECEIPTS


class Command(Contract):
    """A request. Its event id is the command id; it is carried out at most once, before `expires_at`."""

    TOPIC = CHAT_COMMANDS

    purpose: Label
    """Why, as a closed word of the sending service: `flood`, `checkin_answer`, `warmup` …"""
    cause_id: Id
    """Id of the event, timer or request that it answers."""
    expires_at: AwareDatetime
    reason: Text = ""
    """For people, in the community's language."""


class SendMessage(Command):
    """Say something in a channel, or to one member."""

    TYPE = "send_message"
    IDENTITY = ("purpose", "cause_id", "channel_id", "member_id")

    channel_id: Id | None = None
    member_id: Id | None = None
    """Set without a channel: a direct message. With one: the member whom the message addresses."""
    reply_to: Id | None = None
    text: Text


class DeleteMessage(Command):
    """Take a message away."""

    TYPE = "delete_message"
    IDENTITY = ("message_id", "cause_id")

    channel_id: Id
    message_id: Id
    member_id: Id


class MuteMember(Command):
    """Let a member not write until a moment."""

    TYPE = "mute_member"
    IDENTITY = ("member_id", "cause_id")

    member_id: Id
    channel_id: Id | None = None
    until: AwareDatetime


class UnmuteMember(Command):
    """Let a member write again."""

    TYPE = "unmute_member"
    IDENTITY = ("member_id", "cause_id")

    member_id: Id
    channel_id: Id | None = None


class RemoveMember(Command):
    """Take a member out of the community."""

    TYPE = "remove_member"
    IDENTITY = ("member_id", "cause_id")

    member_id: Id
    channel_id: Id | None = None


class BanMember(Command):
    """Take a member out of the community and keep them out, until `unban_member`."""

    TYPE = "ban_member"
    IDENTITY = ("member_id", "cause_id")

    member_id: Id
    channel_id: Id | None = None


class UnbanMember(Command):
    """Let somebody come in again; they are not brought back."""

    TYPE = "unban_member"
    IDENTITY = ("member_id", "cause_id")

    member_id: Id
    channel_id: Id | None = None


class PinMessage(Command):
    """Pin a message in its channel."""

    TYPE = "pin_message"
    IDENTITY = ("message_id", "cause_id")

    channel_id: Id
    message_id: Id


class AnswerJoinRequest(Command):
    """Let somebody in, or not."""

    TYPE = "answer_join_request"
    IDENTITY = ("request_id", "cause_id")

    request_id: Id
    member_id: Id
    accept: bool


class GrantTitle(Command):
    """Let a member carry a title and enjoy privileges, in place of those granted before."""

    TYPE = "grant_title"
    IDENTITY = ("member_id", "cause_id")

    member_id: Id
    level: int = Field(default=0, ge=0)
    """0: none any more."""
    title: Label = ""
    """Empty: the connector's own name for the level."""
    privileges: tuple[Label, ...] = Field(default=(), max_length=20)
    """Names that community and connector agree on."""


class CommandExecuted(Contract):
    """A connector did what a command asked."""

    TYPE = "command.executed"
    TOPIC = CHAT_RECEIPTS
    IDENTITY = ("command_id",)

    command_id: Id
    downgraded_to: Label | None = None
    """What was done instead, where the platform lacks the act."""
    platform_message_id: Id | None = None


class CommandFailed(Contract):
    """A connector did not do what a command asked."""

    TYPE = "command.failed"
    TOPIC = CHAT_RECEIPTS
    IDENTITY = ("command_id", "attempt")

    command_id: Id
    failure: Literal["unsupported", "refused", "expired", "rate_limited", "failed"]
    detail: Label = ""
    attempt: int = Field(default=1, ge=1)
    retryable: bool = False
    """The same act could succeed under a new command: the platform was away, not unwilling."""


COMMAND_CONTRACTS = (
    SendMessage,
    DeleteMessage,
    MuteMember,
    UnmuteMember,
    RemoveMember,
    PinMessage,
    AnswerJoinRequest,
    BanMember,
    UnbanMember,
    GrantTitle,
)
RECEIPT_CONTRACTS = (CommandExecuted, CommandFailed)
