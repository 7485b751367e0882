"""Recomputes all of a community's books from their entries, to find what does not fit."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import date
from hashlib import sha256
from typing import Any

from services.rewards.domain.score import DEFAULT_SCORE, evidence_hash
from services.rewards.store import books, months, recount
from services.rewards.store.books import Seal
from services.rewards.store.month_facts import load_month_facts
from services.rewards.store.recount import DIFFERENCES_MAX, Slice
from shared.postgres.connection import Connection, Pool

AT_ONCE = 3
"""Connections that read at the same time."""
SLICE_TRANSACTIONS = 50_000


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


@dataclass(frozen=True, slots=True)
class VerifyBooks:
    """Entries, balances, seals, what is paid, closed months; one community at a time, of one moment."""

    pool: Pool
    slice_transactions: int = SLICE_TRANSACTIONS
    alone: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def __call__(self, community_id: str) -> Verified:
        """Recompute, and tell every difference."""
        found = Verified()
        async with self.alone, self._readers() as readers:
            seals = await books.all_seals(readers[0], community_id)
            chain = Chain(seals)
            async for parts in _side_by_side(readers[0], self.slice_transactions):
                reads = (
                    recount.days_of_slice(reader, community_id, part)
                    for reader, part in zip(readers, parts, strict=False)
                )
                for rows in await asyncio.gather(*reads):
                    for row in rows:
                        _take(row, chain, found)
            chain.compare(found)
            await _verify_sums(readers, community_id, found)
            await _verify_months(readers[0], community_id, found)
        return found

    @asynccontextmanager
    async def _readers(self) -> AsyncIterator[list[Connection]]:
        """Connections that see the same state."""
        async with AsyncExitStack() as stack:
            readers: list[Connection] = []
            snapshot = None
            for _ in range(AT_ONCE):
                connection = await stack.enter_async_context(self.pool.acquire())
                snapshot = await stack.enter_async_context(recount.reading(connection, snapshot))
                readers.append(connection)
            yield readers


@dataclass(slots=True)
class Chain:
    """Seals by day, beside what is computed of each day."""

    seals: Mapping[date, Seal]
    computed: dict[date, Any] = field(init=False)
    counts: dict[date, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.computed = {day: sha256(before) for day, before in self._before().items()}

    def add(self, day: date, transactions: int, hashes: bytes) -> None:
        """Hashes of a day's transactions, in order of their ids."""
        if day in self.computed:
            self.computed[day].update(hashes)
            self.counts[day] = self.counts.get(day, 0) + transactions

    def compare(self, found: Verified) -> None:
        """Note each seal that is not of what is in the books, or not chained to the one before."""
        for (day, seal), before in zip(sorted(self.seals.items()), self._before().values(), strict=True):
            hashed, count = self.computed[day].digest(), self.counts.get(day, 0)
            found.seals += 1
            if (seal.hash, seal.previous, seal.transactions) != (hashed, before, count):
                found.differ("seal", day, hashed.hex() if count else "no transactions", seal.hash.hex())

    def _before(self) -> dict[date, bytes]:
        """By day, in order, what its seal is chained to."""
        hashes = [b"", *(seal.hash for _, seal in sorted(self.seals.items()))]
        return dict(zip(sorted(self.seals), hashes, strict=False))


async def _side_by_side(connection: Connection, transactions: int) -> AsyncIterator[list[Slice]]:
    """As many slices as there are readers, then the next."""
    parts = []
    async for part in recount.slices(connection, transactions):
        parts.append(part)
        if len(parts) == AT_ONCE:
            yield parts
            parts = []
    if parts:
        yield parts


def _take(row: Any, chain: Chain, found: Verified) -> None:
    if row["day"] is not None:
        found.transactions += row["transactions"]
        chain.add(row["day"], row["transactions"], row["hashes"])
    for wrong in row["wrong"] or ():
        identifier, total, moved, points = wrong.split(" ")
        found.differ("transaction", identifier, f"sum {total}, moved {moved}", f"0, {points}")


async def _verify_sums(readers: Sequence[Connection], community_id: str, found: Verified) -> None:
    balances, earned, awards = await asyncio.gather(
        recount.wrong_balances(readers[0], community_id),
        recount.wrong_earned(readers[1], community_id),
        recount.unpaid_awards(readers[2], community_id),
    )
    for row in balances:
        found.differ("balance", f"{row['member_id']} {row['kind']}", row["balance"], row["entered"])
    for row in earned:
        found.differ("earned", row["member_id"], row["earned"], row["expected"])
    for row in awards:
        found.differ("award", row["source"], row["award_id"], "an award that was not taken back")


async def _verify_months(connection: Connection, community_id: str, found: Verified) -> None:
    """The evidence of each closed month, from the facts as they are now."""
    closed: Sequence[months.Frozen] = await months.load_frozen(connection, community_id)
    facts = await load_month_facts(connection, [(community_id, each.month) for each in closed], DEFAULT_SCORE)
    for each in closed:
        computed = evidence_hash(
            community_id, each.month, facts[community_id, each.month], DEFAULT_SCORE, each.excluded
        )
        found.months += 1
        if computed != each.evidence_hash:
            found.differ("month", f"{each.month:%Y-%m}", computed, each.evidence_hash)
