"""Reported messages in their case: the text comes from the log, once, and teaches with the verdict."""

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import httpx
import pytest
from pydantic import SecretStr

from connectors.sdk.publisher import Publisher
from deploy.local.kafka import KafkaServer
from services.moderation import api
from services.moderation.store.recorded_log import RecordedLog
from shared.contracts.chat import MessageEdited, MessagePosted
from shared.contracts.contract import Contract
from shared.http.application import guarded_application, include_guarded
from shared.postgres.connection import Pool
from tests.builders import NOON, at, posted, profile
from tests.engine_world import fresh
from tests.moderation_http import HEADERS, TOKEN, opened
from tests.moderation_world import MakeDatabase, World

CLOCK = """
    INSERT INTO community (community_id, partition, mode, event_clock, turns) VALUES ($1, 0, 'event', $2, 1)
    ON CONFLICT (community_id) DO UPDATE SET event_clock = $2
"""


@pytest.fixture
async def pool(service_database: MakeDatabase) -> AsyncIterator[Pool]:
    async with opened(service_database) as pool:
        await pool.execute("SELECT ensure_outbox_day(current_date)")
        yield pool


@pytest.fixture
async def client(pool: Pool, kafka_server: KafkaServer) -> AsyncIterator[httpx.AsyncClient]:
    """An operator of a service with a log."""
    app = guarded_application("moderation", SecretStr(TOKEN))
    include_guarded(app, api.router(pool, RecordedLog(kafka_server.bootstrap_servers)))
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://test/v1", headers=HEADERS) as client:
        yield client


async def publish(servers: str, *said: tuple[Contract, float]) -> None:
    """At so many minutes after noon."""
    async with Publisher(servers, "/test") as publisher:
        for data, minutes in said:
            await publisher.publish(data, NOON + timedelta(minutes=minutes))


def message(community: str, text: str, kind: Any = MessagePosted, message_id: str = "bad") -> Contract:
    written: Contract = kind(
        community_id=community, channel_id="hall", message_id=message_id, member_id="ann", text=text
    )
    return written


async def reported(pool: Pool, community: str, minutes: float) -> str:
    """Two members report it; the case."""
    about = profile(community)
    async with pool.acquire() as connection:
        world = World(connection)
        for second, name in enumerate(("ben", "cat")):
            told: dict[str, Any] = {"reply_to": "bad", "reply_to_member": "ann", "about": about}
            moment = at(minutes=minutes) + timedelta(seconds=second)
            report = posted("举报", moment, member=name, message=f"{name}-r", community=community, **told)
            await world.handle(report)
        await connection.execute(CLOCK, community, at(minutes=minutes + 5))
        case_id: str = await connection.fetchval(
            "SELECT case_id FROM moderation_case WHERE community_id = $1", community
        )
    return case_id


async def text_of(client: httpx.AsyncClient, case_id: str) -> str:
    (shown,) = (await client.get(f"/cases/{case_id}")).json()["messages"]
    text: str = shown["text"]
    return text


async def test_a_reported_message_shows_its_text_as_it_was_when_it_was_reported(
    client: httpx.AsyncClient, pool: Pool, kafka_server: KafkaServer
) -> None:
    community = fresh()
    await publish(
        kafka_server.bootstrap_servers,
        (message(community, "大家好"), 0),
        (message(fresh(), "别处的"), 0),
        (message(community, "别的", message_id="other"), 1),
        (message(community, "你们都是骗子", MessageEdited), 2),
        (message(community, "我什么都没说", MessageEdited), 200),
    )
    case_id = await reported(pool, community, minutes=180)
    assert await text_of(client, case_id) == "你们都是骗子"
    version = (await client.get(f"/cases/{case_id}")).json()["version"]
    answer = await client.post(f"/cases/{case_id}/verdict", json={"verdict": "confirmed", "version": version})
    assert answer.status_code == 200
    rows = await pool.fetch("SELECT text, label FROM training_sample WHERE community_id = $1", community)
    assert [tuple(row) for row in rows] == [("你们都是骗子", "spam")]


async def test_what_the_log_does_not_have_stays_unread_and_the_case_is_shown(
    client: httpx.AsyncClient, pool: Pool
) -> None:
    case_id = await reported(pool, fresh(), minutes=1)
    assert await text_of(client, case_id) == ""
    assert await text_of(client, case_id) == ""


async def test_without_a_log_that_answers_the_case_is_shown(
    client: httpx.AsyncClient, pool: Pool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("services.moderation.store.recorded_log.LOOK_SECONDS_MAX", 0.0)
    case_id = await reported(pool, fresh(), minutes=1)
    assert await text_of(client, case_id) == ""


async def test_of_a_case_whose_texts_were_forgotten_none_is_brought_back(
    client: httpx.AsyncClient, pool: Pool, kafka_server: KafkaServer
) -> None:
    community = fresh()
    await publish(kafka_server.bootstrap_servers, (message(community, "你们都是骗子"), 0))
    case_id = await reported(pool, community, minutes=1)
    await pool.execute(CLOCK, community, at(days=91))
    assert await text_of(client, case_id) == ""
