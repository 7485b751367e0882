"""One lane of one service on a real database: takes samples through the engine's own transaction."""

import copy
import json
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

from aiokafka import ConsumerRecord

from shared.contracts.chat import ClockSet
from shared.contracts.contract import Contract
from shared.contracts.partitioning import partition_of
from shared.contracts.profiles import CommunityProfile
from shared.contracts.progress import CommunityProgress, LaneProgress
from shared.engine import DueTimer, Event, Routes, UnitOfWork
from shared.engine.effects import Effects
from shared.engine.inbox import Repeated
from shared.engine.lane import Lane, claim_lanes
from shared.engine.partitions import Partitions
from shared.engine.plan import Parcel, Plan, make_plan
from shared.engine.progress import Announcer
from shared.engine.record import Decoded, Decoder
from shared.engine.routes import Handler, Route
from shared.engine.settings import EngineSettings
from shared.engine.transaction import Transaction
from shared.postgres.connection import Connection, Pool
from tests.laws.acts import act
from tests.laws.stories import COMMUNITY, Sample
from tests.laws.tables import Tables, comparable

OUTBOX = "SELECT event_id::text, topic, key, headers, payload FROM outbox ORDER BY 1"
TIMERS = "SELECT community_id, kind, key, due_at, payload, after FROM timers ORDER BY 1, 2, 3"
LANE = partition_of(COMMUNITY)
THE_ENGINES: tuple[type[Contract], ...] = (ClockSet, CommunityProfile, LaneProgress, CommunityProgress)
LIVED_BEFORE = timedelta(hours=47)
"""The story is read that long before its end comes, by the wall clock: some timers forget by real time."""


@dataclass(frozen=True, slots=True)
class State:
    """Everything that a transaction may leave behind, apart from the engine's places in the log."""

    tables: Tables
    outbox: list[tuple[Any, ...]]
    timers: list[tuple[Any, ...]]


@dataclass(slots=True)
class Calls:
    """What handlers were given."""

    events: list[str] = field(default_factory=list)
    kinds: set[str] = field(default_factory=set)

    def clear(self) -> None:
        """Forget them."""
        self.events.clear()
        self.kinds.clear()


class HandlerFailed(Exception):
    """Raised behind a handler that has done its work."""


@dataclass(slots=True)
class Workbench:
    """A lane's log, its place and its owner."""

    service: str
    pool: Pool
    connection: Connection
    lane: Lane
    calls: Calls = field(default_factory=Calls)
    wall: datetime = field(default_factory=lambda: datetime.now(UTC) - LIVED_BEFORE)

    @property
    def group(self) -> str:
        """The consumer group."""
        return f"hearth.{self.service}"

    async def take(self, samples: Sequence[Sample], routes: Routes, *, failing: bool = False) -> Plan:
        """One batch in one transaction, laid at the end of each topic. Raises what the engine raises."""
        wanted = {each for route in routes.routes for each in route.contracts}
        decoder = Decoder(frozenset(wanted | set(THE_ENGINES)))
        decoded = [decoder.decode(record) for record in self._records(samples)]
        try:
            return await self._once(decoded, routes, failing=failing)
        except Repeated:
            return await self._once(decoded, routes, failing=failing, has_repeats=True)

    async def tick(self, routes: Routes) -> None:
        """What the engine does every second: timers of live communities fire."""
        await self._once([], routes, is_tick=True)

    async def _once(
        self,
        decoded: list[Decoded],
        routes: Routes,
        *,
        failing: bool = False,
        has_repeats: bool = False,
        is_tick: bool = False,
    ) -> Plan:
        plan = make_plan([Parcel(self.lane, decoded)], self.wall, EngineSettings())
        work = Transaction(
            self.group, f"/hearth/{self.service}", [self.lane], plan, self.wall, {LANE: self.wall},
            has_repeats=has_repeats, is_tick=is_tick,
        )  # fmt: skip
        announcer = Announcer(self.service, f"/hearth/{self.service}", None, EngineSettings())
        async with self.connection.transaction():
            await work.run(self.connection, Effects(self._watched(routes, failing)), announcer)
        work.remember()
        return plan

    async def state(self) -> State:
        """What is there now."""
        return State(
            await comparable(self.connection, self.service),
            [tuple(row) for row in await self.connection.fetch(OUTBOX)],
            [tuple(row) for row in await self.connection.fetch(TIMERS)],
        )

    async def claim(self) -> Lane:
        """Take the lane over; whoever held it is fenced from here on."""
        (lane,) = await claim_lanes(self.connection, self.group, [LANE], str(uuid4()), EngineSettings())
        return lane

    async def forget_ids(self) -> None:
        """What the engine does a week later."""
        await self.connection.execute("DELETE FROM inbox")

    @asynccontextmanager
    async def undone(self) -> AsyncIterator[None]:
        """Everything is as it was before, afterwards."""
        lane, wall = copy.deepcopy(self.lane), self.wall
        transaction = self.connection.transaction()
        await transaction.start()
        try:
            yield
        finally:
            await transaction.rollback()
            self.lane, self.wall = lane, wall
            self.calls.clear()

    def _records(self, samples: Iterable[Sample]) -> list[Any]:
        places = dict(self.lane.next_offset)
        records = []
        for each in samples:
            offset = places.get(each.topic, 0)
            places[each.topic] = offset + 1
            records.append(
                ConsumerRecord(
                    topic=each.topic, partition=LANE, offset=offset, timestamp=0, timestamp_type=0,
                    key=COMMUNITY.encode(), value=each.value, checksum=None, serialized_key_size=0,
                    serialized_value_size=0, headers=tuple(each.headers),
                )
            )  # fmt: skip
        return records

    def _watched(self, routes: Routes, failing: bool) -> Routes:
        watched = Routes([Route(_Watched(each.handler, self.calls, failing), each.contracts)
                          for each in routes.routes])  # fmt: skip
        watched.timers = {kind: _WatchedTimers(kind, each, self.calls, failing)
                          for kind, each in routes.timers.items()}  # fmt: skip
        watched.uncut, watched.together, watched.foreseen = routes.uncut, routes.together, routes.foreseen
        return watched


@dataclass(frozen=True, slots=True)
class _Watched:
    handler: Handler
    calls: Calls
    failing: bool

    async def __call__(self, batch: Sequence[Event[Any]], work: UnitOfWork) -> None:
        self.calls.events.extend(event.id for event in batch)
        await self.handler(batch, work)
        if self.failing:
            raise HandlerFailed


@dataclass(frozen=True, slots=True)
class _WatchedTimers:
    kind: str
    handler: Any
    calls: Calls
    failing: bool

    async def __call__(self, due: Sequence[DueTimer], work: UnitOfWork) -> None:
        self.calls.kinds.add(self.kind)
        await self.handler(due, work)
        if self.failing:
            raise HandlerFailed


@asynccontextmanager
async def workbench(service: str, pool: Pool, samples: Iterable[Sample]) -> AsyncIterator[Workbench]:
    """A bench on a database where operators have acted; nothing that is done on it stays."""
    ids = [each.event_id for each in samples]
    bench_wall = datetime.now(UTC)
    for day in (bench_wall - LIVED_BEFORE, bench_wall):
        await Partitions(pool).ensure(ids, day.date())
    async with pool.acquire() as connection:
        transaction = connection.transaction()
        await transaction.start()
        try:
            (lane,) = await claim_lanes(
                connection, f"hearth.{service}", [LANE], str(uuid4()), EngineSettings()
            )
            await act(connection, service)
            yield Workbench(service, pool, connection, lane)
        finally:
            await transaction.rollback()


def with_unknown_fields(each: Sample) -> Sample:
    """The same event from a publisher of the future: every object in it has more to say."""
    value = json.dumps(_extended(json.loads(each.value))).encode()
    return replace(each, value=value)


def _extended(value: Any) -> Any:
    """The object, and those in its lists; what lies deeper may be a map, to which any key means something."""
    novelty = {"field_of_the_future": {"more": ["of", 1, None]}}
    grown = {
        name: [{**each, **novelty} if isinstance(each, dict) else each for each in inner]
        if isinstance(inner, list)
        else inner
        for name, inner in value.items()
    }
    return {**grown, **novelty}


def only(routes: Routes, route: Route) -> Routes:
    """The same service with one of its handlers alone, and the timers that this sets."""
    return replace(routes, routes=[route])


def without_timer(routes: Routes, kind: str) -> Routes:
    """The same service before it knew a kind of timer."""
    others = {name: each for name, each in routes.timers.items() if name != kind}
    return replace(routes, timers=others)
