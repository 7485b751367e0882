"""How far every service has come: the ends of Kafka's log against what each schema says it has handled."""

import importlib
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import asyncpg
from aiokafka import AIOKafkaConsumer, TopicPartition

from deploy.local.roles import SERVICES
from shared.contracts.topics import PARTITIONS

REQUEST_MS_MAX = 15_000

# The engine's tables of one schema. A lane's outbox counter is the number of its newest row.
OFFSETS = """
    SELECT topic, partition, first_offset, next_offset, applied, duplicates, dead_lettered, skipped
    FROM {schema}.lane_offset WHERE consumer_group = $1
"""
DEAD_LETTERS = (
    "SELECT reason, count(*) FROM {schema}.dead_letter WHERE status = 'dead' GROUP BY reason ORDER BY 1"
)
OUTBOX = """
    SELECT lane.partition AS lane, lane.outbox_seq AS written, coalesce(sent.seq, 0) AS sent
    FROM {schema}.lane LEFT JOIN {schema}.outbox_cursor sent ON sent.lane = lane.partition
    WHERE lane.outbox_seq > 0
"""
# Progress is announced for ever, also when nothing happens; every other row is a consequence of some input.
CONSEQUENCES = """
    SELECT EXISTS (
        SELECT FROM unnest($1::int[], $2::bigint[]) AS known (lane, seq)
        JOIN {schema}.outbox ON outbox.lane = known.lane AND outbox.seq > known.seq
        WHERE outbox.headers NOT LIKE '%"progress.%'
    )
"""
TIMERS = """
    SELECT count(*) AS pending,
           count(*) FILTER (WHERE due_at <= CASE mode WHEN 'event' THEN event_clock ELSE now() END) AS due
    FROM {schema}.timers LEFT JOIN {schema}.community USING (community_id)
"""
IS_MIGRATED = "SELECT to_regclass($1) IS NOT NULL"


@dataclass(frozen=True, slots=True)
class TopicPosition:
    """A service in one topic, summed over the partitions."""

    topic: str
    end: int
    """Kafka's log end."""
    first: int = 0
    next: int = 0
    """The log before it is handled."""
    behind: int = 0
    applied: int = 0
    duplicates: int = 0
    dead_lettered: int = 0
    skipped: int = 0

    @property
    def reconciles(self) -> bool:
        """Every handled record has one of the four fates."""
        fates = self.applied + self.duplicates + self.dead_lettered + self.skipped
        return fates == self.next - self.first


@dataclass(frozen=True, slots=True)
class ServicePosition:
    """One service."""

    service: str
    topics: tuple[TopicPosition, ...]
    dead_letters: Mapping[str, int]
    """Open ones by reason."""
    outbox_backlog: int
    timers: int
    timers_due: int
    """Due by their community's clock and not fired yet."""
    written: Mapping[int, int] = field(repr=False)
    """By outbox lane the number of its newest row."""
    consequences_unsent: bool = False
    """Whether an unsent outbox row is more than progress."""
    consequences_new: bool = False
    """Whether such a row was written since the look before."""

    @property
    def behind(self) -> int:
        """Records in the log that it has not handled."""
        return sum(topic.behind for topic in self.topics)

    @property
    def handled(self) -> int:
        """Records that it has handled, ever."""
        return sum(topic.next - topic.first for topic in self.topics)


@dataclass(frozen=True, slots=True)
class Positions:
    """All services at one moment: one snapshot of Postgres, then the ends of the log."""

    services: tuple[ServicePosition, ...]
    ends: Mapping[TopicPartition, int] = field(repr=False)
    nexts: Mapping[str, Mapping[TopicPartition, int]] = field(repr=False)
    taken_at: float
    """`time.monotonic()`."""

    @property
    def behind(self) -> int:
        """Records that some service has still to handle, summed over the services."""
        return sum(service.behind for service in self.services)

    def has_passed(self, earlier: "Positions") -> bool:
        """Whether all that was in the log at an earlier look is handled by everybody who reads it."""
        return all(
            offset >= earlier.ends.get(place, 0)
            for nexts in self.nexts.values()
            for place, offset in nexts.items()
        )


def consumed_topics(service: str) -> tuple[str, ...]:
    """The topics that a service reads."""
    consumers = importlib.import_module(f"services.{service}.consumers")
    return tuple(consumers.routes().topics)


@dataclass(slots=True)
class LogReader:
    """Open connections for several looks."""

    postgres: "asyncpg.Connection[asyncpg.Record]"
    kafka: AIOKafkaConsumer
    topics: Mapping[str, tuple[str, ...]]
    """By service those that it reads."""

    async def look(self, earlier: Positions | None = None) -> Positions:
        """Read Postgres first, then the ends: what is at its end then has nothing before it in flight."""
        known = {one.service: one.written for one in earlier.services} if earlier else {}
        async with self.postgres.transaction(isolation="repeatable_read", readonly=True):
            rows = {name: await self._rows(name, known.get(name)) for name in self.topics}
        wanted = sorted({topic for topics in self.topics.values() for topic in topics})
        places = [TopicPartition(topic, number) for topic in wanted for number in range(PARTITIONS)]
        ends = dict(await self.kafka.end_offsets(places))
        nexts = {name: self._nexts(topics, rows[name]) for name, topics in self.topics.items()}
        services = tuple(_position(name, rows[name], nexts[name], ends) for name in self.topics)
        return Positions(services, ends, nexts, time.monotonic())

    @staticmethod
    def _nexts(topics: tuple[str, ...], rows: "_Rows") -> dict[TopicPartition, int]:
        found = {TopicPartition(row["topic"], row["partition"]): row["next_offset"] for row in rows.offsets}
        places = [TopicPartition(topic, number) for topic in topics for number in range(PARTITIONS)]
        return {place: found.get(place, 0) for place in places}

    async def _rows(self, schema: str, known: Mapping[int, int] | None) -> "_Rows":
        if not await self.postgres.fetchval(IS_MIGRATED, f"{schema}.lane_offset"):
            return _Rows()
        outbox = await self._fetch(OUTBOX, schema)
        sent = {row["lane"]: row["sent"] for row in outbox}
        unsent = await self._exists(CONSEQUENCES, schema, sent)
        new = await self._exists(CONSEQUENCES, schema, {lane: (known or {}).get(lane, 0) for lane in sent})
        timers = (await self._fetch(TIMERS, schema))[0]
        return _Rows(
            await self._fetch(OFFSETS, schema, f"hearth.{schema}"),
            await self._fetch(DEAD_LETTERS, schema),
            outbox,
            unsent,
            new if known is not None else True,
            timers["pending"],
            timers["due"],
        )

    async def _fetch(self, statement: str, schema: str, *values: str) -> "list[asyncpg.Record]":
        return await self.postgres.fetch(statement.format(schema=f'"{schema}"'), *values)

    async def _exists(self, statement: str, schema: str, after: Mapping[int, int]) -> bool:
        query = statement.format(schema=f'"{schema}"')
        return bool(await self.postgres.fetchval(query, list(after), list(after.values())))


@dataclass(frozen=True, slots=True)
class _Rows:
    """What one schema says."""

    offsets: "Sequence[asyncpg.Record]" = ()
    dead_letters: "Sequence[asyncpg.Record]" = ()
    outbox: "Sequence[asyncpg.Record]" = ()
    consequences_unsent: bool = False
    consequences_new: bool = True
    timers: int = 0
    timers_due: int = 0


def _position(
    service: str, rows: _Rows, nexts: Mapping[TopicPartition, int], ends: Mapping[TopicPartition, int]
) -> ServicePosition:
    topics = []
    for topic in sorted({place.topic for place in nexts}):
        mine = [row for row in rows.offsets if row["topic"] == topic]
        behind = sum(max(0, ends[place] - at) for place, at in nexts.items() if place.topic == topic)
        end = sum(offset for place, offset in ends.items() if place.topic == topic)
        sums = {
            name: sum(row[column] for row in mine)
            for name, column in (
                ("first", "first_offset"),
                ("next", "next_offset"),
                ("applied", "applied"),
                ("duplicates", "duplicates"),
                ("dead_lettered", "dead_lettered"),
                ("skipped", "skipped"),
            )
        }
        topics.append(TopicPosition(topic, end, behind=behind, **sums))
    return ServicePosition(
        service,
        tuple(topics),
        {row["reason"]: row["count"] for row in rows.dead_letters},
        sum(max(0, row["written"] - row["sent"]) for row in rows.outbox),
        rows.timers,
        rows.timers_due,
        {row["lane"]: row["written"] for row in rows.outbox},
        rows.consequences_unsent,
        rows.consequences_new,
    )


@asynccontextmanager
async def reading(
    admin_url: str, bootstrap_servers: str, services: Sequence[str] = SERVICES
) -> AsyncIterator[LogReader]:
    """A reader of these services; opens one connection to Postgres and one client of Kafka."""
    kafka = AIOKafkaConsumer(bootstrap_servers=bootstrap_servers, request_timeout_ms=REQUEST_MS_MAX)
    postgres = await asyncpg.connect(admin_url, timeout=REQUEST_MS_MAX / 1000)
    try:
        await kafka.start()
        yield LogReader(postgres, kafka, {service: consumed_topics(service) for service in services})
    finally:
        await kafka.stop()
        await postgres.close()


async def positions(admin_url: str, bootstrap_servers: str, services: Sequence[str] = SERVICES) -> Positions:
    """One look."""
    async with reading(admin_url, bootstrap_servers, services) as reader:
        return await reader.look()
