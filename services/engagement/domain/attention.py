"""A channel's attention: how much Hearth says there by itself in a day, what goes first, and when not."""

from dataclasses import dataclass
from datetime import datetime, time, timedelta
from enum import StrEnum
from typing import Literal, NamedTuple
from zoneinfo import ZoneInfo

from services.engagement.domain.hours import is_between, next_local

POSTS_A_DAY = 8


class PostKind(StrEnum):
    """What Hearth says by itself; answers to what a member asks of it are not among these."""

    SESSION = "session"
    ANNOUNCEMENT = "announcement"
    WELCOME = "welcome"
    FORM = "form"
    CALENDAR = "calendar"
    CHECKIN = "checkin"
    QUESTION = "question"
    WARMUP = "warmup"
    CARE = "care"


SHARES = {
    PostKind.SESSION: 1.0,
    PostKind.ANNOUNCEMENT: 1.0,
    PostKind.WELCOME: 0.9,
    PostKind.FORM: 0.9,
    PostKind.CALENDAR: 0.75,
    PostKind.CHECKIN: 0.75,
    PostKind.QUESTION: 0.75,
    PostKind.WARMUP: 0.5,
    PostKind.CARE: 0.5,
}
"""How much of a day's budget must be left for it: what matters less stops earlier."""
Refused = Literal["quiet_hours", "budget", "cannot_send", "stale", "talking"]


@dataclass(frozen=True, slots=True)
class Quiet:
    """When a community is left alone, in its own time."""

    begins: time
    ends: time
    zone: str

    def holds(self, moment: datetime) -> bool:
        """Whether the moment lies in the quiet hours."""
        return is_between(moment.astimezone(ZoneInfo(self.zone)).time(), self.begins, self.ends)

    def after(self, moment: datetime) -> datetime:
        """The end of the quiet hours that hold the moment."""
        return next_local(moment, self.ends, self.zone)


class Ruling(NamedTuple):
    """What is done with a post now."""

    sends: bool
    reason: Refused | None = None
    again_at: datetime | None = None
    """When to ask again; None: never."""


def rule(
    kind: PostKind, now: datetime, sent_today: int, quiet: Quiet, latest: datetime, posts_a_day: int
) -> Ruling:
    """Whether something may be said in a channel now, or by `latest`, or not at all.

    A hosted session has an hour of its host's choice and a channel of its own: only it passes quiet hours.
    """
    if now > latest:
        return Ruling(False, "stale")
    if kind is not PostKind.SESSION and quiet.holds(now):
        return _later("quiet_hours", quiet.after(now), latest)
    if kind is not PostKind.SESSION and sent_today >= max(1, int(posts_a_day * SHARES[kind])):
        tomorrow = next_local(now + timedelta(seconds=1), time(0), quiet.zone)
        opens = quiet.after(tomorrow) if quiet.holds(tomorrow) else tomorrow
        return _later("budget", opens, latest)
    return Ruling(True)


def _later(reason: Refused, again_at: datetime, latest: datetime) -> Ruling:
    return Ruling(False, reason, again_at if again_at <= latest else None)
