"""What members earned, lost and received."""

from datetime import date
from typing import Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from shared.contracts.contract import Contract, Id, Label
from shared.contracts.topics import REWARDS_EVENTS


class PointsAwarded(Contract):
    """Points went to a member's wallet."""

    TYPE = "points.awarded"
    TOPIC = REWARDS_EVENTS
    IDENTITY = ("transaction_id",)

    transaction_id: Id
    member_id: Id
    points: int = Field(gt=0)
    rule: Label
    cause_id: Id


class PointsReversed(Contract):
    """An award was taken back; what the wallet could not pay became a debt."""

    TYPE = "points.reversed"
    TOPIC = REWARDS_EVENTS
    IDENTITY = ("transaction_id",)

    transaction_id: Id
    reversed_transaction_id: Id
    member_id: Id
    points: int = Field(gt=0)
    reason: Label
    cause_id: Id


class LevelChanged(Contract):
    """A member stands on another level."""

    TYPE = "level.changed"
    TOPIC = REWARDS_EVENTS
    IDENTITY = ("member_id", "level", "change")

    member_id: Id
    level: int = Field(ge=0)
    previous_level: int = Field(ge=0)
    change: int = Field(default=1, ge=1)


class Standing(BaseModel):
    """One member's place in a closed month."""

    model_config = ConfigDict(frozen=True, extra="ignore", use_attribute_docstrings=True)

    rank: int = Field(ge=1)
    member_id: Id
    score: int
    parts: dict[Label, int] = Field(default_factory=dict)
    """Score by where it came from; the values sum to `score`."""


class MonthClosed(Contract):
    """A calendar month of the community's zone is final: these are its three most active members."""

    TYPE = "month.closed"
    TOPIC = REWARDS_EVENTS
    IDENTITY = ("month",)

    month: date
    """The first day of the month."""
    top: tuple[Standing, ...] = Field(default=(), max_length=3)
    candidates: int = Field(default=0, ge=0)
    evidence_hash: Label = ""


class GiftOffered(Contract):
    """A winner may choose."""

    TYPE = "gift.offered"
    TOPIC = REWARDS_EVENTS
    IDENTITY = ("month", "member_id")

    month: date
    member_id: Id
    rank: int = Field(ge=1)
    gift_ids: tuple[Id, ...] = Field(default=(), max_length=100)
    choose_by: AwareDatetime


class GiftChosen(Contract):
    """A winner chose, or the deadline chose."""

    TYPE = "gift.chosen"
    TOPIC = REWARDS_EVENTS
    IDENTITY = ("month", "member_id")

    month: date
    member_id: Id
    gift_id: Id
    chosen_by: Literal["member", "default", "operator"] = "member"


class GiftFulfilled(Contract):
    """A gift is with its winner."""

    TYPE = "gift.fulfilled"
    TOPIC = REWARDS_EVENTS
    IDENTITY = ("month", "member_id", "gift_id")

    month: date
    member_id: Id
    gift_id: Id


class RedemptionReserved(Contract):
    """Points are set aside for a gift."""

    TYPE = "redemption.reserved"
    TOPIC = REWARDS_EVENTS
    IDENTITY = ("redemption_id",)

    redemption_id: Id
    member_id: Id
    gift_id: Id
    points: int = Field(ge=0)


class RedemptionConfirmed(Contract):
    """The points set aside are spent."""

    TYPE = "redemption.confirmed"
    TOPIC = REWARDS_EVENTS
    IDENTITY = ("redemption_id",)

    redemption_id: Id
    member_id: Id


class RedemptionCancelled(Contract):
    """The points set aside are back."""

    TYPE = "redemption.cancelled"
    TOPIC = REWARDS_EVENTS
    IDENTITY = ("redemption_id",)

    redemption_id: Id
    member_id: Id
    reason: Label = ""


class MemberLinked(Contract):
    """Two accounts are one person's from now on; the points of both are the main one's."""

    TYPE = "member.linked"
    TOPIC = REWARDS_EVENTS
    IDENTITY = ("link_id",)

    link_id: Id
    member_id: Id
    """The main account."""
    linked_member_id: Id
    points: int = 0
    """What the linked account brought; below zero a debt."""


class MemberUnlinked(Contract):
    """An account is on its own again."""

    TYPE = "member.unlinked"
    TOPIC = REWARDS_EVENTS
    IDENTITY = ("link_id",)

    link_id: Id
    member_id: Id
    """The main account."""
    linked_member_id: Id
    points: int = 0
    """What went back to the linked account; below zero a debt."""


REWARDS_CONTRACTS = (
    PointsAwarded,
    PointsReversed,
    LevelChanged,
    MonthClosed,
    GiftOffered,
    GiftChosen,
    GiftFulfilled,
    RedemptionReserved,
    RedemptionConfirmed,
    RedemptionCancelled,
    MemberLinked,
    MemberUnlinked,
)
