"""Publishing: events go out sealed, in order per community, and count as published when brokers have them.

Per partition one batch is under way at a time, so a batch that failed is sent again before anything that
follows it. The same events keep their ids, so a batch that was taken but not acknowledged is a duplicate
that readers drop.
"""

import asyncio
import random
import time
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice
from types import TracebackType
from typing import NamedTuple

from aiokafka.errors import (
    ClusterAuthorizationFailedError,
    InvalidTopicError,
    KafkaConnectionError,
    KafkaError,
    MessageSizeTooLargeError,
    TopicAuthorizationFailedError,
)

from connectors.sdk.cleaning import Cleaner
from shared.contracts.contract import Contract
from shared.contracts.envelope import seal, write
from shared.contracts.partitioning import partition_of
from shared.kafka.access import Kafka
from shared.kafka.producers import Producer, Producers

RECORD_OVERHEAD_BYTES = 320
BATCH_RECORDS_MAX = 2_000
YIELD_EVERY = 100
"""Events between two turns of the loop, so that batches leave while others are made."""
ACK_TIMEOUTS = 3
"""Request timeouts until a batch that is neither taken nor refused counts as failed."""
BACKOFF_SECONDS = (0.1, 5.0)
NEVER_ACCEPTED = (
    MessageSizeTooLargeError,
    InvalidTopicError,
    TopicAuthorizationFailedError,
    ClusterAuthorizationFailedError,
)


class PublishFailed(Exception):
    """Events could not be handed to Kafka; none of those not yet acknowledged may count as published."""


class Record(NamedTuple):
    """An event ready for the wire."""

    key: bytes
    value: bytes
    headers: list[tuple[str, bytes]]
    size: int
    """About the bytes that it holds."""
    durable: "asyncio.Future[None] | None" = None
    """Done when brokers have it."""


@dataclass(slots=True)
class Lane:
    """What waits for one partition of one topic, oldest first; a record leaves when it is acknowledged."""

    topic: str
    partition: int
    waiting: deque[Record] = field(default_factory=deque)
    sender: "asyncio.Task[None] | None" = None


@dataclass(slots=True)
class Publisher:
    """An async context manager; leaving it without an error flushes. For one event loop and one task."""

    bootstrap_servers: Kafka
    source: str
    """CloudEvents source of what is published: `/import/jsonl`."""
    batch_bytes_max: int = 262_144
    unacknowledged_bytes_max: int = 4 * 1024 * 1024
    """More than this waits: `publish` returns when there is room."""
    request_timeout_ms: int = 15_000
    give_up_seconds: float = 120.0
    """How long one batch is tried again before `PublishFailed`."""
    cleaner: Cleaner = field(default_factory=Cleaner)
    acknowledged: int = 0
    """Events that brokers have."""
    _lanes: dict[tuple[str, int], Lane] = field(default_factory=dict)
    _unacknowledged_bytes: int = 0
    _published: int = 0
    _failure: BaseException | None = None
    _changed: asyncio.Event = field(default_factory=asyncio.Event)
    _producers: Producers = field(init=False)

    def __post_init__(self) -> None:
        self._producers = Producers(self.bootstrap_servers, self.batch_bytes_max, self.request_timeout_ms)

    async def __aenter__(self) -> "Publisher":
        """Connect. Raises KafkaError or OSError when no broker answers."""
        await self._producers.current()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Flush unless an error ends the block, then close."""
        try:
            if error is None:
                await self.flush()
        finally:
            await self._stop()

    @property
    def producers_rebuilt(self) -> int:
        """How often an error led to a new producer."""
        return self._producers.rebuilt

    async def publish(self, event: Contract, occurred_at: datetime, topic: str | None = None) -> str:
        """Take an event for its topic, or another one; returns its id. Durable after `flush()`.

        Raises PublishFailed when earlier events could not be sent.
        """
        if self._failure is not None:
            raise PublishFailed(f"earlier events were not accepted: {self._failure!r}") from self._failure
        event_id = self._enqueue(event, occurred_at, topic or event.TOPIC)
        self._published += 1
        if self._unacknowledged_bytes > self.unacknowledged_bytes_max:
            await self._wait_for_room()
        elif self._published % YIELD_EVERY == 0:
            await asyncio.sleep(0)
        return event_id

    async def publish_all(self, events: Iterable[tuple[Contract, datetime]]) -> None:
        """Take several, in order."""
        for event, occurred_at in events:
            await self.publish(event, occurred_at)

    def publish_durably(
        self, events: Iterable[tuple[Contract, datetime]], topic: str | None = None
    ) -> "list[asyncio.Future[None]]":
        """Take several, in order, without waiting: one future each, done when brokers have it, failed with
        PublishFailed when they do not take it. For many tasks at once; see `room_bytes`."""
        if self._failure is not None:
            raise PublishFailed(f"earlier events were not accepted: {self._failure!r}") from self._failure
        futures = []
        for event, occurred_at in events:
            futures.append(asyncio.get_running_loop().create_future())
            self._enqueue(event, occurred_at, topic or event.TOPIC, futures[-1])
        return futures

    @property
    def room_bytes(self) -> int:
        """How much more may wait; negative when too much does."""
        return self.unacknowledged_bytes_max - self._unacknowledged_bytes

    async def flush(self) -> None:
        """Return when brokers have all that was published. Raises PublishFailed."""
        while senders := [lane.sender for lane in self._lanes.values() if lane.sender]:
            await asyncio.wait(senders)
        if self._failure is not None:
            raise PublishFailed(f"events were not accepted: {self._failure!r}") from self._failure

    def _enqueue(
        self,
        event: Contract,
        occurred_at: datetime,
        topic: str,
        durable: "asyncio.Future[None] | None" = None,
    ) -> str:
        envelope = seal(event, self.source, occurred_at)
        headers, payload = write(event, envelope)
        clean = self.cleaner.without_nul(event, payload)
        if clean is not event:
            envelope = seal(clean, self.source, occurred_at)
            headers, payload = write(clean, envelope)
        size = len(payload) + RECORD_OVERHEAD_BYTES
        lane = self._lane(topic, partition_of(clean.community_id))
        lane.waiting.append(Record(clean.community_id.encode(), payload, headers, size, durable))
        self._unacknowledged_bytes += size
        if lane.sender is None:
            lane.sender = asyncio.create_task(self._send_all(lane))
        return envelope.id

    def _lane(self, topic: str, partition: int) -> Lane:
        lane = self._lanes.get((topic, partition))
        if lane is None:
            lane = self._lanes[(topic, partition)] = Lane(topic, partition)
        return lane

    async def _wait_for_room(self) -> None:
        while self._unacknowledged_bytes > self.unacknowledged_bytes_max and self._failure is None:
            self._changed.clear()
            await self._changed.wait()

    async def _send_all(self, lane: Lane) -> None:
        """Send until nothing waits; the first batch that cannot be sent ends the publisher."""
        try:
            while lane.waiting and self._failure is None:
                self._release(lane, await self._send_surely(lane))
        except Exception as error:
            self._failure = self._failure or error
        finally:
            if self._failure is not None:
                _fail(lane, self._failure)
            lane.sender = None
            self._changed.set()

    def _release(self, lane: Lane, count: int) -> None:
        for _ in range(count):
            record = lane.waiting.popleft()
            self._unacknowledged_bytes -= record.size
            if record.durable is not None and not record.durable.done():
                record.durable.set_result(None)
        self.acknowledged += count
        self._changed.set()

    async def _send_surely(self, lane: Lane) -> int:
        """Send one batch, with new producers as long as it takes; returns how many records it held."""
        gives_up_at = time.monotonic() + self.give_up_seconds
        ack_seconds_max = ACK_TIMEOUTS * self.request_timeout_ms / 1000
        pause = BACKOFF_SECONDS[0]
        while True:
            producer: Producer | None = None
            try:
                producer = await self._producers.current()
                return await asyncio.wait_for(_send(producer, lane), ack_seconds_max)
            except (KafkaError, OSError, TimeoutError, AssertionError) as error:
                # aiokafka asserts where it does not know a partition yet.
                if producer is not None:
                    await self._producers.discard(producer)
                if isinstance(error, NEVER_ACCEPTED) or time.monotonic() > gives_up_at:
                    raise
            await asyncio.sleep(pause * random.uniform(0.5, 1.0))  # noqa: S311 - jitter, no secret
            pause = min(2 * pause, BACKOFF_SECONDS[1])

    async def _stop(self) -> None:
        senders = [lane.sender for lane in self._lanes.values() if lane.sender]
        for sender in senders:
            sender.cancel()
        await asyncio.gather(*senders, return_exceptions=True)
        for lane in self._lanes.values():
            _fail(lane, ConnectionAbortedError("the publisher was closed"))
        await self._producers.close()


def _fail(lane: Lane, error: BaseException) -> None:
    """Tell those who wait for records of this lane that they are not durable."""
    for record in lane.waiting:
        if record.durable is not None and not record.durable.done():
            failed = PublishFailed(f"the event was not accepted: {error!r}")
            failed.__cause__ = error
            record.durable.set_exception(failed)


async def _send(producer: Producer, lane: Lane) -> int:
    """Send as many of the oldest records as one batch holds and wait until they are durable."""
    batch = producer.kafka.create_batch()
    now = int(time.time() * 1000)
    for record in islice(lane.waiting, BATCH_RECORDS_MAX):
        if batch.append(timestamp=now, key=record.key, value=record.value, headers=record.headers) is None:
            break
    batch.close()
    count: int = batch.record_count()
    acknowledgement = await producer.kafka.send_batch(batch, lane.topic, partition=lane.partition)
    await asyncio.wait((acknowledgement, producer.gone), return_when=asyncio.FIRST_COMPLETED)
    if not acknowledgement.done():
        raise KafkaConnectionError("the producer was given up while a batch was under way")
    acknowledgement.result()
    return count
