"""The time of an IRC log's lines: a date, times of day that may pass midnight, and lines without a time.

Some logs are written on a clock of twelve hours without saying so: in them 11:59 is followed by 00:00 twice
a day. A log that never showed an hour from 12 on is taken for one of these where it does that.
"""

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

NOON_HOUR = 12
HALF_A_DAY = timedelta(hours=12)
MINUTE = timedelta(minutes=1)
SECOND = timedelta(seconds=1)


@dataclass(slots=True)
class LogClock:
    """Knows the present line's time; a line without one has that of the line before."""

    day: date
    zone: ZoneInfo
    _written: time = field(default=time(0, 0), init=False)
    _is_afternoon: bool = field(default=False, init=False)
    _shows_24_hours: bool = field(default=False, init=False)
    _shows_seconds: bool = field(default=False, init=False)
    _latest: datetime | None = field(default=None, init=False)

    def leaves(self, written: time | None) -> bool:
        """Whether a line of this time of day begins a new minute (or second, where the log knows them)."""
        return written is not None and written != self._written

    def move(self, written: time | None) -> None:
        """Go to a line's time of day. One that is over half a day earlier is of the next date."""
        if written is None:
            return
        if not self._shows_24_hours and self._written.hour == NOON_HOUR - 1 and written.hour == 0:
            self.day += timedelta(days=int(self._is_afternoon))
            self._is_afternoon = not self._is_afternoon
        elif _since_midnight(self._written) - _since_midnight(written) > HALF_A_DAY:
            self.day += timedelta(days=1)
        self._shows_24_hours = self._shows_24_hours or written.hour >= NOON_HOUR
        self._shows_seconds = self._shows_seconds or written.second != 0
        self._written = written

    def spread(self, count: int) -> list[datetime]:
        """Moments in UTC for the lines of the present minute, evenly, never before an earlier line's."""
        start = self._start(fold=0)
        if self._latest is not None and start < self._latest:
            start = self._not_before(self._latest, start)
        step = (SECOND if self._shows_seconds else MINUTE) / max(1, count)
        moments = [_whole_milliseconds(start + position * step) for position in range(count)]
        if moments:
            self._latest = moments[-1]
        return moments

    def _start(self, fold: int) -> datetime:
        hour = self._written.hour + NOON_HOUR * int(self._is_afternoon and self._written.hour < NOON_HOUR)
        local = datetime.combine(self.day, self._written.replace(hour=hour), self.zone)
        return local.replace(fold=fold).astimezone(UTC)

    def _not_before(self, latest: datetime, start: datetime) -> datetime:
        """An hour that is told twice when clocks are set back is meant the second time."""
        again = self._start(fold=1)
        if again >= latest:
            return again
        return latest if latest - start < MINUTE else start


def _since_midnight(moment: time) -> timedelta:
    return timedelta(hours=moment.hour, minutes=moment.minute, seconds=moment.second)


def _whole_milliseconds(moment: datetime) -> datetime:
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)
