"""Creates the topics. Idempotent; refuses to go on over topics of another shape, as lanes rest on it."""

import asyncio
import time
from collections.abc import Mapping

from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.errors import TopicAlreadyExistsError, for_code

from shared.contracts.topics import PARTITIONS, TOPICS, Topic

REPLICAS_WANTED = 3
CREATED = 0
METADATA_SECONDS_MAX = 20.0


class WrongTopics(RuntimeError):
    """Existing topics have another number of partitions than the contract says."""


async def create_topics(bootstrap_servers: str, topics: tuple[Topic, ...] = TOPICS) -> list[str]:
    """Create those that are missing, return their names; `WrongTopics` when an existing one does not fit."""
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap_servers, request_timeout_ms=30_000)
    await admin.start()
    try:
        existing = set(await admin.list_topics())
        wanted = [topic for topic in topics if topic.name not in existing]
        if wanted:
            brokers = len((await admin.describe_cluster())["brokers"])
            await _create(admin, wanted, min(REPLICAS_WANTED, brokers))
        _check(await _told(admin, [topic.name for topic in topics]))
        return [topic.name for topic in wanted]
    finally:
        await admin.close()


async def _create(admin: AIOKafkaAdminClient, topics: list[Topic], replicas: int) -> None:
    requests = [
        NewTopic(
            topic.name,
            num_partitions=PARTITIONS,
            replication_factor=replicas,
            topic_configs={"cleanup.policy": "compact"} if topic.compacted else {},
        )
        for topic in topics
    ]
    response = await admin.create_topics(requests)
    for name, code, message, *_ in response.topic_errors:
        # Another process may create the same topic at the same time.
        if code not in (CREATED, TopicAlreadyExistsError.errno):
            raise for_code(code)(f"topic {name}: {message}")


async def _told(admin: AIOKafkaAdminClient, names: list[str]) -> dict[str, int]:
    """Partitions by topic, once the broker tells of all: a topic just made has none for a moment."""
    partitions = await _partitions(admin, names)
    ends = time.monotonic() + METADATA_SECONDS_MAX
    while not all(partitions.values()) and time.monotonic() < ends:
        await asyncio.sleep(0.1)
        partitions = await _partitions(admin, names)
    return partitions


async def _partitions(admin: AIOKafkaAdminClient, names: list[str]) -> dict[str, int]:
    return {found["topic"]: len(found["partitions"]) for found in await admin.describe_topics(names)}


def _check(partitions: Mapping[str, int]) -> None:
    wrong = {name: count for name, count in partitions.items() if count != PARTITIONS}
    if wrong:
        found = ", ".join(f"{name} has {count}" for name, count in sorted(wrong.items()))
        raise WrongTopics(f"every topic needs {PARTITIONS} partitions, but {found}")
