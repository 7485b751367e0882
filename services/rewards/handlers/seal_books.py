"""Seals each past day of the books, so that a row that is changed later shows."""

from datetime import UTC, date, datetime, time, timedelta
from hashlib import sha256

from services.rewards import metrics
from services.rewards.store import books
from services.rewards.store.books import Seal
from shared.postgres.connection import Connection, Pool

SEALED_AFTER = timedelta(hours=1)
"""By then whatever began on the day is written or gone."""
FIRST_DAY = datetime(2000, 1, 1, tzinfo=UTC)
SEALS_AT_ONCE = 500


async def seal_books(pool: Pool, now: datetime) -> int:
    """Seal every day that ended an hour ago and has no seal; returns how many."""
    today = (now - SEALED_AFTER).astimezone(UTC).date()
    async with pool.acquire() as connection:
        last = await books.last_sealed(connection)
        # a few days back: another community's day may have been left when the process ended
        since = _midnight(last) - timedelta(days=7) if last else FIRST_DAY
        days = await books.unsealed(connection, since, _midnight(today), SEALS_AT_ONCE)
        for community_id, day in days:
            async with connection.transaction(isolation="repeatable_read"):
                await _seal(connection, community_id, day)
    metrics.DAYS_SEALED.inc(len(days))
    return len(days)


async def _seal(connection: Connection, community_id: str, day: date) -> None:
    previous = await books.last_hash(connection, community_id)
    digest, count = sha256(previous), 0
    begins, ends = _midnight(day), _midnight(day + timedelta(days=1))
    async for each in books.day_hashes(connection, community_id, begins, ends):
        digest.update(each)
        count += 1
    await books.add_seal(connection, community_id, Seal(day, count, previous, digest.digest()))


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)
