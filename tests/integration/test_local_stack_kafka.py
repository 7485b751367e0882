"""The local Kafka: what it keeps over stops and kills, and topics of the right shape."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType

from deploy.local.home import Home
from deploy.local.kafka import KafkaServer
from deploy.local.topics import WrongTopics, create_topics
from shared.contracts.topics import COMPACTED, PARTITIONS, TOPICS, Topic
from tests.servers import temporary_home

LETTERS = TopicPartition("chat.events", 7)


@pytest.fixture(scope="module")
async def own_kafka() -> AsyncIterator[KafkaServer]:
    async with temporary_home() as home:
        server = KafkaServer.at(home)
        await server.start()
        await create_topics(server.bootstrap_servers)
        yield server
        await server.stop()


async def test_topics_have_their_partitions_and_compaction(kafka_server: KafkaServer) -> None:
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka_server.bootstrap_servers)
    await admin.start()
    try:
        described = await admin.describe_topics([topic.name for topic in TOPICS])
        assert {one["topic"]: len(one["partitions"]) for one in described} == {
            topic.name: PARTITIONS for topic in TOPICS
        }
        for topic in TOPICS:
            resource = ConfigResource(ConfigResourceType.TOPIC, topic.name, {"cleanup.policy": None})
            (answer,) = await admin.describe_configs([resource])
            policy = answer.resources[0][4][0][1]
            assert policy == ("compact" if topic.name in COMPACTED else "delete")
    finally:
        await admin.close()


async def test_creating_topics_again_creates_nothing(kafka_server: KafkaServer) -> None:
    assert await create_topics(kafka_server.bootstrap_servers) == []


async def test_a_topic_with_another_number_of_partitions_is_refused(kafka_server: KafkaServer) -> None:
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka_server.bootstrap_servers)
    await admin.start()
    await admin.create_topics([NewTopic("narrow", num_partitions=3, replication_factor=1)])
    await admin.close()
    with pytest.raises(WrongTopics, match="narrow has 3"):
        await create_topics(kafka_server.bootstrap_servers, (*TOPICS, Topic("narrow")))


async def test_a_topic_that_nobody_created_is_not_made_by_writing_to_it(kafka_server: KafkaServer) -> None:
    producer = AIOKafkaProducer(bootstrap_servers=kafka_server.bootstrap_servers, request_timeout_ms=2000)
    await producer.start()
    with pytest.raises(Exception, match=r"[Tt]opic|[Tt]imeout"):
        await producer.send_and_wait("misspelt.events", b"lost")
    await producer.stop()
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka_server.bootstrap_servers)
    await admin.start()
    assert "misspelt.events" not in await admin.list_topics()
    await admin.close()


@pytest.mark.parametrize("end", ["stopped", "killed"])
async def test_records_outlive_a_broker_that_is(own_kafka: KafkaServer, end: str) -> None:
    text = f"before it was {end}".encode()
    await _write(own_kafka, text)
    if end == "stopped":
        await own_kafka.stop()
    else:
        own_kafka.kill()
    await own_kafka.start()
    assert text in await _read(own_kafka)
    assert await create_topics(own_kafka.bootstrap_servers) == []


async def test_a_frozen_broker_answers_again_when_it_thaws(own_kafka: KafkaServer) -> None:
    own_kafka.freeze()
    with pytest.raises(TimeoutError):
        await _write(own_kafka, b"too early", seconds=2)
    own_kafka.thaw()
    await _write(own_kafka, b"after the thaw")
    assert b"after the thaw" in await _read(own_kafka)


async def test_a_broker_goes_on_with_its_data_on_other_ports(own_kafka: KafkaServer) -> None:
    await _write(own_kafka, b"on the old port")
    await own_kafka.stop()
    moved = KafkaServer.at(Home(own_kafka.home.root))
    assert moved.port != own_kafka.port
    await moved.start()
    try:
        assert b"on the old port" in await _read(moved)
    finally:
        await moved.stop()


async def _write(server: KafkaServer, text: bytes, seconds: float = 30) -> None:
    async with asyncio.timeout(seconds):
        producer = AIOKafkaProducer(bootstrap_servers=server.bootstrap_servers)
        try:
            await producer.start()
            await producer.send_and_wait(LETTERS.topic, text, partition=LETTERS.partition)
        finally:
            await producer.stop()


async def _read(server: KafkaServer) -> list[bytes]:
    consumer = AIOKafkaConsumer(bootstrap_servers=server.bootstrap_servers, auto_offset_reset="earliest")
    await consumer.start()
    try:
        consumer.assign([LETTERS])
        end = (await consumer.end_offsets([LETTERS]))[LETTERS]
        found: list[bytes] = []
        while await consumer.position(LETTERS) < end:
            batches = await consumer.getmany(timeout_ms=1000)
            found += [record.value for records in batches.values() for record in records]
        return found
    finally:
        await consumer.stop()
