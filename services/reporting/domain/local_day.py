"""Which day of the community a moment belongs to."""

from datetime import date, datetime
from zoneinfo import ZoneInfo


def local_date(moment: datetime, zone: ZoneInfo) -> date:
    """The date in the zone. Raises OverflowError for the first and last hours that a calendar has."""
    return moment.astimezone(zone).date()


class Today:
    """The date of the community's clock, remembered: a batch asks again and again for the same moment."""

    __slots__ = ("_date", "_moment", "_zone")

    def __init__(self) -> None:
        self._moment: datetime | None = None
        self._zone: ZoneInfo | None = None
        self._date = date.min

    def of(self, now: datetime, zone: ZoneInfo) -> date:
        """`local_date(now, zone)`."""
        if now is not self._moment or zone is not self._zone:
            self._moment, self._zone, self._date = now, zone, local_date(now, zone)
        return self._date
