"""What earns points and how many: the default rule set, as data with a version."""

from dataclasses import dataclass, field
from enum import StrEnum

COOLDOWN_SECONDS_MAX = 3600
"""So that only the days beside a message's own can hold a paid message inside its cooldown."""
PAID_PER_DAY_MAX = 200


class RuleName(StrEnum):
    """The rules by which points are earned."""

    MESSAGE = "message"
    CHECKIN = "checkin"


class BadRule(ValueError):
    """A rule that no community may have; the message names the field and its limits."""


@dataclass(frozen=True, slots=True)
class MessageRule:
    """Points for a substantive message, at most so many a local day, none too close to another paid one."""

    points: int = 2
    cooldown_seconds: int = 60
    paid_per_day_max: int = 20

    def __post_init__(self) -> None:
        _within("message.points", self.points, 0, 1_000)
        _within("message.cooldown_seconds", self.cooldown_seconds, 0, COOLDOWN_SECONDS_MAX)
        _within("message.paid_per_day_max", self.paid_per_day_max, 0, PAID_PER_DAY_MAX)


@dataclass(frozen=True, slots=True)
class CheckinRule:
    """Points for a check-in, and more for each full week of an unbroken streak, up to a bonus."""

    points: int = 5
    bonus_per_week: int = 1
    bonus_max: int = 5

    def __post_init__(self) -> None:
        _within("checkin.points", self.points, 0, 1_000)
        _within("checkin.bonus_per_week", self.bonus_per_week, 0, 1_000)
        _within("checkin.bonus_max", self.bonus_max, 0, 1_000)

    def points_for(self, streak_days: int) -> int:
        """Points of a check-in that makes the streak so many days long."""
        return self.points + min(self.bonus_max, self.bonus_per_week * (streak_days // 7))


@dataclass(frozen=True, slots=True)
class RuleSet:
    """All earning rules of a community. What was earned keeps the version that it was earned by."""

    version: int
    message: MessageRule = field(default_factory=MessageRule)
    checkin: CheckinRule = field(default_factory=CheckinRule)


def _within(name: str, value: int, lowest: int, highest: int) -> None:
    if not lowest <= value <= highest:
        raise BadRule(f"{name} is {value}, it must be {lowest} to {highest}")


DEFAULT_RULES = RuleSet(version=1)
