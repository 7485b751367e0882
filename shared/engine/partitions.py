"""Partitions of inbox and outbox: made before they are written, dropped when their time is over."""

from collections.abc import Iterable
from datetime import date, timedelta

from shared.contracts.identity import WEEK_MS, id_milliseconds
from shared.postgres.connection import Pool

ENSURE_INBOX_WEEK = "SELECT ensure_inbox_week($1)"
ENSURE_OUTBOX_DAY = "SELECT ensure_outbox_day($1)"
DROP_INBOX_WEEKS = "SELECT drop_inbox_weeks($1)"
DROP_OUTBOX_DAYS = "SELECT drop_outbox_days()"


def inbox_week(event_id: str) -> int:
    """The week, counted from 1970, whose partition holds an id."""
    return id_milliseconds(event_id) // WEEK_MS


class Partitions:
    """Remembers which partitions are there, so that only a new week or day costs a statement."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self._weeks: set[int] = set()
        self._weeks_written: set[int] = set()
        self._days: set[date] = set()

    async def ensure(self, event_ids: Iterable[str], today: date) -> None:
        """Make what these ids and today's outbox rows need, each in a transaction of its own."""
        # The first eight digits are 65.5 s: few of them stand for many ids. A week may end in between.
        spans = {event_id[:8] for event_id in event_ids}
        weeks = {inbox_week(span + end) for span in spans for end in ("-0000", "-ffff")}
        self._weeks_written |= weeks
        for week in sorted(weeks - self._weeks):
            await self._pool.execute(ENSURE_INBOX_WEEK, week)
            self._weeks.add(week)
        if today not in self._days:
            for day in (today, today + timedelta(days=1)):
                await self._pool.execute(ENSURE_OUTBOX_DAY, day)
            self._days.add(today)

    def forget(self) -> None:
        """Ask the database again next time: another process may have dropped one."""
        self._weeks.clear()
        self._days.clear()

    async def upkeep(self, horizon: timedelta) -> None:
        """Note which weeks were written lately, and drop what is past its horizon."""
        written, self._weeks_written = self._weeks_written, set()
        for week in sorted(written):
            await self._pool.execute(ENSURE_INBOX_WEEK, week)
        await self._pool.execute(DROP_INBOX_WEEKS, horizon)
        await self._pool.execute(DROP_OUTBOX_DAYS)
        self.forget()
