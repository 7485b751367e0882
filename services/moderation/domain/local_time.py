"""Hours and days of a community's own time: which an instant belongs to, and the same of earlier days."""

from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import NamedTuple
from zoneinfo import ZoneInfo

QUARTER_SECONDS = 900
"""Zones differ by whole quarters of an hour, and so do their midnights."""
QUARTER_US = QUARTER_SECONDS * 1_000_000
DAY = timedelta(days=1)


class Place(NamedTuple):
    """Where an instant lies."""

    hour: datetime
    """Start of the hour."""
    midnight: datetime
    """Start of the local day."""
    day: date
    """The local day."""


def place_of(moment: datetime, zone: str) -> Place:
    """The hour and the local day of an instant."""
    return place_of_quarter(quarter_of(moment), zone)


def quarter_of(moment: datetime) -> int:
    """Which quarter of an hour since 1970."""
    return int(moment.timestamp()) // QUARTER_SECONDS


@lru_cache(maxsize=4096)
def place_of_quarter(quarter: int, zone: str) -> Place:
    """The same of a quarter of an hour, counted from 1970."""
    moment = datetime.fromtimestamp(quarter * QUARTER_SECONDS, UTC)
    day = moment.astimezone(ZoneInfo(zone)).date()
    midnight = datetime(day.year, day.month, day.day, tzinfo=ZoneInfo(zone)).astimezone(UTC)
    return Place(moment.replace(minute=0), midnight, day)


def days_before(start: datetime, zone: str, days: int) -> list[datetime]:
    """The same local time on each of so many days before, nearest first."""
    local = start.astimezone(ZoneInfo(zone))
    return [(local - number * DAY).astimezone(UTC) for number in range(1, days + 1)]
