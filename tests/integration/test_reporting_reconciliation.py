"""Reporting's engine on real Kafka: whatever lies in the log, every record has one end."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition

from connectors.sdk.publisher import Publisher
from deploy.local.kafka import KafkaServer
from services.reporting.api import CONSUMER_GROUP
from services.reporting.api.documents import ReconciliationDocument
from services.reporting.consumers import routes
from services.reporting.domain.periods import span_of
from services.reporting.store.numbers import facts_kept, lane_offsets, tallies
from shared.contracts.chat import ClockSet, MessagePosted
from shared.contracts.contract import Contract
from shared.contracts.engagement import CheckinRecorded
from shared.contracts.envelope import headers_of, seal
from shared.contracts.moderation import MessageRemoved
from shared.contracts.partitioning import partition_of
from shared.contracts.rewards import PointsAwarded
from shared.contracts.topics import CHAT_EVENTS
from shared.engine.engine import Engine
from shared.postgres.connection import Pool
from shared.postgres.pool import open_pool
from tests.engine_world import fresh
from tests.servers import ServiceDatabase

FIRST = datetime(2024, 3, 4, 4, tzinfo=UTC)
MESSAGES = 300


@dataclass(frozen=True, slots=True)
class Running:
    """A running engine of reporting, and its database."""

    engine: Engine
    pool: Pool
    servers: str

    async def until_read(self, community: str) -> None:
        """Wait until the community's partition is read to its end, in every topic that holds records."""
        partition = partition_of(community)
        topics = [TopicPartition(topic, partition) for topic in routes().topics]
        async with asyncio.timeout(60):
            while True:
                ends = await self._ends(topics)
                async with self.pool.acquire() as connection:
                    offsets = await lane_offsets(connection, CONSUMER_GROUP)
                handled = {(each.topic, each.partition): each.next_offset for each in offsets}
                if all(handled.get((topic, partition), 0) >= end for (topic, _), end in ends.items()):
                    return
                await asyncio.sleep(0.1)

    async def _ends(self, topics: list[TopicPartition]) -> dict[TopicPartition, int]:
        async with AIOKafkaConsumer(bootstrap_servers=self.servers) as consumer:
            starts = await consumer.beginning_offsets(topics)
            ends = await consumer.end_offsets(topics)
            return {place: end for place, end in ends.items() if end > starts[place]}


@pytest.fixture
async def running(
    service_database: Callable[[str], Awaitable[ServiceDatabase]], kafka_server: KafkaServer
) -> AsyncIterator[Running]:
    database = await service_database("reporting")
    pool = await open_pool(database.app_url, "test", size_min=1, size_max=6)
    engine = Engine("reporting", routes(), pool, kafka_server.bootstrap_servers)
    await engine.start()
    yield Running(engine, pool, kafka_server.bootstrap_servers)
    await engine.stop()
    await pool.close()


def story(community: str) -> list[tuple[Contract, datetime]]:
    """A history on event clock: messages, and what other services say of them."""
    common: dict[str, Any] = {"community_id": community}
    told: list[tuple[Contract, datetime]] = [
        (ClockSet(**common, mode="event", run_id=uuid4().hex, to=FIRST), FIRST)
    ]
    for number in range(MESSAGES):
        moment, member = FIRST + timedelta(minutes=10 * number), f"m{number % 9}"
        about = {**common, "member_id": member}
        message = MessagePosted(**about, channel_id="hall", message_id=f"{number}", text="早上好")
        told.append((message, moment))
        award = PointsAwarded(**about, transaction_id=f"t{number}", points=2, rule="message", cause_id="c")
        told.append((award, moment))
    removed = MessageRemoved(
        **common, member_id="m1", channel_id="hall", message_id="1", rule="ad", posted_at=FIRST
    )
    checkin = CheckinRecorded(
        **common, member_id="m2", channel_id="hall", message_id="2", streak_days=1, local_date=FIRST.date()
    )
    return [*told, (removed, FIRST), (checkin, FIRST)]


async def publish(servers: str, told: list[tuple[Contract, datetime]]) -> None:
    async with Publisher(servers, "/test") as publisher:
        for data, moment in told:
            await publisher.publish(data, moment)


async def publish_rubbish(servers: str, community: str) -> int:
    """Records of every other kind of end, at the community's place; returns how many."""
    message = MessagePosted(
        community_id=community, channel_id="hall", message_id="x", member_id="m1", text="x"
    )
    headers = headers_of(seal(message, "/test", FIRST))
    unknown = [
        (name, b"hearth.from.the.future.v1" if name == "ce_type" else value) for name, value in headers
    ]
    records: list[tuple[bytes | None, list[tuple[str, bytes]]]] = [
        (b"{}", []),
        (None, headers),
        (b"\xff\xfe", headers),
        (b'{"community_id": 7}', headers),
        (b"{}", unknown),
    ]
    async with AIOKafkaProducer(bootstrap_servers=servers) as producer:
        for value, named in records:
            await producer.send_and_wait(
                CHAT_EVENTS, value, key=community.encode(), partition=partition_of(community), headers=named
            )
    return len(records)


async def test_every_record_has_one_end_and_every_fact_one_day(running: Running) -> None:
    community = fresh()
    told = story(community)
    await publish(running.servers, told)
    rubbish = await publish_rubbish(running.servers, community)
    await publish(running.servers, told[1:])
    await running.until_read(community)

    span = span_of(FIRST.date(), FIRST.date() + timedelta(days=5))
    async with running.pool.acquire() as connection:
        counted = await tallies(connection, community, span)
        offsets = await lane_offsets(connection, CONSUMER_GROUP)
        document = ReconciliationDocument.of(offsets, await facts_kept(connection))
    received = {kind: sum(t.events for t in counted if t.type == kind) for kind in {t.type for t in counted}}
    assert received == {
        "message.posted": MESSAGES,
        "points.awarded": MESSAGES,
        "message.removed": 1,
        "checkin.recorded": 1,
    }
    assert document.fits
    chat = next(
        each
        for each in document.partitions
        if (each.topic, each.partition) == (CHAT_EVENTS, partition_of(community))
    )
    assert chat.duplicates >= MESSAGES
    assert chat.dead_lettered + chat.skipped >= rubbish
    assert document.facts <= document.applied
