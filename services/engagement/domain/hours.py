"""Hours of a community's own time: which one a moment lies in, and which of the week's 168 it is."""

from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import NamedTuple
from zoneinfo import ZoneInfo

HOURS_A_WEEK = 168
QUARTER_SECONDS = 900
"""Zones differ from UTC by whole quarters of an hour."""
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


class LocalHour(NamedTuple):
    """An hour of the clock on the wall."""

    starts_at: datetime
    """In UTC."""
    cell: int
    """Of the week: 0 is Monday from midnight to one."""
    day: date


def hour_of(moment: datetime, zone: str) -> LocalHour:
    """The local hour that holds the moment."""
    return _hour_of_quarter(int(moment.timestamp()) // QUARTER_SECONDS, zone)


@lru_cache(maxsize=8192)
def _hour_of_quarter(quarter: int, zone: str) -> LocalHour:
    moment = datetime.fromtimestamp(quarter * QUARTER_SECONDS, UTC)
    local = moment.astimezone(ZoneInfo(zone))
    starts_at = moment - timedelta(minutes=local.minute)
    return LocalHour(starts_at, local.weekday() * 24 + local.hour, local.date())


def midnight(day: date, zone: str) -> datetime:
    """The first moment of a local date, in UTC."""
    return datetime.combine(day, time.min, ZoneInfo(zone)).astimezone(UTC)


def at_local(day: date, moment: time, zone: str) -> datetime:
    """A local time of a date, in UTC; a time that the clocks skip is as late as it would have been."""
    return datetime.combine(day, moment, ZoneInfo(zone)).astimezone(UTC)


def hours_of_day(day: date, zone: str) -> list[LocalHour]:
    """The 23, 24 or 25 hours of a local date, in order."""
    moment, end = midnight(day, zone), midnight(day + DAY, zone)
    hours = []
    while moment < end:
        hours.append(hour_of(moment, zone))
        moment += HOUR
    return hours


def is_between(moment: time, begins: time, ends: time) -> bool:
    """Whether a local time lies in a span that may pass midnight; an empty span holds nothing."""
    if begins <= ends:
        return begins <= moment < ends
    return moment >= begins or moment < ends


def next_local(moment: datetime, wanted: time, zone: str) -> datetime:
    """The first moment not before this one at which the wall shows the wanted time, in UTC."""
    today = moment.astimezone(ZoneInfo(zone)).date()
    due = at_local(today, wanted, zone)
    return due if due >= moment else at_local(today + DAY, wanted, zone)
