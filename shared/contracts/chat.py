"""What happened in a chat, as connectors tell it. The only place where message text travels."""

from typing import Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from shared.contracts.contract import Contract, Id, Label, Text
from shared.contracts.topics import CHAT_EVENTS


class Attachment(BaseModel):
    """Something sent with a message; Hearth never fetches it."""

    model_config = ConfigDict(frozen=True, extra="ignore", use_attribute_docstrings=True)

    kind: Literal["image", "video", "audio", "file", "sticker", "card", "other"] = "other"
    name: Label = ""
    url: Label = ""


class MessagePosted(Contract):
    """A member wrote a message in a channel."""

    TYPE = "message.posted"
    TOPIC = CHAT_EVENTS
    IDENTITY = ("message_id",)

    channel_id: Id
    message_id: Id
    member_id: Id
    text: Text = ""
    thread: Label | None = None
    """The topic or thread inside the channel, where the platform has such."""
    reply_to: Id | None = None
    """Id of the message that this one answers."""
    reply_to_member: Id | None = None
    mentions: tuple[Id, ...] = Field(default=(), max_length=200)
    """Ids of the members whom the text addresses."""
    attachments: tuple[Attachment, ...] = Field(default=(), max_length=50)
    member_name: Label | None = None
    member_roles: tuple[Label, ...] = Field(default=(), max_length=50)
    """The platform's roles, `operator` among them for those who are exempt from rules."""
    is_bot: bool = False
    """Written by a program: counted apart, never rewarded or answered."""


class MessageEdited(Contract):
    """A message has a new text; `revision` counts the edits that the platform told of, from 1."""

    TYPE = "message.edited"
    TOPIC = CHAT_EVENTS
    IDENTITY = ("message_id", "revision")

    channel_id: Id
    message_id: Id
    member_id: Id
    text: Text = ""
    revision: int = Field(default=1, ge=1)
    mentions: tuple[Id, ...] = Field(default=(), max_length=200)
    is_bot: bool = False


class MessageDeleted(Contract):
    """A message is gone from the chat, whoever took it away."""

    TYPE = "message.deleted"
    TOPIC = CHAT_EVENTS
    IDENTITY = ("message_id",)

    channel_id: Id
    message_id: Id
    member_id: Id | None = None
    """The author, where the platform says."""
    deleted_by: Id | None = None


class ReactionAdded(Contract):
    """A member reacted to a message."""

    TYPE = "reaction.added"
    TOPIC = CHAT_EVENTS
    IDENTITY = ("message_id", "member_id", "reaction")

    channel_id: Id
    message_id: Id
    member_id: Id
    reaction: Label
    """An emoji or the platform's name for one."""
    author_id: Id | None = None
    """Who wrote the message reacted to, where the platform says."""


class ReactionRemoved(Contract):
    """A member took a reaction back."""

    TYPE = "reaction.removed"
    TOPIC = CHAT_EVENTS
    IDENTITY = ("message_id", "member_id", "reaction")

    channel_id: Id
    message_id: Id
    member_id: Id
    reaction: Label
    author_id: Id | None = None


class MemberJoined(Contract):
    """A member came into the community."""

    TYPE = "member.joined"
    TOPIC = CHAT_EVENTS
    IDENTITY = ("member_id",)

    member_id: Id
    member_name: Label | None = None
    channel_id: Id | None = None
    invited_by: Id | None = None
    """The member who invited, where the platform says."""
    invite_code: Label | None = None
    is_bot: bool = False


class JoinAnswer(BaseModel):
    """What somebody answered who wants to come in."""

    model_config = ConfigDict(frozen=True, extra="ignore", use_attribute_docstrings=True)

    question: Label = ""
    """As the platform asked it; empty where it has a single one."""
    answer: Label = ""


class JoinRequested(Contract):
    """Somebody asks to come into the community and waits for `answer_join_request`."""

    TYPE = "join.requested"
    TOPIC = CHAT_EVENTS
    IDENTITY = ("request_id",)

    request_id: Id
    """The platform's, or one that the connector makes of the member and the moment."""
    member_id: Id
    member_name: Label | None = None
    channel_id: Id | None = None
    answers: tuple[JoinAnswer, ...] = Field(default=(), max_length=20)
    invited_by: Id | None = None
    """The member who invited, where the platform says."""
    invite_code: Label | None = None


class MemberLeft(Contract):
    """A member is gone from the community, by choice or removed."""

    TYPE = "member.left"
    TOPIC = CHAT_EVENTS
    IDENTITY = ("member_id",)

    member_id: Id
    channel_id: Id | None = None
    removed_by: Id | None = None
    """Set when it was not the member's own choice."""


class MemberUpdated(Contract):
    """A member's name or roles changed."""

    TYPE = "member.updated"
    TOPIC = CHAT_EVENTS
    IDENTITY = ("member_id",)

    member_id: Id
    member_name: Label | None = None
    member_roles: tuple[Label, ...] = Field(default=(), max_length=50)


class ClockSet(Contract):
    """From here on the community lives on this clock; in order with its messages, hence on their topic.

    `event`: time is the highest `occurred_at` seen, and at least `to`. `wall`: real time.
    """

    TYPE = "clock.set"
    TOPIC = CHAT_EVENTS
    IDENTITY = ("mode", "run_id", "to")

    mode: Literal["event", "wall"]
    run_id: Id
    """The import, simulation or command that set it; new each time, so that a repeat is no duplicate."""
    to: AwareDatetime | None = None
    """Where an event clock stands at least, from this record on."""


class MemberForgotten(Contract):
    """A person asked that a member be forgotten: every service erases what it keeps of them.

    What was announced before stays in the log until its retention ends; counts stay.
    """

    TYPE = "member.forgotten"
    TOPIC = CHAT_EVENTS
    IDENTITY = ("member_id", "request_id")

    member_id: Id
    request_id: Id
    """The request's, so that one who comes back can be forgotten again."""
    requested_by: Id | None = None
    """The operator who asked for it."""
    reason: Label = ""


class ConversionRecorded(Contract):
    """Somebody signed up, ordered or paid, as an import from another system tells."""

    TYPE = "conversion.recorded"
    TOPIC = CHAT_EVENTS
    IDENTITY = ("conversion_id",)

    conversion_id: Id
    member_id: Id | None = None
    minor_units: int = Field(default=0, ge=0, le=10**12)
    """The amount in the smallest unit of its currency: fen, cents."""
    currency: Label = "CNY"
    """ISO 4217."""
    channel_id: Id | None = None
    """Where it came from, if that is known."""


CHAT_CONTRACTS = (
    MessagePosted,
    MessageEdited,
    MessageDeleted,
    ReactionAdded,
    ReactionRemoved,
    MemberJoined,
    MemberLeft,
    MemberUpdated,
    ClockSet,
    JoinRequested,
    MemberForgotten,
    ConversionRecorded,
)
