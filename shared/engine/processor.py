"""Carries batches through their transactions: retries, isolation of poison, small steps after a crash."""

import asyncio
import random
import time
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC

import structlog

from shared.contracts.partitioning import partition_of
from shared.engine import metrics
from shared.engine.breaker import Breaker, runs_of
from shared.engine.careful import careful_steps, spare_the_suspects
from shared.engine.effects import Effects
from shared.engine.errors import Fenced, is_outage, is_poison
from shared.engine.event import Timer
from shared.engine.frozen import end_frozen
from shared.engine.holdings import Holdings
from shared.engine.inbox import Repeated
from shared.engine.lane import Lane, suspect_records
from shared.engine.log_ends import now
from shared.engine.outbox import letter_of
from shared.engine.partitions import Partitions
from shared.engine.place import Places
from shared.engine.plan import Parcel, Plan, make_plan
from shared.engine.progress import Announcer
from shared.engine.record import Decoded
from shared.engine.relay import Relay, Waiting
from shared.engine.report import report_batch
from shared.engine.rounds import View, ready_timers
from shared.engine.timers import due_of_lanes
from shared.engine.transaction import Transaction

FAILED_REST_SECONDS = 5.0
BACKOFF_SECONDS_MIN, BACKOFF_SECONDS_MAX = 0.05, 5.0

log = structlog.get_logger(__name__)
Run = list[Decoded]


@dataclass(slots=True)
class Processor:
    """The only place that changes lanes; one transaction of them at a time."""

    holdings: Holdings
    effects: Effects
    announcer: Announcer
    relay: Relay
    partitions: Partitions
    places: Places
    stopping: bool = False
    turned_at: float = field(default_factory=time.monotonic)
    """Process time of this loop's last sign of life."""
    _lock: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def handle(self, decoded: Sequence[Decoded]) -> None:
        """Take one poll's records through; what cannot be taken now is read again later. Never raises."""
        async with self._lock:
            runs = self._by_lane(decoded)
            deadline = time.monotonic() + self.holdings.settings.retry_seconds_max
            delay = BACKOFF_SECONDS_MIN
            while runs and not self.stopping:
                self.turned_at = time.monotonic()
                runs = {partition: runs[partition] for partition in await self._attempt(runs)}
                if not runs:
                    return
                if time.monotonic() + delay > deadline:
                    break
                metrics.RETRIES.inc()
                await asyncio.sleep(delay * random.uniform(0.5, 1.5))  # noqa: S311
                delay = min(delay * 2, BACKOFF_SECONDS_MAX)
            for partition in runs:
                self.holdings.rest(partition, FAILED_REST_SECONDS)

    async def tick(self) -> None:
        """Fire timers due by the wall clock and speak of progress. Raises what the database raises."""
        async with self._lock:
            holdings = self.holdings
            holdings.wake_rested()
            workable = holdings.workable()
            for partition in await self._claim(workable):
                holdings.read_on(partition)
            lanes = {n: lane for n, lane in holdings.lanes.items() if n in workable}
            clocks = {n: clock for n, lane in lanes.items() if (clock := holdings.clock(lane)) is not None}
            async with holdings.pool.acquire() as connection:
                due = await due_of_lanes(connection, clocks)
            ready = ready_timers(View(lanes, Plan()), due)
            metrics.TIMER_LATE_SECONDS.set(_lateness(due, lanes))
            metrics.TIMERS_WAITING.set(len(due) - len(ready))
            wanted = {partition_of(timer.community_id) for timer in ready}
            wanted |= {n for n, lane in lanes.items() if self.announcer.is_due(lane)}
            if wanted and not self.stopping:
                await self._tick_lanes([lanes[n] for n in sorted(wanted)])

    async def stop(self) -> None:
        """Finish the batch in hand, then give the lanes back."""
        self.stopping = True
        await self.release(list(self.holdings.lanes))

    async def release(self, partitions: Collection[int]) -> None:
        """Give lanes back between two batches."""
        async with self._lock:
            await self.holdings.release(partitions)
            await self.relay.give_up(partitions)

    def _by_lane(self, decoded: Sequence[Decoded]) -> dict[int, Run]:
        runs: dict[int, Run] = {}
        workable = self.holdings.workable()
        for each in decoded:
            if each.record.partition in workable:
                runs.setdefault(each.record.partition, []).append(each)
        return runs

    async def _attempt(self, runs: Mapping[int, Run]) -> list[int]:
        """Lanes share a few transactions at a time; of one that fails, each alone. Returns those to repeat.

        A lane that fails for reasons of its own rests, so that the others need not wait for it.
        """
        groups = _shares(list(runs), self.holdings.settings.transactions_at_once)
        outcomes = [self._settle({partition: runs[partition] for partition in group}) for group in groups]
        return [partition for again in await asyncio.gather(*outcomes) for partition in again]

    async def _settle(self, runs: Mapping[int, Run]) -> list[int]:
        """One transaction over these lanes, or one for each; returns those to be tried again soon."""
        error = await self._try(runs)
        if error is None:
            return []
        if is_outage(error):
            return list(runs)
        again = []
        for partition in runs:
            error = await self._try({partition: runs[partition]}) if len(runs) > 1 else error
            if error is not None and is_outage(error):
                again.append(partition)
            elif error is not None:
                self.holdings.rest_after_failure(partition)
        return again

    async def _try(self, runs: Mapping[int, Run]) -> Exception | None:
        """Take these lanes' records through; returns what stopped it, if anything did."""
        try:
            await self._claim(runs.keys())
            parcels = []
            for partition, run in runs.items():
                lane = self.holdings.lanes[partition]
                records = spare_the_suspects(lane, await self.places.next_records(lane, run))
                if lane.careful_left > 0:
                    await self._carefully(lane, records)
                elif records:
                    parcels.append(Parcel(lane, records))
            if parcels:
                await self._transact([parcel.lane for parcel in parcels], parcels)
        except Fenced as fenced:
            self.holdings.forget(fenced.partitions)
            left = {partition: run for partition, run in runs.items() if partition not in fenced.partitions}
            return await self._try(left) if left else None
        except Exception as error:
            self.partitions.forget()
            log.warning(
                "a batch failed and is tried again", action="batch_retried", error=type(error).__name__,
                lanes=sorted(runs), exc_info=not is_outage(error),
            )  # fmt: skip
            await end_frozen(self.holdings.pool, error)
            return error
        self.holdings.worked(runs)
        return None

    async def _claim(self, partitions: Collection[int]) -> list[int]:
        claimed = await self.holdings.claim(partitions)
        await self.relay.take(claimed)
        return claimed

    async def _carefully(self, lane: Lane, records: Sequence[Decoded]) -> None:
        holdings = self.holdings
        for suspect, step in careful_steps(lane, records, holdings.settings.careful_records):
            async with holdings.pool.acquire() as connection:
                await suspect_records(connection, holdings.group, lane, suspect)
            await self._transact([lane], [Parcel(lane, step)])
            lane.careful_left -= len(step)
            lane.alone_left -= len(step)

    async def _transact(self, lanes: list[Lane], parcels: list[Parcel], *, is_tick: bool = False) -> None:
        """One transaction over lanes, begun again when something in it was taken before or is poison."""
        has_repeats = isolated = False
        while True:
            try:
                work = self._begin(lanes, parcels, is_tick=is_tick)
                work.has_repeats, work.isolated = has_repeats, isolated
                await self._once(work)
                break
            except Repeated:
                has_repeats = True
            except Exception as error:
                if isolated or not is_poison(error):
                    raise
                isolated = True
        for parcel in parcels:
            self._watch(parcel, work.plan)

    def _begin(self, lanes: list[Lane], parcels: list[Parcel], *, is_tick: bool) -> Transaction:
        holdings, wall = self.holdings, now()
        plan = make_plan(parcels, wall, holdings.settings)
        clocks = {lane.partition: clock for lane in lanes if (clock := holdings.clock(lane)) is not None}
        return Transaction(holdings.group, self.announcer.source, lanes, plan, wall, clocks, is_tick=is_tick)

    async def _once(self, work: Transaction) -> None:
        ids = [planned.event.id for planned in work.plan.events]
        await self.partitions.ensure(ids, work.wall.astimezone(UTC).date())
        began = time.monotonic()
        async with self.holdings.pool.acquire() as connection, connection.transaction():
            await work.run(connection, self.effects, self.announcer)
        work.remember()
        self.turned_at = time.monotonic()
        report_batch(work, self.turned_at - began)
        self.relay.written(
            [Waiting(lane, seq, letter_of(event), work.wall) for lane, seq, event in work.written]
        )

    async def _tick_lanes(self, lanes: list[Lane]) -> None:
        """All in one transaction, or when one of them fails, each in its own."""
        try:
            await self._transact(lanes, [], is_tick=True)
            return
        except Fenced as fenced:
            self.holdings.forget(fenced.partitions)
            return
        except Exception as error:
            if len(lanes) == 1:
                number = lanes[0].partition
                log.error("the timers of a lane failed", action="timers_failed", exc_info=error, lane=number)
                self.holdings.rest(number, FAILED_REST_SECONDS)
                return
        for lane in lanes:
            await self._tick_lanes([lane])

    def _watch(self, parcel: Parcel, plan: Plan) -> None:
        """Count the ends of a lane's records; stop the lane when too many are dead."""
        number = parcel.lane.partition
        breakers = self.holdings.breakers
        breaker = breakers.setdefault(number, Breaker(self.holdings.settings))
        for topic, runs in _ends(parcel, plan).items():
            if breaker.count(topic, runs):
                self.holdings.log.pause(number)
                log.critical("a lane was stopped: too many are dead", action="breaker_opened", lane=number)
        metrics.LANES_STOPPED.set(sum(each.is_open for each in breakers.values()))


def _ends(parcel: Parcel, plan: Plan) -> dict[str, list[tuple[int, bool]]]:
    """By topic, a parcel's records as runs of dead letters and others."""
    number = parcel.lane.partition
    ours = [tally for (_, partition), tally in plan.tallies.items() if partition == number]
    dead = {(each.record.topic, each.record.offset) for each in plan.dead if each.record.partition == number}
    if not dead:
        return {tally.topic: [(tally.next_offset - tally.first_offset, False)] for tally in ours}
    offsets: dict[str, list[int]] = {tally.topic: [] for tally in ours}
    for each in parcel.decoded:
        offsets[each.record.topic].append(each.record.offset)
    return {
        topic: runs_of(run, frozenset(offset for of, offset in dead if of == topic))
        for topic, run in offsets.items()
    }


def _shares(partitions: Sequence[int], parts: int) -> list[Sequence[int]]:
    """Deal lanes out to at most so many groups."""
    return [share for n in range(parts) if (share := partitions[n::parts])]


def _lateness(due: Iterable[Timer], lanes: Mapping[int, Lane]) -> float:
    """Seconds since the moment of the oldest of a live community; a history's moments are long past."""
    moment = now()
    live = [
        timer
        for timer in due
        if lanes[partition_of(timer.community_id)].community(timer.community_id).mode == "wall"
    ]
    return max([0.0, *((moment - timer.due_at).total_seconds() for timer in live)])
