"""The measured layers, each run in a process of its own: `python -m tests.bench.layers NAME`.

Environment: KAFKA_BOOTSTRAP_SERVERS, DATABASE_URL (the layer's own database), EVENTS (how many to take),
DATABASE_PID. A layer ends its process itself, once it has told its result.
"""

import asyncio
import gc
import importlib
import json
import os
import sys
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Any

import asyncpg
from aiokafka import AIOKafkaConsumer
from faststream import AckPolicy
from faststream.kafka import KafkaBroker

from shared.contracts.chat import MessagePosted
from shared.contracts.topics import CHAT_EVENTS
from shared.engine import Event, Routes, UnitOfWork
from shared.engine.engine import Engine
from shared.engine.settings import EngineSettings
from shared.postgres.pool import open_pool
from tests.bench.measured import Stopwatch, tell

SERVERS = os.environ.get("KAFKA_BOOTSTRAP_SERVERS", "")
URL = os.environ.get("DATABASE_URL", "")
EVENTS = int(os.environ.get("EVENTS", "0"))
POLL_RECORDS = EngineSettings().max_records
NAIVE_EVENTS = 3_000
COLUMNS = ("community_id", "message_id", "member_id", "occurred_at")


async def poll(watch: Stopwatch, use: Callable[[list[dict[str, Any]]], Awaitable[None]]) -> int:
    """The loop of (a) and (a2): aiokafka's `getmany`, then JSON."""
    consumer = AIOKafkaConsumer(
        CHAT_EVENTS,
        bootstrap_servers=SERVERS,
        auto_offset_reset="earliest",
        max_partition_fetch_bytes=1_048_576,
    )
    await consumer.start()
    taken = 0
    while taken < EVENTS:
        batches = await consumer.getmany(timeout_ms=200, max_records=POLL_RECORDS)
        watch.start()
        decoded = [json.loads(record.value) for batch in batches.values() for record in batch]
        taken += len(decoded)
        await use(decoded)
    return taken


async def raw(watch: Stopwatch) -> int:
    """(a) Poll and decode, nothing else."""

    async def nothing(_: list[dict[str, Any]]) -> None:
        return

    return await poll(watch, nothing)


async def raw_with_copy(watch: Stopwatch) -> int:
    """(a2) The same and one row an event by COPY; no guarantee of any kind."""
    connection = await asyncpg.connect(URL)

    async def copy(decoded: list[dict[str, Any]]) -> None:
        rows = [
            (each["community_id"], each.get("message_id"), each.get("member_id"), datetime.now().astimezone())
            for each in decoded
        ]
        await connection.copy_records_to_table("row_an_event", records=rows, columns=COLUMNS)

    return await poll(watch, copy)


class RowAnEvent:
    """The least effect that there is, written as (a2) writes it."""

    async def __call__(self, batch: list[Event[MessagePosted]], work: UnitOfWork) -> None:
        rows = [
            (event.data.community_id, event.data.message_id, event.data.member_id, event.occurred_at)
            for event in batch
        ]
        await work.connection.copy_records_to_table("row_an_event", records=rows, columns=COLUMNS)


def row_an_event() -> Routes:
    """(b) The engine with one row an event."""
    routes = Routes()
    routes.on(MessagePosted, to=RowAnEvent())  # type: ignore[arg-type]
    return routes


class Watched(Engine):
    """The engine, with a stopwatch at its first poll."""

    watch: Stopwatch

    async def _take(self, records: Any) -> None:
        self.watch.start()
        await super()._take(records)


async def engine(watch: Stopwatch, service: str, routes: Routes, at_once: int = 4) -> int:
    """The engine as it is, until the chat's log is handled; returns the records handled, of all topics."""
    pool = await open_pool(URL, "bench", size_min=2)
    settings = EngineSettings(transactions_at_once=at_once)
    running = Watched(service, routes, pool, SERVERS, settings)
    running.watch = watch
    gc.collect()
    gc.freeze()
    gc.set_threshold(100_000, 20, 20)
    await running.start()
    lanes = running.processor.holdings.lanes
    while sum(lane.next_offset.get(CHAT_EVENTS, 0) for lane in list(lanes.values())) < EVENTS:  # noqa: ASYNC110
        await asyncio.sleep(0.01)
    return sum(sum(lane.next_offset.values()) for lane in lanes.values())


async def service(watch: Stopwatch, name: str) -> int:
    """(c) A service's handlers on the engine, alone."""
    app = importlib.import_module(f"services.{name}.app")
    if name == "engagement":
        settings = importlib.import_module("services.engagement.settings")
        os.environ.update(API_TOKEN="bench-bench-bench-bench", API_PORT="8001", METRICS_PORT="9001")
        return await engine(watch, name, app.routes(settings.Settings()))
    return await engine(watch, name, app.routes())


async def naive(watch: Stopwatch) -> int:
    """(d) FastStream as its front page has it: one message, one transaction."""
    pool = await asyncpg.create_pool(URL, min_size=1, max_size=4)
    broker = KafkaBroker(SERVERS, logger=None)
    taken = 0
    finished = asyncio.Event()

    @broker.subscriber(CHAT_EVENTS, group_id="naive", auto_offset_reset="earliest", ack_policy=AckPolicy.ACK)
    async def one(message: dict[str, Any]) -> None:
        nonlocal taken
        watch.start()
        async with pool.acquire() as connection, connection.transaction():
            if "message_id" in message:
                posted = MessagePosted.model_validate(message)
                await connection.execute(
                    "INSERT INTO row_an_event (community_id, message_id, member_id) VALUES ($1, $2, $3)",
                    posted.community_id, posted.message_id, posted.member_id,
                )  # fmt: skip
        taken += 1
        if taken >= NAIVE_EVENTS:
            finished.set()

    await broker.start()
    await finished.wait()
    return taken


async def run(name: str) -> None:
    """Run one layer and tell its result."""
    watch = Stopwatch(name, int(os.environ["DATABASE_PID"]))
    if name == "raw":
        taken = await raw(watch)
    elif name == "raw+copy":
        taken = await raw_with_copy(watch)
    elif name == "engine":
        taken = await engine(watch, "probe", row_an_event())
    elif name.startswith("engine, at once "):
        at_once = int(name.rsplit(" ", 1)[1])
        taken = await engine(watch, "probe", row_an_event(), at_once)
    elif name == "naive":
        taken = await naive(watch)
    else:
        taken = await service(watch, name.removesuffix(", live"))
    tell(watch.stop(taken))


if __name__ == "__main__":
    asyncio.run(run(sys.argv[1]))
