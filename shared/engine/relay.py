"""Sends outbox rows to Kafka: per lane in order, without gaps, at least once, by one leased owner.

A row is sent again when its acknowledgement was not written down: the ids are the same, readers drop repeats.
"""

import asyncio
import time
from collections import deque
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import NamedTuple

import asyncpg
import structlog

from shared.engine import metrics
from shared.engine.outbox import unpack_headers
from shared.engine.sender import Letter, Sender
from shared.engine.settings import EngineSettings
from shared.postgres.connection import Pool

TAKE_CURSORS = """
    INSERT INTO outbox_cursor AS cursor (lane, owner, leased_until, epoch)
    SELECT lane, $2, clock_timestamp() + $3, 1 FROM unnest($1::int[]) AS lane ORDER BY lane
    ON CONFLICT (lane) DO UPDATE SET owner = excluded.owner, leased_until = excluded.leased_until,
        epoch = cursor.epoch + (cursor.owner IS DISTINCT FROM excluded.owner)::int
    WHERE cursor.owner = excluded.owner OR cursor.leased_until < clock_timestamp()
    RETURNING lane, seq, epoch
"""
# Lanes that nobody looks after: their owner died, or they are those of requests.
ORPHANS = "SELECT lane FROM outbox_cursor WHERE leased_until < clock_timestamp()"
WAITING = """
    SELECT c.lane, l.outbox_seq - c.seq AS waiting FROM outbox_cursor c JOIN lane l ON l.partition = c.lane
    WHERE c.lane = ANY($1::int[]) AND l.outbox_seq > c.seq
"""
READ_OUTBOX = """
    SELECT o.lane, o.seq, o.topic, o.partition, o.key, o.headers, o.payload, o.created_at
    FROM unnest($1::int[], $2::bigint[]) AS c (lane, seq)
    CROSS JOIN LATERAL (SELECT * FROM outbox WHERE outbox.lane = c.lane AND outbox.seq > c.seq
                        ORDER BY outbox.seq LIMIT $3) AS o
    ORDER BY o.lane, o.seq
"""
MOVE_CURSORS = """
    UPDATE outbox_cursor AS cursor SET seq = moved.seq
    FROM unnest($1::int[], $2::bigint[], $3::bigint[], $4::bigint[]) AS moved (lane, epoch, seq_before, seq)
    WHERE cursor.lane = moved.lane AND cursor.epoch = moved.epoch AND cursor.seq = moved.seq_before
    RETURNING cursor.lane
"""
GIVE_UP_CURSORS = """
    UPDATE outbox_cursor SET leased_until = '-infinity' WHERE lane = ANY($1::int[]) AND owner = $2
"""

FAILED_REST_SECONDS = 1.0
NOTHING_SENT_REST_SECONDS = 0.5
FRESH_ROWS_MAX = 20_000
"""Rows of a lane kept in memory; beyond, they are read back when their turn comes."""

log = structlog.get_logger(__name__)


class Waiting(NamedTuple):
    """A row of the outbox."""

    lane: int
    seq: int
    letter: Letter
    created_at: datetime


@dataclass(slots=True)
class Cursor:
    """How far a lane's outbox is sent, as its leased owner knows it."""

    lane: int
    seq: int
    epoch: int


@dataclass(slots=True)
class Relay:
    """Sends what this process's lanes have written, and what orphaned lanes still hold."""

    owner: str
    pool: Pool
    sender: Sender
    settings: EngineSettings
    cursors: dict[int, Cursor] = field(default_factory=dict)
    _fresh: dict[int, deque[Waiting]] = field(default_factory=dict)
    """By lane: rows that this process committed and has not sent, without a gap between them."""
    _wake: asyncio.Event = field(default_factory=asyncio.Event)
    _wanted: set[int] = field(default_factory=set)
    _retake: set[int] = field(default_factory=set)
    """Lanes whose cursor must be read again before anything more is sent of them."""
    _leased_at: float = float("-inf")

    def written(self, rows: Sequence[Waiting]) -> None:
        """These were just committed; kept in memory, as far as there is room, not to be read back."""
        for row in rows:
            fresh = self._fresh.setdefault(row.lane, deque())
            if fresh and (fresh[-1].seq + 1 != row.seq or len(fresh) >= FRESH_ROWS_MAX):
                fresh.clear()
            fresh.append(row)
        self._wake_for({row.lane for row in rows})

    def _wake_for(self, lanes: Iterable[int]) -> None:
        self._wanted.update(lanes)
        if self._wanted:
            self._wake.set()

    async def take(self, lanes: Collection[int]) -> None:
        """Lease the cursors of lanes, where nobody else holds them; sends what they left behind."""
        if not lanes:
            return
        from_now = timedelta(seconds=self.settings.relay_lease_seconds)
        async with self.pool.acquire() as connection:
            rows = await connection.fetch(TAKE_CURSORS, sorted(lanes), self.owner, from_now)
        for row in rows:
            held = self.cursors.get(row["lane"])
            if held is None or held.epoch != row["epoch"]:
                self.cursors[row["lane"]] = Cursor(row["lane"], row["seq"], row["epoch"])
        self._wake_for(row["lane"] for row in rows)

    async def run(self) -> None:
        """Send for ever: at once when woken, else a look every poll. Survives any failure of either side."""
        while True:
            try:
                if self._retake or time.monotonic() - self._leased_at > self.settings.relay_lease_seconds / 3:
                    await self._renew()
                await self._round()
            except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError, TimeoutError) as error:
                log.warning("the relay waits", action="relay_failed", error=type(error).__name__)
                await self._start_over()
            except Exception as error:
                log.error("the relay failed and goes on", action="relay_failed", exc_info=error)
                await self._start_over()

    async def drain(self, seconds_max: float) -> None:
        """Before the end: send what is written, for at most so long, and give the leases up."""
        ends = time.monotonic() + seconds_max
        self._wanted = set(self.cursors)
        while time.monotonic() < ends and await self._send_waiting():
            pass
        await self.give_up(list(self.cursors))
        await self.sender.close()

    async def give_up(self, lanes: Collection[int]) -> None:
        """Let others send what these lanes hold."""
        ours = [lane for lane in lanes if self.cursors.pop(lane, None) is not None]
        for lane in lanes:
            self._fresh.pop(lane, None)
        if ours:
            async with self.pool.acquire() as connection:
                await connection.execute(GIVE_UP_CURSORS, ours, self.owner)

    async def _start_over(self) -> None:
        """After a failure nothing is known of the cursors: read them again."""
        self._retake |= self.cursors.keys()
        self.cursors.clear()
        self._leased_at = float("-inf")
        await asyncio.sleep(FAILED_REST_SECONDS)

    async def _renew(self) -> None:
        """Prolong the leases, and take over what nobody looks after."""
        async with self.pool.acquire() as connection:
            orphans = {row["lane"] for row in await connection.fetch(ORPHANS)}
        await self.take(self.cursors.keys() | orphans | self._retake)
        self._retake.clear()
        self._leased_at = time.monotonic()

    async def _round(self) -> None:
        if await self._send_waiting():
            return
        self._wake.clear()
        if self._wanted:
            return
        try:
            await asyncio.wait_for(self._wake.wait(), self.settings.relay_poll_seconds)
        except TimeoutError:
            async with self.pool.acquire() as connection:
                rows = await connection.fetch(WAITING, list(self.cursors))
            self._wanted |= {row["lane"] for row in rows}
            metrics.OUTBOX_WAITING.set(sum(row["waiting"] for row in rows))
            if not rows:
                metrics.OUTBOX_AGE_SECONDS.set(0)

    async def _send_waiting(self) -> bool:
        """One round over the lanes that may hold something; whether there may be more."""
        cursors = [self.cursors[lane] for lane in sorted(self._wanted) if lane in self.cursors]
        self._wanted = set()
        rows = await self._next_rows(cursors)
        if not rows:
            return False
        _refuse_gaps(rows, self.cursors)
        sent = await self.sender.send([row.letter for row in rows])
        await self._move(_good_prefixes(rows, sent))
        oldest = min(row.created_at for row in rows)
        metrics.OUTBOX_AGE_SECONDS.set((datetime.now(UTC) - oldest).total_seconds())
        metrics.OUTBOX_SENT.inc(sum(sent))
        self._wanted |= {row.lane for row in rows if self._may_hold_more(row.lane)}
        if not any(sent):
            await asyncio.sleep(NOTHING_SENT_REST_SECONDS)
        return True

    def _may_hold_more(self, lane: int) -> bool:
        """False only when memory says that the lane's newest row is sent."""
        fresh, cursor = self._fresh.get(lane), self.cursors.get(lane)
        return not fresh or cursor is None or fresh[-1].seq > cursor.seq

    async def _next_rows(self, cursors: Sequence[Cursor]) -> list[Waiting]:
        """What follows each cursor: from memory where it is there, else from the table."""
        limit = self.settings.relay_rows_max
        rows: list[Waiting] = []
        unknown: list[Cursor] = []
        for cursor in cursors:
            fresh = self._fresh.get(cursor.lane, deque())
            while len(fresh) > 1 and fresh[0].seq <= cursor.seq:
                fresh.popleft()
            if fresh and fresh[0].seq == cursor.seq + 1:
                rows += islice(fresh, limit)
            else:
                unknown.append(cursor)
        return rows + (await self._read(unknown, limit) if unknown else [])

    async def _read(self, cursors: Sequence[Cursor], limit: int) -> list[Waiting]:
        lanes, seqs = [cursor.lane for cursor in cursors], [cursor.seq for cursor in cursors]
        async with self.pool.acquire() as connection:
            rows = await connection.fetch(READ_OUTBOX, lanes, seqs, limit)
        return [Waiting(row["lane"], row["seq"], _letter(row), row["created_at"]) for row in rows]

    async def _move(self, moved: Mapping[int, int]) -> None:
        """Note what is sent; a lane whose cursor somebody else moved is not ours any more."""
        cursors = [self.cursors[lane] for lane in sorted(moved)]
        if not cursors:
            return
        async with self.pool.acquire() as connection:
            rows = await connection.fetch(
                MOVE_CURSORS,
                [c.lane for c in cursors],
                [c.epoch for c in cursors],
                [c.seq for c in cursors],
                [moved[c.lane] for c in cursors],
            )
        ours = {row["lane"] for row in rows}
        for cursor in cursors:
            if cursor.lane in ours:
                cursor.seq = moved[cursor.lane]
            else:
                del self.cursors[cursor.lane]
                self._retake.add(cursor.lane)


class OutboxGap(Exception):
    """A number is missing in a lane's outbox: a broken promise of the writer."""


def _refuse_gaps(rows: Sequence[Waiting], cursors: Mapping[int, Cursor]) -> None:
    expected = {lane: cursor.seq for lane, cursor in cursors.items()}
    for row in rows:
        expected[row.lane] += 1
        if row.seq != expected[row.lane]:
            raise OutboxGap(f"lane {row.lane}: {row.seq} instead of {expected[row.lane]}")


def _good_prefixes(rows: Sequence[Waiting], sent: Iterable[bool]) -> dict[int, int]:
    """By lane: the last number before which nothing is unsent."""
    moved: dict[int, int] = {}
    broken: set[int] = set()
    for row, ok in zip(rows, sent, strict=True):
        if not ok:
            broken.add(row.lane)
        elif row.lane not in broken:
            moved[row.lane] = row.seq
    return moved


def _letter(row: asyncpg.Record) -> Letter:
    return Letter(
        row["topic"], row["partition"], row["key"].encode(), row["payload"], unpack_headers(row["headers"])
    )
