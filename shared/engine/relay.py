"""Sends outbox rows to Kafka: per lane in order, without gaps, at least once, by one leased owner.

A row is sent again when its acknowledgement was not written down: the ids are the same, readers drop repeats.
"""

import asyncio
import time
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

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

log = structlog.get_logger(__name__)


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
    _wake: asyncio.Event = field(default_factory=asyncio.Event)
    _wanted: set[int] = field(default_factory=set)
    _retake: set[int] = field(default_factory=set)
    """Lanes whose cursor must be read again before anything more is sent of them."""
    _leased_at: float = float("-inf")

    def wake(self, lanes: Mapping[int, int]) -> None:
        """There is something new in these lanes."""
        if lanes:
            self._wanted.update(lanes)
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
        self.wake({row["lane"]: row["seq"] for row in rows})

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
        lanes = [self.cursors[lane] for lane in sorted(self._wanted) if lane in self.cursors]
        self._wanted = set()
        if not lanes:
            return False
        async with self.pool.acquire() as connection:
            rows = await connection.fetch(
                READ_OUTBOX, [c.lane for c in lanes], [c.seq for c in lanes], self.settings.relay_rows_max
            )
        if not rows:
            return False
        _refuse_gaps(rows, self.cursors)
        sent = await self.sender.send([_letter(row) for row in rows])
        moved = _good_prefixes(rows, sent)
        metrics.OUTBOX_AGE_SECONDS.set(
            (datetime.now(UTC) - min(row["created_at"] for row in rows)).total_seconds()
        )
        await self._move(moved)
        metrics.OUTBOX_SENT.inc(sum(sent))
        self._wanted |= {row["lane"] for row in rows}
        if not all(sent) and not any(sent):
            await asyncio.sleep(0.5)
        return True

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


def _refuse_gaps(rows: Sequence[asyncpg.Record], cursors: Mapping[int, Cursor]) -> None:
    expected = {lane: cursor.seq for lane, cursor in cursors.items()}
    for row in rows:
        expected[row["lane"]] += 1
        if row["seq"] != expected[row["lane"]]:
            raise OutboxGap(f"lane {row['lane']}: {row['seq']} instead of {expected[row['lane']]}")


def _good_prefixes(rows: Sequence[asyncpg.Record], sent: Iterable[bool]) -> dict[int, int]:
    """By lane: the last number before which nothing is unsent."""
    moved: dict[int, int] = {}
    broken: set[int] = set()
    for row, ok in zip(rows, sent, strict=True):
        if not ok:
            broken.add(row["lane"])
        elif row["lane"] not in broken:
            moved[row["lane"]] = row["seq"]
    return moved


def _letter(row: asyncpg.Record) -> Letter:
    return Letter(
        row["topic"], row["partition"], row["key"].encode(), row["payload"], unpack_headers(row["headers"])
    )
