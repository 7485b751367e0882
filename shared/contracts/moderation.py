"""What moderation found and did."""

from typing import Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from shared.contracts.contract import Contract, Id, Label
from shared.contracts.topics import MODERATION_EVENTS

Severity = Literal["notice", "remove", "warn", "mute", "ban"]


class Span(BaseModel):
    """Characters `start` (inclusive) to `end` (exclusive) of the original text."""

    model_config = ConfigDict(frozen=True, extra="ignore", use_attribute_docstrings=True)

    start: int = Field(ge=0)
    end: int = Field(ge=0)


class FindingRecorded(Contract):
    """A rule matched a message; whether anything follows is told by other events."""

    TYPE = "finding.recorded"
    TOPIC = MODERATION_EVENTS
    IDENTITY = ("message_id", "rule", "rule_version")

    message_id: Id
    member_id: Id
    channel_id: Id
    rule: Label
    rule_version: int = Field(default=1, ge=1)
    score: float = Field(default=1.0, ge=0.0, le=1.0)
    spans: tuple[Span, ...] = Field(default=(), max_length=100)
    evidence: Label = ""
    """What the rule counted or matched, in numbers and names of patterns, never the message's text."""


class MessageRemoved(Contract):
    """Moderation took a message away; whatever it earned is void."""

    TYPE = "message.removed"
    TOPIC = MODERATION_EVENTS
    IDENTITY = ("message_id", "decision")

    message_id: Id
    member_id: Id
    channel_id: Id
    rule: Label
    rule_version: int = Field(default=1, ge=1)
    evidence: Label = ""
    decision: int = Field(default=1, ge=1)
    """Counts the decisions about this message, so that removed, restored, removed are three facts."""
    posted_at: AwareDatetime


class MessageRestored(Contract):
    """A person overruled a removal; whatever the message earned counts again."""

    TYPE = "message.restored"
    TOPIC = MODERATION_EVENTS
    IDENTITY = ("message_id", "decision")

    message_id: Id
    member_id: Id
    channel_id: Id
    decision: int = Field(default=2, ge=1)
    posted_at: AwareDatetime
    restored_by: Id
    reason: Label = ""


class SanctionApplied(Contract):
    """A member is held to something, until a moment or until lifted."""

    TYPE = "sanction.applied"
    TOPIC = MODERATION_EVENTS
    IDENTITY = ("sanction_id",)

    sanction_id: Id
    member_id: Id
    kind: Literal["reminder", "warning", "mute", "removal"]
    rule: Label
    rule_version: int = Field(default=1, ge=1)
    until: AwareDatetime | None = None
    case_id: Id | None = None
    applied_by: Id | None = None


class SanctionLifted(Contract):
    """A sanction ended: its time passed, or a person overruled it."""

    TYPE = "sanction.lifted"
    TOPIC = MODERATION_EVENTS
    IDENTITY = ("sanction_id",)

    sanction_id: Id
    member_id: Id
    lifted_by: Id | None = None
    reason: Label = ""


class CaseOpened(Contract):
    """Something waits for a person's verdict."""

    TYPE = "case.opened"
    TOPIC = MODERATION_EVENTS
    IDENTITY = ("case_id",)

    case_id: Id
    member_id: Id | None = None
    message_ids: tuple[Id, ...] = Field(default=(), max_length=1000)
    rule: Label
    score: float = Field(default=0.0, ge=0.0)


class CaseResolved(Contract):
    """A person gave the verdict."""

    TYPE = "case.resolved"
    TOPIC = MODERATION_EVENTS
    IDENTITY = ("case_id", "version")

    case_id: Id
    version: int = Field(default=1, ge=1)
    verdict: Literal["confirmed", "overturned"]
    resolved_by: Id
    reason: Label = ""


class AppealFiled(Contract):
    """A member asks for a second look."""

    TYPE = "appeal.filed"
    TOPIC = MODERATION_EVENTS
    IDENTITY = ("appeal_id",)

    appeal_id: Id
    member_id: Id
    sanction_id: Id | None = None
    case_id: Id | None = None
    decide_by: AwareDatetime


class AppealDecided(Contract):
    """Another operator than the one who sanctioned gave the second look."""

    TYPE = "appeal.decided"
    TOPIC = MODERATION_EVENTS
    IDENTITY = ("appeal_id",)

    appeal_id: Id
    member_id: Id
    outcome: Literal["upheld", "overturned"]
    decided_by: Id
    reason: Label = ""


class JoinWaveNoticed(Contract):
    """More people came at once than usual: welcomes wait, and in a `wave` operators are asked to look."""

    TYPE = "join_wave.noticed"
    TOPIC = MODERATION_EVENTS
    IDENTITY = ("wave_id",)

    wave_id: Id
    scale: Literal["burst", "wave"]
    """`burst`: many within a minute or so; `wave`: very many within an hour or so."""
    joins: int = Field(ge=1)
    window_seconds: int = Field(ge=1)
    until: AwareDatetime
    """Until when welcomes should wait, unless another notice comes."""


MODERATION_CONTRACTS = (
    FindingRecorded,
    MessageRemoved,
    MessageRestored,
    SanctionApplied,
    SanctionLifted,
    CaseOpened,
    CaseResolved,
    AppealFiled,
    AppealDecided,
    JoinWaveNoticed,
)
