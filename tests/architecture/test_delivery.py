"""The delivery settings of every service's subscriber, read from what was built and not from the source."""

from typing import Any, cast

import pytest
from aiokafka.coordinator.assignors.range import RangePartitionAssignor
from faststream import AckPolicy
from faststream.kafka.subscriber.usecase import BatchSubscriber

from shared.contracts.topics import TOPICS
from shared.engine.engine import Engine
from shared.http.runtime import Runtime
from tests.architecture.built import build_service
from tests.architecture.sources import SERVICES

pytestmark = pytest.mark.parametrize("service", SERVICES)


async def subscriber_of(service: str) -> Any:
    """What the service's engine would read with; built on a loop, connected to nothing."""
    runtime: Runtime = build_service(service).state.runtime
    return Engine(service, runtime.routes, cast(Any, None), "127.0.0.1:1", runtime.engine_settings).subscriber


async def test_offsets_are_postgres_business_alone(service: str) -> None:
    subscriber = await subscriber_of(service)
    assert subscriber.ack_policy is AckPolicy.MANUAL
    assert subscriber._connection_args["enable_auto_commit"] is False
    assert subscriber._connection_args["auto_offset_reset"] == "earliest"


async def test_a_stranger_cannot_make_the_service_answer(service: str) -> None:
    subscriber = await subscriber_of(service)
    assert subscriber._no_reply is True
    assert all(not call.handler._publishers for call in subscriber.calls)


async def test_records_come_in_bounded_batches(service: str) -> None:
    subscriber = await subscriber_of(service)
    assert 100 <= subscriber.max_records <= 4000
    assert 10 <= subscriber.batch_timeout_ms <= 50
    assert isinstance(subscriber, BatchSubscriber)


async def test_a_process_gets_the_same_partitions_of_every_topic(service: str) -> None:
    subscriber = await subscriber_of(service)
    assert subscriber._connection_args["partition_assignment_strategy"] == (RangePartitionAssignor,)
    assert subscriber.group_id == f"hearth.{service}"
    assert set(subscriber.topic_names) <= {topic.name for topic in TOPICS}
    assert "chat.events" in subscriber.topic_names


async def test_a_slow_batch_does_not_cost_the_membership(service: str) -> None:
    arguments = (await subscriber_of(service))._connection_args
    assert arguments["heartbeat_interval_ms"] * 3 <= arguments["session_timeout_ms"]
    assert arguments["max_poll_interval_ms"] >= 300_000
    assert arguments["rebalance_timeout_ms"] >= 60_000


async def test_the_broker_neither_makes_topics_nor_fills_in_parameters(service: str) -> None:
    (config,) = (await subscriber_of(service))._outer_config.configs
    assert config.allow_auto_create_topics is False
    assert config.fd_config.use_fastdepends is False
    assert config.builder.keywords["request_timeout_ms"] == 15_000
