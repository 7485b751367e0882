"""What earns points and what is done with them: a community's rules, as data with versions.

An event is judged by the version that was in force when it happened. What was earned keeps its version.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple

COOLDOWN_SECONDS_MAX = 3600
"""So that only the days beside a message's own can hold a paid message inside its cooldown."""
PAID_PER_DAY_MAX = 200
POINTS_MAX = 1_000
LEVELS_MAX = 20
LEVEL_POINTS_MAX = 1_000_000_000
STRICT = {"extra": "forbid", "strict": True}
"""Read from outside, a field that nobody knows is a mistake, and so is a number as text."""


class RuleName(StrEnum):
    """The rules by which points are earned."""

    MESSAGE = "message"
    CHECKIN = "checkin"
    THANKS = "thanks"
    REACTION = "reaction"
    INTRODUCTION = "introduction"
    EVENT = "event"
    IDEA = "idea"
    REFERRAL = "referral"


class BadRule(ValueError):
    """A rule that no community may have; the message names the field and its limits."""


def _within(name: str, value: float, lowest: float, highest: float) -> None:
    if not lowest <= value <= highest:
        raise BadRule(f"{name} is {value}, it must be {lowest} to {highest}")


@dataclass(frozen=True, slots=True)
class MessageRule:
    """Points for a substantive message, at most so many a local day, none too close to another paid one.

    A message that is as similar as `similarity_max` to one of the day's last five paid ones is not paid.
    """

    __pydantic_config__ = STRICT
    points: int = 2
    cooldown_seconds: int = 60
    paid_per_day_max: int = 20
    similarity_max: float = 0.85

    def __post_init__(self) -> None:
        _within("message.points", self.points, 0, POINTS_MAX)
        _within("message.cooldown_seconds", self.cooldown_seconds, 0, COOLDOWN_SECONDS_MAX)
        _within("message.paid_per_day_max", self.paid_per_day_max, 0, PAID_PER_DAY_MAX)
        _within("message.similarity_max", self.similarity_max, 0.5, 2.0)


@dataclass(frozen=True, slots=True)
class CheckinRule:
    """Points for a check-in, and more for each full week of an unbroken streak, up to a bonus."""

    __pydantic_config__ = STRICT
    points: int = 5
    bonus_per_week: int = 1
    bonus_max: int = 5

    def __post_init__(self) -> None:
        _within("checkin.points", self.points, 0, POINTS_MAX)
        _within("checkin.bonus_per_week", self.bonus_per_week, 0, POINTS_MAX)
        _within("checkin.bonus_max", self.bonus_max, 0, POINTS_MAX)

    def points_for(self, streak_days: int) -> int:
        """Points of a check-in that makes the streak so many days long."""
        return self.points + min(self.bonus_max, self.bonus_per_week * (streak_days // 7))


@dataclass(frozen=True, slots=True)
class CountedRule:
    """Points for something that others give, at most so often a local day."""

    __pydantic_config__ = STRICT
    points: int
    paid_per_day_max: int

    def __post_init__(self) -> None:
        _within("points", self.points, 0, POINTS_MAX)
        _within("paid_per_day_max", self.paid_per_day_max, 0, PAID_PER_DAY_MAX)


@dataclass(frozen=True, slots=True)
class ReferralRule:
    """Points for an invitee who stays so many days and writes so many substantive messages."""

    __pydantic_config__ = STRICT
    points: int = 20
    stay_days: int = 7
    messages_min: int = 3
    wait_days_max: int = 30
    """Who has not written enough by then is no referral any more."""
    keep_days: int = 7
    """Who leaves within so many days after the payment takes it along."""

    def __post_init__(self) -> None:
        _within("referral.points", self.points, 0, POINTS_MAX)
        _within("referral.stay_days", self.stay_days, 1, 90)
        _within("referral.messages_min", self.messages_min, 0, 1_000)
        _within("referral.wait_days_max", self.wait_days_max, self.stay_days, 365)
        _within("referral.keep_days", self.keep_days, 0, 365)


@dataclass(frozen=True, slots=True)
class Level:
    """From so many earned points on; an empty title stands for the shipped one."""

    __pydantic_config__ = STRICT
    points: int
    title: str = ""
    privileges: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        _within("level.points", self.points, 1, LEVEL_POINTS_MAX)
        _within("level.title", len(self.title), 0, 100)
        _within("level.privileges", len(self.privileges), 0, 20)


@dataclass(frozen=True, slots=True)
class AwardRule:
    """The monthly award: where it is published, and how long winners may choose."""

    __pydantic_config__ = STRICT
    channel_id: str = ""
    """Empty: it is not said in the chat."""
    choose_days: int = 7
    dead_letter_hours_max: int = 72
    """So long a month's close waits for what was set aside of it."""

    def __post_init__(self) -> None:
        _within("award.channel_id", len(self.channel_id), 0, 255)
        _within("award.choose_days", self.choose_days, 1, 60)
        _within("award.dead_letter_hours_max", self.dead_letter_hours_max, 0, 24 * 30)


@dataclass(frozen=True, slots=True)
class RedemptionRule:
    """How often a member may redeem in a local month, and how long points stay set aside."""

    __pydantic_config__ = STRICT
    per_member_month_max: int = 5
    reserved_hours_max: int = 72

    def __post_init__(self) -> None:
        _within("redemption.per_member_month_max", self.per_member_month_max, 0, 1_000)
        _within("redemption.reserved_hours_max", self.reserved_hours_max, 1, 24 * 60)


DEFAULT_LEVELS = (Level(50), Level(200), Level(600), Level(1_500), Level(4_000))


@dataclass(frozen=True, slots=True)
class RuleSet:
    """All rules of a community, in one version."""

    __pydantic_config__ = STRICT
    version: int = 0
    message: MessageRule = field(default_factory=MessageRule)
    checkin: CheckinRule = field(default_factory=CheckinRule)
    thanks: CountedRule = CountedRule(5, 10)
    reaction: CountedRule = CountedRule(1, 20)
    introduction: int = 10
    event: int = 10
    idea: int = 10
    referral: ReferralRule = field(default_factory=ReferralRule)
    levels: tuple[Level, ...] = DEFAULT_LEVELS
    level_grace_days: int = 7
    """So long a level is kept after its points are gone."""
    award: AwardRule = field(default_factory=AwardRule)
    redemption: RedemptionRule = field(default_factory=RedemptionRule)
    adjustment_alone_max: int = 200
    """Above it a manual adjustment needs a second person."""
    expire_after_days: int = 0
    """A wallet in which nothing moved for so long is emptied at the month's close; 0: never."""

    def __post_init__(self) -> None:
        _within("introduction", self.introduction, 0, POINTS_MAX)
        _within("event", self.event, 0, POINTS_MAX)
        _within("idea", self.idea, 0, POINTS_MAX)
        _within("level_grace_days", self.level_grace_days, 0, 365)
        _within("adjustment_alone_max", self.adjustment_alone_max, 0, LEVEL_POINTS_MAX)
        _within("expire_after_days", self.expire_after_days, 0, 3_650)
        _within("levels", len(self.levels), 0, LEVELS_MAX)
        if any(lower.points >= upper.points for lower, upper in zip(self.levels, self.levels[1:])):  # noqa: B905
            raise BadRule("levels must need more points each than the one before")

    def level_of(self, earned: int) -> int:
        """The level of so many earned points; 0 below the first."""
        return sum(earned >= level.points for level in self.levels)


DEFAULT_RULES = RuleSet(version=1)


class InForce(NamedTuple):
    """A version, and from when on it is in force."""

    since: datetime
    rules: RuleSet


def in_force(versions: Sequence[InForce], at: datetime, default: RuleSet = DEFAULT_RULES) -> RuleSet:
    """The rules at a moment: of the versions that had begun, the one with the highest number."""
    for version in reversed(versions):
        if version.since <= at:
            return version.rules
    return default
