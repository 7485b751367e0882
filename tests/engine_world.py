"""A service made for testing the engine: a row a message, which nothing but the engine keeps single."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import asyncpg

from connectors.sdk.publisher import Publisher
from shared.contracts.chat import ClockSet, MessagePosted
from shared.contracts.commands import DeleteMessage
from shared.contracts.partitioning import partition_of
from shared.engine import DueTimer, Event, Poison, Routes, Timer, UnitOfWork
from shared.engine.engine import Engine
from shared.engine.settings import EngineSettings
from shared.postgres.pool import open_pool

SERVICE = "probe"
# No unique key and no other defence: what is applied twice stands here twice.
EFFECT_TABLES = """
    CREATE TABLE effect (number bigserial, event_id uuid, community_id text, message_id text,
                         now timestamptz, text text);
    CREATE TABLE fired (number bigserial, community_id text, kind text, key text, due_at timestamptz,
                        now timestamptz, seen bigint);
"""
INSERT_EFFECTS = """
    INSERT INTO effect (event_id, community_id, message_id, now, text)
    SELECT * FROM unnest($1::uuid[], $2::text[], $3::text[], $4::timestamptz[], $5::text[])
"""
UNSTORABLE = "unstorable"
POISON = "poison"
KILL = "kill"


STOPPED_LANE = 23
"""Holds what stops a lane; the tests share one log, so nothing else lives there."""


def fresh(lane: int | None = None) -> str:
    """A community that nobody else uses, on a lane or on any but the one that is stopped."""
    while True:
        community = f"c-{uuid4().hex[:8]}"
        if partition_of(community) == lane or (lane is None and partition_of(community) != STOPPED_LANE):
            return community


@dataclass(frozen=True, slots=True)
class KeepMessages:
    """One row a message; a command or a timer where the text asks for it."""

    bugs: frozenset[str] = frozenset()
    """Communities on which this code stumbles."""

    async def __call__(self, batch: Sequence[Event[Any]], work: UnitOfWork) -> None:
        for event in batch:
            text = event.data.text
            if text == KILL:
                os.kill(os.getpid(), signal.SIGKILL)
            if text == POISON:
                raise Poison("asked for")
            if event.community_id in self.bugs:
                raise ZeroDivisionError
            if text.startswith("announce"):
                work.publish(_command(event), event.now)
            if text.startswith("timer "):
                due = event.occurred_at + timedelta(minutes=int(text.split()[1]))
                work.set_timer(Timer(event.community_id, "probe", due, key=event.data.channel_id))
            if text.startswith("tidy "):
                due = event.occurred_at + timedelta(minutes=int(text.split()[1]))
                work.set_timer(Timer(event.community_id, "tidy", due, key=event.data.message_id))
        await work.connection.execute(
            INSERT_EFFECTS,
            [event.id for event in batch],
            [event.community_id for event in batch],
            [event.data.message_id for event in batch],
            [event.now for event in batch],
            ["\x00" if event.data.text == UNSTORABLE else event.data.text[:50] for event in batch],
        )


@dataclass(frozen=True, slots=True)
class KeepTimers:
    """One row a timer that fired, with how many effects its community had by then."""

    async def __call__(self, due: Sequence[DueTimer], work: UnitOfWork) -> None:
        for each in due:
            await work.connection.execute(
                """INSERT INTO fired (community_id, kind, key, due_at, now, seen)
                   SELECT $1, $2, $3, $4, $5, (SELECT count(*) FROM effect WHERE community_id = $1)""",
                each.community_id, each.timer.kind, each.timer.key, each.timer.due_at, each.now,
            )  # fmt: skip


def _command(event: Event[Any]) -> DeleteMessage:
    return DeleteMessage(
        community_id=event.community_id, purpose="test", cause_id=event.id, member_id=event.data.member_id,
        expires_at=event.now + timedelta(minutes=5), channel_id=event.data.channel_id,
        message_id=event.data.message_id,
    )  # fmt: skip


def routes(bugs: frozenset[str] = frozenset()) -> Routes:
    """What the probe handles."""
    made = Routes()
    made.on(MessagePosted, to=KeepMessages(bugs))
    made.on_timer("probe", to=KeepTimers())
    made.on_timer("tidy", to=KeepTimers(), cuts_history=False)
    return made


def message(community: str, number: int, text: str = "hello", channel: str = "hall") -> MessagePosted:
    """The n-th message of a community."""
    return MessagePosted(
        community_id=community,
        channel_id=channel,
        message_id=f"{community}-{number}",
        member_id="ann",
        text=text,
    )


@dataclass(slots=True)
class World:
    """A probe service over a database and a Kafka."""

    admin: "asyncpg.Pool[asyncpg.Record]"
    app: "asyncpg.Pool[asyncpg.Record]"
    app_url: str
    servers: str
    settings: EngineSettings = field(default_factory=EngineSettings)
    bugs: frozenset[str] = frozenset()

    @asynccontextmanager
    async def engine(self) -> AsyncIterator[Engine]:
        """A running engine of its own pool."""
        pool = await open_pool(self.app_url, "probe", size_min=1, size_max=6)
        engine = Engine(SERVICE, routes(self.bugs), pool, self.servers, self.settings)
        await engine.start()
        try:
            yield engine
        finally:
            await engine.stop()
            await pool.close()

    async def publish(
        self,
        events: Sequence[MessagePosted | ClockSet],
        occurred_at: datetime | Sequence[datetime] | None = None,
    ) -> None:
        """Publish to the chat, durably."""
        moments = (
            occurred_at
            if isinstance(occurred_at, Sequence)
            else [occurred_at or datetime.now(UTC)] * len(events)
        )
        async with Publisher(self.servers, "/test") as publisher:
            for event, moment in zip(events, moments, strict=True):
                await publisher.publish(event, moment)

    async def effects(self, community: str) -> list[str]:
        """Message ids of a community's effects, in the order of their application."""
        rows = await self.admin.fetch(
            "SELECT message_id FROM probe.effect WHERE community_id = $1 ORDER BY number", community
        )
        return [row["message_id"] for row in rows]

    async def accounts_fit(self) -> bool:
        """Whether every record of every partition has exactly one end."""
        return not await self.admin.fetchval(
            """SELECT count(*) FROM probe.lane_offset
               WHERE applied + duplicates + dead_lettered + skipped <> next_offset - first_offset"""
        )

    async def gaps(self) -> int:
        """Numbers missing in the outbox."""
        return int(
            await self.admin.fetchval(
                """SELECT coalesce(sum(last - first + 1 - rows), 0) FROM (
                       SELECT min(seq) AS first, max(seq) AS last, count(*) AS rows
                       FROM probe.outbox GROUP BY lane) AS lanes"""
            )
        )

    async def until(self, condition: Callable[[], Awaitable[bool]], seconds: float = 60) -> None:
        """Wait for a condition; fails with what the lanes say when it does not come."""
        try:
            async with asyncio.timeout(seconds):
                while not await condition():  # noqa: ASYNC110
                    await asyncio.sleep(0.05)
        except TimeoutError:
            rows = await self.admin.fetch("SELECT * FROM probe.lane_offset ORDER BY topic, partition")
            raise AssertionError(f"not reached; lanes: {[dict(row) for row in rows]}") from None

    async def until_effects(self, community: str, count: int, seconds: float = 60) -> None:
        """Wait for that many effects of a community."""

        async def enough() -> bool:
            return len(await self.effects(community)) >= count

        await self.until(enough, seconds)

    async def until_fired(self, community: str, count: int) -> None:
        """Wait for that many fired timers of a community."""

        async def enough() -> bool:
            fired = await self.admin.fetchval(
                "SELECT count(*) FROM probe.fired WHERE community_id = $1", community
            )
            return bool(fired >= count)

        await self.until(enough)

    async def until_sent(self, seconds: float = 60) -> None:
        """Wait until nothing is left in the outbox."""

        async def empty() -> bool:
            left = await self.admin.fetchval(
                """SELECT count(*) FROM probe.lane l LEFT JOIN probe.outbox_cursor c ON c.lane = l.partition
                   WHERE l.outbox_seq > coalesce(c.seq, 0)"""
            )
            return bool(left == 0)

        await self.until(empty, seconds)

    async def until_lane(self, community: str, seconds: float = 60) -> None:
        """Wait until the community's lane has committed its first batch."""

        async def known() -> bool:
            return bool(
                await self.admin.fetchval(
                    "SELECT count(*) FROM probe.lane_offset WHERE partition = $1", partition_of(community)
                )
            )

        await self.until(known, seconds)


async def make_world(admin_url: str, owner_url: str, app_url: str, servers: str) -> World:
    """Make the probe's tables in a migrated database."""
    connection = await asyncpg.connect(owner_url)
    await connection.execute(EFFECT_TABLES)
    await connection.close()
    admin = await asyncpg.create_pool(admin_url, min_size=1, max_size=3)
    return World(admin, await open_pool(app_url, "requests", size_min=0, size_max=8), app_url, servers)
