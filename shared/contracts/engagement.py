"""What engagement did and saw: topics, warm-ups, check-ins, introductions, gatherings, questions."""

from datetime import date
from typing import Literal

from pydantic import AwareDatetime, Field

from shared.contracts.contract import Contract, Id, Label
from shared.contracts.topics import ENGAGEMENT_EVENTS


class TopicSeeded(Contract):
    """A topic was put to a channel."""

    TYPE = "topic.seeded"
    TOPIC = ENGAGEMENT_EVENTS
    IDENTITY = ("seed_id",)

    seed_id: Id
    topic_id: Id
    channel_id: Id
    tags: tuple[Label, ...] = Field(default=(), max_length=20)


class WarmupSent(Contract):
    """A cold channel was spoken to."""

    TYPE = "warmup.sent"
    TOPIC = ENGAGEMENT_EVENTS
    IDENTITY = ("warmup_id",)

    warmup_id: Id
    channel_id: Id
    topic_id: Id | None = None
    silent_minutes: int = Field(ge=0)
    usual_gap_minutes: float = Field(ge=0)


class WarmupHeldOut(Contract):
    """A cold channel was left alone by lot, to compare with."""

    TYPE = "warmup.held_out"
    TOPIC = ENGAGEMENT_EVENTS
    IDENTITY = ("warmup_id",)

    warmup_id: Id
    channel_id: Id
    silent_minutes: int = Field(ge=0)
    usual_gap_minutes: float = Field(ge=0)


class WarmupMeasured(Contract):
    """What people said in the half hour after a warm-up, or after one that was held out."""

    TYPE = "warmup.measured"
    TOPIC = ENGAGEMENT_EVENTS
    IDENTITY = ("warmup_id",)

    warmup_id: Id
    channel_id: Id
    held_out: bool
    messages: int = Field(ge=0)
    members: int = Field(ge=0)
    expected_messages: float = Field(ge=0)


class CheckinRecorded(Contract):
    """A member checked in for a local date; one per member, campaign and date, whatever is sent twice."""

    TYPE = "checkin.recorded"
    TOPIC = ENGAGEMENT_EVENTS
    IDENTITY = ("campaign_id", "member_id", "local_date", "revision")

    campaign_id: Id = "daily"
    member_id: Id
    local_date: date
    message_id: Id
    channel_id: Id
    streak_days: int = Field(ge=1)
    revision: int = Field(default=1, ge=1)
    """Counts recordings of this date, so that recorded, revoked, recorded are three facts."""


class CheckinRevoked(Contract):
    """A check-in does not count after all: its message was removed, or a person said so."""

    TYPE = "checkin.revoked"
    TOPIC = ENGAGEMENT_EVENTS
    IDENTITY = ("campaign_id", "member_id", "local_date", "revision")

    campaign_id: Id = "daily"
    member_id: Id
    local_date: date
    message_id: Id
    revision: int = Field(default=1, ge=1)
    reason: Label = ""


class IntroductionCompleted(Contract):
    """A newcomer introduced themselves."""

    TYPE = "introduction.completed"
    TOPIC = ENGAGEMENT_EVENTS
    IDENTITY = ("member_id",)

    member_id: Id
    message_id: Id
    channel_id: Id


class EventAnnounced(Contract):
    """A gathering (activity, sharing session) was announced, or announced again."""

    TYPE = "event.announced"
    TOPIC = ENGAGEMENT_EVENTS
    IDENTITY = ("event_id", "announcement")

    event_id: Id
    announcement: Label
    title: Label = ""
    channel_id: Id
    starts_at: AwareDatetime


class EventMoved(Contract):
    """A gathering has another time."""

    TYPE = "event.moved"
    TOPIC = ENGAGEMENT_EVENTS
    IDENTITY = ("event_id", "starts_at")

    event_id: Id
    starts_at: AwareDatetime
    moved_by: Id | None = None


class EventCancelled(Contract):
    """A gathering will not be."""

    TYPE = "event.cancelled"
    TOPIC = ENGAGEMENT_EVENTS
    IDENTITY = ("event_id",)

    event_id: Id
    cancelled_by: Id | None = None
    reason: Label = ""


class EventAttended(Contract):
    """A member was at a gathering."""

    TYPE = "event.attended"
    TOPIC = ENGAGEMENT_EVENTS
    IDENTITY = ("event_id", "member_id")

    event_id: Id
    member_id: Id


class SessionOpened(Contract):
    """A hosted session runs in a channel; moderation is stricter with those who do not speak in it."""

    TYPE = "session.opened"
    TOPIC = ENGAGEMENT_EVENTS
    IDENTITY = ("session_id",)

    session_id: Id
    channel_id: Id
    speaker_ids: tuple[Id, ...] = Field(default=(), max_length=50)
    ends_at: AwareDatetime


class SessionClosed(Contract):
    """A hosted session is over."""

    TYPE = "session.closed"
    TOPIC = ENGAGEMENT_EVENTS
    IDENTITY = ("session_id",)

    session_id: Id
    channel_id: Id


class QuestionAsked(Contract):
    """A message asks something."""

    TYPE = "question.asked"
    TOPIC = ENGAGEMENT_EVENTS
    IDENTITY = ("message_id",)

    message_id: Id
    member_id: Id
    channel_id: Id


class QuestionAnswered(Contract):
    """A question has an answer."""

    TYPE = "question.answered"
    TOPIC = ENGAGEMENT_EVENTS
    IDENTITY = ("message_id", "answer_message_id")

    message_id: Id
    member_id: Id
    answer_message_id: Id
    answered_by: Id
    kind: Literal["member", "faq", "operator"] = "member"
    waited_seconds: int = Field(ge=0)


ENGAGEMENT_CONTRACTS = (
    TopicSeeded,
    WarmupSent,
    WarmupHeldOut,
    WarmupMeasured,
    CheckinRecorded,
    CheckinRevoked,
    IntroductionCompleted,
    EventAnnounced,
    EventMoved,
    EventCancelled,
    EventAttended,
    SessionOpened,
    SessionClosed,
    QuestionAsked,
    QuestionAnswered,
)
