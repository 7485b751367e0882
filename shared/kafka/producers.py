"""One idempotent producer at a time, replaced as a whole after any error.

aiokafka's idempotent producer never raises its epoch: after one lost batch every later one may be refused for
its sequence number, so a producer that failed is ended and never used again. It also tries a batch again for
ever, whatever its timeouts say, so who waits for a batch needs a limit, and a way to hear of the end.
"""

import asyncio
import logging
from dataclasses import dataclass, field

from aiokafka import AIOKafkaProducer

from shared.kafka.access import Kafka, client_arguments

log = logging.getLogger(__name__)

CLOSE_SECONDS_MAX = 20.0
START_SECONDS_MAX = 30.0
REQUEST_BYTES_MAX = 1_000_000


@dataclass(frozen=True, slots=True, eq=False)
class Producer:
    """A started producer, and a future that is done when it was given up."""

    kafka: AIOKafkaProducer
    gone: "asyncio.Future[None]"


@dataclass(slots=True)
class Producers:
    """Hands out the producer of the moment; `rebuilt` counts replacements."""

    bootstrap_servers: Kafka
    batch_bytes_max: int
    request_timeout_ms: int
    rebuilt: int = 0
    _producer: Producer | None = None
    _lock: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def current(self) -> Producer:
        """A started producer. Raises KafkaError, OSError or TimeoutError when no broker answers."""
        async with self._lock:
            if self._producer is None:
                kafka = await self._start()
                self._producer = Producer(kafka, asyncio.get_running_loop().create_future())
            return self._producer

    async def discard(self, producer: Producer) -> None:
        """End a producer that failed; a second call for the same one does nothing."""
        async with self._lock:
            if self._producer is producer:
                self._producer = None
                self.rebuilt += 1
                await _abort(producer.kafka)
                producer.gone.set_result(None)

    async def close(self) -> None:
        """Close the last one."""
        async with self._lock:
            producer, self._producer = self._producer, None
            if producer is not None:
                await _abort(producer.kafka)

    async def _start(self) -> AIOKafkaProducer:
        kafka = AIOKafkaProducer(
            **client_arguments(self.bootstrap_servers),
            acks="all",
            enable_idempotence=True,
            max_batch_size=self.batch_bytes_max,
            max_request_size=REQUEST_BYTES_MAX,
            request_timeout_ms=self.request_timeout_ms,
            metadata_max_age_ms=60_000,
        )
        try:
            await asyncio.wait_for(kafka.start(), START_SECONDS_MAX)
        except BaseException:
            await _abort(kafka)
            raise
        return kafka


async def _abort(kafka: AIOKafkaProducer) -> None:
    """End it without waiting for batches: its own `stop()` would wait for those that never end."""
    kafka._closed = True
    try:
        await asyncio.wait_for(kafka._sender.close(), CLOSE_SECONDS_MAX)
    except Exception as error:
        log.warning("a producer did not end in order: %r", error, extra={"action": "producer_end_failed"})
    finally:
        await kafka.client.close()
