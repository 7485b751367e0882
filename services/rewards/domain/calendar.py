"""Local days and months of a community, and when a month closes."""

from datetime import UTC, date, datetime, timedelta, tzinfo

GRACE = timedelta(hours=24)
"""How long after its end a month waits for late events."""


def month_of(day: date) -> date:
    """The first day of the month."""
    return day.replace(day=1)


def month_after(month: date) -> date:
    """The first day of the next month."""
    return (month.replace(day=28) + timedelta(days=4)).replace(day=1)


def first_instant(day: date, zone: tzinfo) -> datetime:
    """When the day begins in the zone, in UTC; where clocks skip midnight, when they skip it."""
    return datetime(day.year, day.month, day.day, tzinfo=zone).astimezone(UTC)


def closes_at(month: date, zone: tzinfo) -> datetime:
    """When the month may be closed: the first instant of the next one, and the grace."""
    return first_instant(month_after(month), zone) + GRACE


def days_near(local: datetime, seconds: int) -> tuple[date, ...]:
    """The other local days that a moment less than `seconds` (at most 3600) away may lie in."""
    # The hour 1 is beside midnight on the day when clocks go from 0:00 to 1:00.
    if 1 < local.hour < 23:
        return ()
    moment, day = local.astimezone(UTC), local.date()
    shifts = (timedelta(seconds=-seconds), timedelta(seconds=seconds))
    beside = ((moment + shift).astimezone(local.tzinfo).date() for shift in shifts)
    return tuple(other for other in beside if other != day)
