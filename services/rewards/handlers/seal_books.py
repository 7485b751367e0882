"""Seals each past day of the books, and recomputes all of it to find what does not fit."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from hashlib import sha256

from services.rewards import metrics
from services.rewards.domain.score import DEFAULT_SCORE, evidence_hash
from services.rewards.store import books, months
from services.rewards.store.books import DIFFERENCES_MAX, Seal
from shared.postgres.connection import Connection, Pool

SEALED_AFTER = timedelta(hours=1)
"""By then whatever began on the day is written or gone."""
FIRST_DAY = datetime(2000, 1, 1, tzinfo=UTC)
SEALS_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class Difference:
    """Something that is not what it must be."""

    kind: str
    subject: str
    found: str
    expected: str


@dataclass(slots=True)
class Verified:
    """What was recomputed, and every difference (the first hundred of each kind)."""

    transactions: int = 0
    seals: int = 0
    months: int = 0
    differences: list[Difference] = field(default_factory=list)

    def differ(self, kind: str, subject: object, found: object, expected: object) -> None:
        """Note a difference."""
        if sum(each.kind == kind for each in self.differences) < DIFFERENCES_MAX:
            self.differences.append(Difference(kind, str(subject), str(found), str(expected)))


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


async def verify(connection: Connection, community_id: str) -> Verified:
    """Recompute a community's books: entries, balances, seals, paid messages, closed months."""
    found = Verified()
    async with connection.transaction(isolation="repeatable_read", readonly=True):
        await _verify_transactions(connection, community_id, found)
        for row in await books.wrong_balances(connection, community_id):
            found.differ("balance", f"{row['member_id']} {row['kind']}", row["balance"], row["entered"])
        for row in await books.wrong_earned(connection, community_id):
            found.differ("earned", row["member_id"], row["earned"], row["expected"])
        for row in await books.unpaid_awards(connection, community_id):
            found.differ("award", row["source"], row["award_id"], "an award that was not taken back")
        await _verify_months(connection, community_id, found)
    return found


async def _verify_transactions(connection: Connection, community_id: str, found: Verified) -> None:
    """One pass over all transactions by their day: their sums, and the chain of seals."""
    seals = await books.all_seals(connection, community_id)
    chain = b""
    async for row in books.days_of_hashes(connection, community_id):
        found.transactions += row["transactions"]
        computed = sha256(chain + row["hashes"]).digest()
        chain = _compare(seals, row["day"], chain, computed, row["transactions"], found)
        for wrong in row["wrong"] or ():
            identifier, total, moved, points = wrong.split(" ")
            found.differ("transaction", identifier, f"sum {total}, moved {moved}", f"0, {points}")
    for left in seals:
        found.differ("seal", left, "no transactions", seals[left].hash.hex())


def _compare(
    seals: dict[date, Seal], day: date, chain: bytes, computed: bytes, count: int, found: Verified
) -> bytes:
    """Compare a day with its seal; returns the hash that the next day is chained to."""
    seal = seals.pop(day, None)
    if seal is None:
        return chain
    found.seals += 1
    if seal.hash != computed or seal.previous != chain or seal.transactions != count:
        found.differ("seal", day, computed.hex(), seal.hash.hex())
    return seal.hash


async def _verify_months(connection: Connection, community_id: str, found: Verified) -> None:
    """The evidence of each closed month, from the facts as they are now."""
    closed: Sequence[months.Frozen] = await months.load_frozen(connection, community_id)
    facts = await months.load_month_facts(
        connection, [(community_id, each.month) for each in closed], DEFAULT_SCORE
    )
    for each in closed:
        computed = evidence_hash(
            community_id, each.month, facts[community_id, each.month], DEFAULT_SCORE, each.excluded
        )
        found.months += 1
        if computed != each.evidence_hash:
            found.differ("month", f"{each.month:%Y-%m}", computed, each.evidence_hash)
