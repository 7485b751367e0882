"""When a community talks: hours of the day, days of the week, and nights when it is cold."""

from datetime import UTC, date, datetime, timedelta
from random import Random
from zoneinfo import ZoneInfo

# Share of the talk by local hour: a small peak at breakfast and at lunch, the great one in the evening.
HOURS = (4, 1, 0, 0, 0, 2, 10, 28, 36, 30, 26, 30, 52, 44, 26, 24, 26, 34, 44, 62, 96, 110, 78, 26)
WEEKEND_HOURS = (9, 4, 1, 0, 0, 1, 4, 12, 28, 46, 54, 50, 48, 44, 46, 48, 48, 46, 48, 62, 84, 92, 74, 36)
WEEKDAYS = (0.94, 0.97, 1.0, 0.98, 1.08, 1.22, 1.12)
"""Monday first."""
EVENING = 18
COLD_SHARE = 0.12
"""Of the evenings: nobody knows why, nothing happens."""


def busyness(day: date, is_cold: bool, chance: Random) -> float:
    """How much is said on a day, 1 being usual."""
    return WEEKDAYS[day.weekday()] * chance.uniform(0.82, 1.2) * (0.45 if is_cold else 1.0)


def moment(day: date, is_cold: bool, zone: ZoneInfo, chance: Random) -> datetime:
    """When a conversation of the day begins. On a cold evening none does."""
    shares = list(WEEKEND_HOURS if day.weekday() >= 5 else HOURS)
    if is_cold:
        shares[EVENING:] = [0] * (len(shares) - EVENING)
    hour = chance.choices(range(24), shares)[0]
    return at(day, hour + chance.random(), zone)


def at(day: date, hour: float, zone: ZoneInfo) -> datetime:
    """A local hour such as 20.5 in UTC, whole milliseconds. Hours from 24 on are of the next day."""
    midnight = datetime(day.year, day.month, day.day, tzinfo=zone)
    local = midnight + timedelta(milliseconds=round(hour * 3_600_000))
    return local.replace(microsecond=local.microsecond // 1000 * 1000).astimezone(UTC)
