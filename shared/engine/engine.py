"""Puts the parts of the engine together and runs them: consume, tick, look at the log, relay, upkeep."""

import asyncio
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import asyncpg
import structlog
from aiokafka.errors import KafkaError

from shared.contracts.chat import ClockSet
from shared.contracts.contract import Contract
from shared.contracts.profiles import CommunityProfile
from shared.contracts.progress import CommunityProgress, LaneProgress
from shared.contracts.topics import TOPICS
from shared.engine import metrics
from shared.engine.consumer import KafkaLog, Revoked, build_broker
from shared.engine.effects import Effects
from shared.engine.holdings import Holdings
from shared.engine.log_ends import LogEnds, now
from shared.engine.partitions import Partitions
from shared.engine.place import Places
from shared.engine.processor import Processor
from shared.engine.progress import Announcer
from shared.engine.record import Decoded, Decoder, Incoming, Raw
from shared.engine.relay import Relay
from shared.engine.routes import Routes
from shared.engine.sender import Sender
from shared.engine.settings import EngineSettings
from shared.engine.watchdog import Watchdog
from shared.kafka.access import Kafka
from shared.postgres.connection import Pool

ENGINE_CONTRACTS: tuple[type[Contract], ...] = (ClockSet, CommunityProfile, LaneProgress, CommunityProgress)
DRAIN_SECONDS_MAX = 5.0
DECODED_AT_ONCE = 12
"""Records decoded between two turns of the loop: decoding fills the time that Postgres takes, and what
Postgres answers does not wait long for it."""
LOOKED_AT_ONCE = 250
"""Facts that a service thinks about at once; it is a batch's fixed costs that count there."""
LOOP_FAILED_REST_SECONDS = 1.0

log = structlog.get_logger(__name__)


class Engine:
    """Everything that runs for a service's events in this process."""

    def __init__(
        self,
        service: str,
        routes: Routes,
        pool: Pool,
        bootstrap_servers: Kafka,
        settings: EngineSettings | None = None,
    ) -> None:
        self.service = service
        self.group = f"hearth.{service}"
        self.settings = settings or EngineSettings()
        self.owner = str(uuid4())
        self._pool = pool
        self._topics = routes.topics
        self._ahead = routes.ahead
        wanted = {contract for route in routes.routes for contract in route.contracts}
        self._decoder = Decoder(frozenset(wanted | set(ENGINE_CONTRACTS)))
        self._queue: asyncio.Queue[list[Decoded]] = asyncio.Queue(maxsize=1)
        self._watchdog = Watchdog(self.settings)
        self._ends = LogEnds()
        self._broker, self._subscriber = build_broker(
            self._topics, self.group, bootstrap_servers, self.settings, self._take, Revoked(self._release)
        )
        self._log = KafkaLog(self._subscriber)
        self._sender = Sender(bootstrap_servers)
        self._relay = Relay(self.owner, pool, self._sender, self.settings)
        self._partitions = Partitions(pool)
        self.processor = self._processor(routes)
        self._tasks: list[asyncio.Task[None]] = []
        self._committed: dict[tuple[str, int], int] = {}
        self._exported: set[int] = set()
        self._is_ready = False

    def _processor(self, routes: Routes) -> Processor:
        own_topic = f"{self.service}.events"
        topic = own_topic if own_topic in {topic.name for topic in TOPICS} else None
        source = f"/hearth/{self.service}"
        holdings = Holdings(
            self.group, self.owner, self._pool, self._log, self._ends, self.settings, self._topics
        )
        return Processor(
            holdings, Effects(routes), Announcer(self.service, source, topic, self.settings),
            self._relay, self._partitions, Places(self._log),
        )  # fmt: skip

    @property
    def subscriber(self) -> Any:
        """The built FastStream subscriber, for the tests that assert its delivery settings."""
        return self._subscriber

    async def start(self) -> None:
        """Connect to Kafka and begin. Raises when Kafka or the database cannot be reached."""
        await self._partitions.ensure((), datetime.now(UTC).date())
        await self._broker.start()
        loops = (
            self._work(),
            self._every(self.settings.tick_seconds, self._tick),
            self._every(self.settings.snapshot_seconds, self._look_at_the_log),
            self._every(self.settings.upkeep_seconds, self._upkeep),
            self._relay.run(),
        )
        self._tasks = [asyncio.create_task(loop) for loop in loops]

    async def stop(self) -> None:
        """Finish the batch in hand, send what it announced, give the lanes back, leave the group."""
        self._is_ready = False
        self.processor.stopping = True
        with suppress(OSError, asyncpg.PostgresError, asyncpg.InterfaceError):
            await self.processor.stop()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        while not self._queue.empty():
            self._queue.get_nowait()
        with suppress(OSError, asyncpg.PostgresError, asyncpg.InterfaceError, KafkaError):
            await self._relay.drain(DRAIN_SECONDS_MAX)
        await self._sender.close()
        await self._broker.stop()

    def is_live(self) -> bool:
        """Whether both loops go round; nothing about dependencies."""
        return self._watchdog.is_live()

    def is_ready(self) -> bool:
        """Whether the last look at log and database succeeded."""
        return self._is_ready

    def resume(self, partition: int) -> bool:
        """Let a lane that its breaker stopped go on; False when it was not stopped."""
        return self.processor.holdings.resume(partition)

    async def _take(self, records: Sequence[Raw]) -> None:
        """A poll: validated while the batch before is in its transaction."""
        self._watchdog.poll()
        if self.processor.stopping:
            return
        cleaned = self._decoder.cleaned
        decoded: list[Decoded] = []
        for start in range(0, len(records), DECODED_AT_ONCE):
            decoded += [self._decoder.decode(record) for record in records[start : start + DECODED_AT_ONCE]]
            await asyncio.sleep(0)
        metrics.CLEANED.inc(self._decoder.cleaned - cleaned)
        if self._ahead is not None:
            await self._look_ahead(decoded, self._ahead)
        await self._queue.put(decoded)

    async def _look_ahead(
        self, decoded: Sequence[Decoded], ahead: Callable[[Sequence[Contract]], None]
    ) -> None:
        """What fails here fails in its transaction again, where the culprit is found."""
        facts = [each.data for each in decoded if type(each) is Incoming]
        with suppress(Exception):
            for start in range(0, len(facts), LOOKED_AT_ONCE):
                ahead(facts[start : start + LOOKED_AT_ONCE])
                await asyncio.sleep(0)

    async def _work(self) -> None:
        while True:
            decoded = await self._queue.get()
            await self.processor.handle(decoded)
            self._watchdog.poll()

    async def _release(self, partitions: frozenset[int]) -> None:
        await self._commit()
        await self.processor.release(partitions)

    async def _tick(self) -> None:
        self._watchdog.tick()
        await self.processor.tick()
        self._watchdog.tick()

    async def _look_at_the_log(self) -> None:
        """Ends of the log: lag, clocks of live lanes, and whether a poll is missing."""
        holdings = self.processor.holdings
        moment = now()

        def known(topic: str, partition: int) -> bool:
            lane = holdings.lanes.get(partition)
            return lane is not None and topic in lane.next_offset

        try:
            ends = await self._log.ends(known)
        except (KafkaError, TimeoutError, OSError):
            self._watchdog.poll()
            self._is_ready = False
            raise
        self._ends.saw(moment, ends)
        self._export_lag(moment)
        await self._commit()
        self._is_ready = bool(ends)

    def _export_lag(self, moment: datetime) -> None:
        holdings = self.processor.holdings
        workable = holdings.workable()
        for partition in self._exported - holdings.lanes.keys():
            # another process tells of it now; a last word of ours would count twice
            metrics.LAG_EVENTS.remove(partition)
            metrics.LAG_SECONDS.remove(partition)
        self._exported = set(holdings.lanes)
        waiting = 0
        for partition, lane in holdings.lanes.items():
            lag = self._ends.lag(partition, lane.next_offset)
            clock = holdings.clock(lane)
            age = (moment - clock).total_seconds() if clock is not None else 0.0
            metrics.LAG_EVENTS.labels(partition).set(lag)
            metrics.LAG_SECONDS.labels(partition).set(max(0.0, age))
            waiting += lag if partition in workable else 0
        if not waiting or time.monotonic() - self.processor.turned_at < 1.0:
            self._watchdog.poll()

    async def _commit(self) -> None:
        """Tell Kafka the offsets that have moved since the last time."""
        offsets = {
            (topic, partition): offset
            for partition, lane in self.processor.holdings.lanes.items()
            for topic, offset in lane.next_offset.items()
        }
        moved = {place: offset for place, offset in offsets.items() if self._committed.get(place) != offset}
        if moved:
            await self._log.commit(moved)
            self._committed.update(moved)

    async def _upkeep(self) -> None:
        await self._partitions.upkeep(self.settings.dedup_horizon)
        await self._partitions.ensure((), datetime.now(UTC).date())

    async def _every(self, seconds: float, act: Any) -> None:
        """Do something again and again; a failure is told, and costs a short rest."""
        while True:
            try:
                await act()
                await asyncio.sleep(seconds)
            except Exception as error:
                log.warning(
                    "a loop of the engine failed and goes on", action="loop_failed", loop=act.__name__,
                    error=type(error).__name__,
                )  # fmt: skip
                self._watchdog.tick()
                await asyncio.sleep(LOOP_FAILED_REST_SECONDS)
