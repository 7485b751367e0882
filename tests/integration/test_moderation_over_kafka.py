"""Moderation with the real engine, Kafka and Postgres: from the message to the command and the reason."""

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import pytest
from aiokafka import AIOKafkaConsumer

from connectors.sdk.publisher import Publisher
from deploy.local.kafka import KafkaServer
from services.moderation.app import routes
from shared.contracts.chat import MessagePosted
from shared.contracts.topics import CHAT_COMMANDS, MODERATION_EVENTS
from shared.engine.engine import Engine
from shared.engine.settings import EngineSettings
from shared.postgres.pool import open_pool
from tests.engine_world import fresh
from tests.moderation_world import MakeDatabase

WAIT_SECONDS = 90


@pytest.fixture
async def servers(kafka_server: KafkaServer, service_database: MakeDatabase) -> AsyncIterator[str]:
    """Kafka, with moderation at work on it."""
    pool = await open_pool((await service_database("moderation")).app_url, "test", size_min=1, size_max=6)
    engine = Engine("moderation", routes(), pool, kafka_server.bootstrap_servers, EngineSettings())
    await engine.start()
    yield kafka_server.bootstrap_servers
    await engine.stop()
    await pool.close()


async def publish(servers: str, community: str, *texts: str) -> None:
    """ann says these now."""
    async with Publisher(servers, "/test") as publisher:
        for number, text in enumerate(texts):
            message = MessagePosted(
                community_id=community,
                channel_id="hall",
                message_id=f"m{number}",
                member_id="ann",
                text=text,
            )
            await publisher.publish(message, datetime.now(UTC))


async def announced(servers: str, community: str, count: int) -> list[tuple[str, dict[str, Any]]]:
    """The first `count` announcements about a community, by type."""
    consumer = AIOKafkaConsumer(
        CHAT_COMMANDS, MODERATION_EVENTS, bootstrap_servers=servers, auto_offset_reset="earliest"
    )
    await consumer.start()
    seen: list[tuple[str, dict[str, Any]]] = []
    try:
        async with asyncio.timeout(WAIT_SECONDS):
            while len(seen) < count:
                record = await consumer.getone()
                if record.key == community.encode():
                    kind = dict(record.headers)["ce_type"].decode()
                    seen.append((kind, json.loads(record.value)))
    finally:
        await consumer.stop()
    return sorted(seen, key=lambda pair: pair[0])


async def test_an_ad_on_kafka_leads_to_facts_a_command_and_a_reason(servers: str) -> None:
    community = fresh()
    await publish(servers, community, "大家好", "兼职日结，加 微 信 abc12345", "我的微信登录不了")
    seen = await announced(servers, community, 7)
    assert [kind for kind, _ in seen] == [
        "hearth.case.opened.v1",
        "hearth.delete_message.v1",
        "hearth.finding.recorded.v1",
        "hearth.finding.recorded.v1",
        "hearth.message.removed.v1",
        "hearth.sanction.applied.v1",
        "hearth.send_message.v1",
    ]
    assert {data.get("message_id", "m1") for _, data in seen} == {"m1"}
    assert {data["member_id"] for _, data in seen} == {"ann"}
