"""A community's calendar: on which local date a moment lies, and when that date ends."""

from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import NamedTuple

ONE_DAY = timedelta(days=1)


class LocalDay(NamedTuple):
    """A date of a time zone; it may last 23, 24 or 25 hours."""

    date: date
    ends_at: datetime
    """The first moment of the next date, in UTC."""


def local_day(moment: datetime, zone: tzinfo) -> LocalDay:
    """The date on which an aware moment lies. Raises OverflowError at either end of the calendar."""
    here = moment.astimezone(zone).date()
    midnight = datetime.combine(here + ONE_DAY, time.min, tzinfo=zone)
    return LocalDay(here, midnight.astimezone(UTC))
