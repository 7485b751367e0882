"""The FastStream subscriber of a service: all its topics, one group, ranges, raw batches, no acknowledgement.

Offsets are Postgres' business. FastStream is asked for nothing but to poll and to hand the raw records over.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Sequence
from contextlib import suppress
from typing import Any

import structlog
from aiokafka import AIOKafkaConsumer, ConsumerRebalanceListener, TopicPartition
from aiokafka.coordinator.assignors.range import RangePartitionAssignor
from aiokafka.errors import IllegalStateError, KafkaError
from faststream import AckPolicy
from faststream.kafka import KafkaBroker
from faststream.kafka.message import FAKE_CONSUMER, KafkaMessage

from shared.engine.record import Raw
from shared.engine.settings import EngineSettings

GRACEFUL_SECONDS_MAX = 20.0
ASK_SECONDS_MAX = 10.0
FETCH_WAIT_MS = 100
"""aiokafka asks a broker for one thing at a time: a question about quiet logs, held open for its default of
500 ms, keeps the busy one waiting."""

log = structlog.get_logger(__name__)
Take = Callable[[Sequence[Raw]], Awaitable[None]]


class Revoked(ConsumerRebalanceListener):  # type: ignore[misc]
    """Tells which lanes the group takes away; aiokafka swallows what this raises, so it raises nothing."""

    def __init__(self, release: Callable[[frozenset[int]], Awaitable[None]]) -> None:
        self._release = release

    async def on_partitions_revoked(self, revoked: Iterable[TopicPartition]) -> None:
        """Before others get them."""
        try:
            await self._release(frozenset(each.partition for each in revoked))
        except Exception as error:
            log.warning("lanes were not given back", action="release_failed", error=type(error).__name__)

    async def on_partitions_assigned(self, assigned: Iterable[TopicPartition]) -> None:
        """Nothing: lanes are claimed when their first records come, or at the next tick."""


def build_broker(
    topics: Sequence[str],
    group: str,
    bootstrap_servers: str,
    settings: EngineSettings,
    take: Take,
    listener: ConsumerRebalanceListener,
) -> tuple[KafkaBroker, Any]:
    """The broker and its one subscriber, whose every poll goes to `take` as raw records."""
    broker = KafkaBroker(
        bootstrap_servers,
        client_id=group,
        allow_auto_create_topics=False,
        request_timeout_ms=15_000,
        metadata_max_age_ms=60_000,
        graceful_timeout=GRACEFUL_SECONDS_MAX,
        apply_types=False,
        serializer=None,
        logger=None,
    )
    subscriber = broker.subscriber(
        *topics,
        group_id=group,
        batch=True,
        ack_policy=AckPolicy.MANUAL,
        no_reply=True,
        auto_offset_reset="earliest",
        batch_timeout_ms=settings.batch_timeout_ms,
        max_records=settings.max_records,
        fetch_max_wait_ms=FETCH_WAIT_MS,
        max_partition_fetch_bytes=4_194_304,
        session_timeout_ms=settings.session_timeout_ms,
        heartbeat_interval_ms=settings.session_timeout_ms // 5,
        rebalance_timeout_ms=60_000,
        max_poll_interval_ms=300_000,
        partition_assignment_strategy=(RangePartitionAssignor,),
        listener=listener,
        parser=_keep_raw,
        decoder=_as_it_is,
        title=group,
    )
    subscriber(_guarded(take))
    return broker, subscriber


async def _keep_raw(records: Sequence[Raw]) -> KafkaMessage:
    """No header or body is read here: one that cannot be would lose its whole batch."""
    return KafkaMessage(
        body=b"", headers={}, raw_message=records, message_id="", correlation_id="", consumer=FAKE_CONSUMER
    )


async def _as_it_is(message: KafkaMessage) -> Any:
    return message.raw_message


def _guarded(take: Take) -> Take:
    """FastStream swallows a handler's exception without a word: say it."""

    async def guarded(records: Any) -> None:
        try:
            await take(records)
        except Exception as error:
            log.error("a poll was lost and is read again", action="poll_failed", exc_info=error)
            raise

    return guarded


class KafkaLog:
    """The subscriber's consumer, as lanes need it."""

    def __init__(self, subscriber: Any) -> None:
        self._subscriber = subscriber

    @property
    def _consumer(self) -> AIOKafkaConsumer | None:
        return self._subscriber.consumer

    def _partitions(self) -> set[TopicPartition]:
        consumer = self._consumer
        return set(consumer.assignment()) if consumer is not None else set()

    def assigned(self) -> frozenset[int]:
        """Partitions that the group has given to this process, of every topic."""
        return frozenset(each.partition for each in self._partitions())

    def seek(self, topic: str, partition: int, offset: int) -> None:
        """Read on from an offset; nothing when the partition is not ours any more."""
        with suppress(IllegalStateError, AttributeError):
            self._consumer.seek(TopicPartition(topic, partition), offset)  # type: ignore[union-attr]

    def pause(self, partition: int) -> None:
        """Fetch nothing more of any topic's partition."""
        self._each(partition, "pause")

    def resume(self, partition: int) -> None:
        """Fetch again."""
        self._each(partition, "resume")

    def _each(self, partition: int, act: str) -> None:
        consumer = self._consumer
        for each in [each for each in self._partitions() if each.partition == partition]:
            with suppress(IllegalStateError):
                getattr(consumer, act)(each)

    async def beginning(self, topic: str, partition: int) -> int:
        """The oldest offset that the log still holds."""
        consumer = self._consumer
        if consumer is None:
            raise ConnectionError("the consumer is stopped")
        place = TopicPartition(topic, partition)
        async with asyncio.timeout(ASK_SECONDS_MAX):
            offsets = await consumer.beginning_offsets([place])
        return int(offsets[place])

    async def ends(self, known: Callable[[str, int], bool]) -> dict[int, dict[str, int]]:
        """End offsets by partition and topic; 0 for a log that is empty and of which nothing is `known`."""
        consumer, places = self._consumer, self._partitions()
        if consumer is None or not places:
            return {}
        async with asyncio.timeout(ASK_SECONDS_MAX):
            ends = await consumer.end_offsets(list(places))
            unknown = [each for each in places if ends[each] and not known(each.topic, each.partition)]
            starts = await consumer.beginning_offsets(unknown) if unknown else {}
        by_lane: dict[int, dict[str, int]] = {}
        for each in places:
            end = 0 if starts.get(each) == ends[each] else int(ends[each])
            by_lane.setdefault(each.partition, {})[each.topic] = end
        return by_lane

    async def commit(self, offsets: dict[tuple[str, int], int]) -> None:
        """Tell Kafka how far we are, for dashboards of lag only; failures do not matter."""
        consumer, places = self._consumer, self._partitions()
        wanted = {TopicPartition(*place): offset for place, offset in offsets.items()}
        ours = {place: offset for place, offset in wanted.items() if place in places}
        if consumer is None or not ours:
            return
        with suppress(KafkaError, IllegalStateError, TimeoutError):
            async with asyncio.timeout(ASK_SECONDS_MAX):
                await consumer.commit(ours)
