"""What is published is in Kafka: once it says so, in order, under the same ids, whatever happened between."""

import asyncio
import uuid
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest
from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition

from connectors.sdk.cleaning import REPLACEMENT
from connectors.sdk.publisher import Publisher, PublishFailed
from deploy.local.kafka import KafkaServer
from deploy.local.topics import create_topics
from shared.contracts.chat import MessagePosted
from shared.contracts.envelope import Envelope, read
from shared.contracts.partitioning import partition_of
from shared.contracts.topics import CHAT_EVENTS, COMMUNITY_PROFILES
from tests.builders import profile
from tests.servers import temporary_home

START = datetime(2024, 1, 1, tzinfo=UTC)


@pytest.fixture
def community() -> str:
    """A community that no other test writes to."""
    return f"c-{uuid.uuid4()}"


@pytest.fixture
async def own_kafka() -> AsyncIterator[KafkaServer]:
    """A server that this test may kill."""
    async with temporary_home() as home:
        server = KafkaServer.at(home)
        await server.start()
        await create_topics(server.bootstrap_servers)
        yield server
        await server.stop()


def message(community: str, number: int, text: str = "你好") -> tuple[MessagePosted, datetime]:
    """The message of this number, a second after the one before."""
    posted = MessagePosted(
        community_id=community,
        channel_id="hall",
        message_id=str(number),
        member_id=f"{community}:ann",
        text=text,
    )
    return posted, START + timedelta(seconds=number)


async def log_of(servers: str, community: str, topic: str = CHAT_EVENTS) -> list[ConsumerRecord]:
    """All records with the community's key in its partition, in log order."""
    place = TopicPartition(topic, partition_of(community))
    consumer = AIOKafkaConsumer(bootstrap_servers=servers, enable_auto_commit=False)
    await consumer.start()
    try:
        consumer.assign([place])
        await consumer.seek_to_beginning(place)
        end = (await consumer.end_offsets([place]))[place]
        records: list[ConsumerRecord] = []
        while await consumer.position(place) < end:
            for batch in (await consumer.getmany(place, timeout_ms=1000)).values():
                records += batch
        return [record for record in records if record.key == community.encode()]
    finally:
        await consumer.stop()


def opened(record: ConsumerRecord) -> tuple[Envelope, MessagePosted]:
    """The record as a service reads it."""
    envelope, data = read(record.headers, record.value)
    return envelope, MessagePosted.model_validate_json(data)


async def test_what_was_flushed_is_in_the_log_in_order_with_its_ids(
    kafka_server: KafkaServer, community: str
) -> None:
    async with Publisher(kafka_server.bootstrap_servers, "/import/jsonl") as publisher:
        ids = [await publisher.publish(*message(community, number)) for number in range(3000)]
        await publisher.flush()
        found = [opened(record) for record in await log_of(kafka_server.bootstrap_servers, community)]
    assert [envelope.id for envelope, _ in found] == ids
    assert [data.message_id for _, data in found] == [str(number) for number in range(3000)]
    assert found[7][0].source == "/import/jsonl"
    assert found[7][0].time == START + timedelta(seconds=7)
    assert publisher.acknowledged == 3000


async def test_the_same_history_published_twice_has_the_same_ids(
    kafka_server: KafkaServer, community: str
) -> None:
    for _ in range(2):
        async with Publisher(kafka_server.bootstrap_servers, "/import/jsonl") as publisher:
            await publisher.publish_all(message(community, number) for number in range(10))
    records = await log_of(kafka_server.bootstrap_servers, community)
    ids = [opened(record)[0].id for record in records]
    assert ids[:10] == ids[10:]
    assert len(set(ids)) == 10


async def test_many_communities_at_once_keep_each_its_own_order(kafka_server: KafkaServer) -> None:
    communities = [f"c-{uuid.uuid4()}" for _ in range(40)]
    async with Publisher(
        kafka_server.bootstrap_servers, "/test", batch_bytes_max=4096, unacknowledged_bytes_max=65_536
    ) as publisher:
        for number in range(100):
            await publisher.publish_all(message(each, number) for each in communities)
    for each in communities[:5]:
        records = await log_of(kafka_server.bootstrap_servers, each)
        assert [opened(record)[1].message_id for record in records] == [str(n) for n in range(100)]


async def test_nul_becomes_a_replacement_character_before_the_id_is_made(
    kafka_server: KafkaServer, community: str
) -> None:
    dirty, occurred_at = message(community, 1, text="a\x00b \\u0000")
    async with Publisher(kafka_server.bootstrap_servers, "/test") as publisher:
        event_id = await publisher.publish(dirty.model_copy(update={"message_id": "x\x00"}), occurred_at)
        assert publisher.cleaner.replaced == 1
    envelope, data = opened((await log_of(kafka_server.bootstrap_servers, community))[0])
    assert data.text == f"a{REPLACEMENT}b \\u0000"
    assert data.message_id == f"x{REPLACEMENT}"
    assert envelope.id == event_id == data.identify("/test", occurred_at)


async def test_an_event_can_go_to_another_topic_than_its_own(
    kafka_server: KafkaServer, community: str
) -> None:
    async with Publisher(kafka_server.bootstrap_servers, "/test") as publisher:
        first = await publisher.publish(profile(community), START)
        second = await publisher.publish(profile(community), START, topic=CHAT_EVENTS)
    for topic in (COMMUNITY_PROFILES, CHAT_EVENTS):
        assert len(await log_of(kafka_server.bootstrap_servers, community, topic)) == 1
    assert first == second


async def test_a_broker_that_dies_costs_no_event_and_no_order(own_kafka: KafkaServer, community: str) -> None:
    async with Publisher(own_kafka.bootstrap_servers, "/test", 16_384, request_timeout_ms=1000) as publisher:
        await publisher.publish_all(message(community, number) for number in range(500))
        await publisher.flush()
        own_kafka.kill()
        await publisher.publish_all(message(community, number) for number in range(500, 2000))
        while publisher.producers_rebuilt == 0:  # noqa: ASYNC110 - nothing tells it
            await asyncio.sleep(0.05)
        await own_kafka.start()
        await publisher.flush()
    firsts: dict[str, None] = {}
    for record in await log_of(own_kafka.bootstrap_servers, community):
        firsts.setdefault(opened(record)[1].message_id)
    assert list(firsts) == [str(number) for number in range(2000)]


async def test_giving_up_is_said_and_nothing_counts_as_published(
    own_kafka: KafkaServer, community: str
) -> None:
    publisher = Publisher(own_kafka.bootstrap_servers, "/test", request_timeout_ms=1000, give_up_seconds=0)

    async def publish() -> None:
        async with publisher:
            await own_kafka.stop()
            await publisher.publish(*message(community, 1))

    with pytest.raises(PublishFailed):
        await publish()
    with pytest.raises(PublishFailed):
        await publisher.publish(*message(community, 2))
    assert publisher.acknowledged == 0


async def test_a_topic_that_does_not_exist_is_no_success(kafka_server: KafkaServer, community: str) -> None:
    async def publish() -> None:
        async with Publisher(
            kafka_server.bootstrap_servers, "/test", request_timeout_ms=1000, give_up_seconds=0
        ) as publisher:
            await publisher.publish(*message(community, 1), topic="no.such.topic")

    with pytest.raises(PublishFailed):
        await publish()
