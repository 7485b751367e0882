"""One idempotent producer at a time, replaced as a whole after any error.

aiokafka's idempotent producer never raises its epoch: after one lost batch every later one may be refused for
its sequence number, so a producer that failed is closed and never used again.
"""

import asyncio
import logging
from dataclasses import dataclass, field

from aiokafka import AIOKafkaProducer

log = logging.getLogger(__name__)

REQUEST_TIMEOUT_MS = 15_000
CLOSE_SECONDS_MAX = 20.0
START_SECONDS_MAX = 30.0
REQUEST_BYTES_MAX = 1_000_000


@dataclass(slots=True)
class Producers:
    """Hands out the producer of the moment; `rebuilt` counts replacements."""

    bootstrap_servers: str
    batch_bytes_max: int
    rebuilt: int = 0
    _producer: AIOKafkaProducer | None = None
    _lock: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def current(self) -> AIOKafkaProducer:
        """A started producer. Raises KafkaError, OSError or TimeoutError when no broker answers."""
        async with self._lock:
            if self._producer is None:
                self._producer = await self._start()
            return self._producer

    async def discard(self, producer: AIOKafkaProducer) -> None:
        """Close a producer that failed; a second call for the same one does nothing."""
        async with self._lock:
            if self._producer is producer:
                self._producer = None
                self.rebuilt += 1
                await _close(producer)

    async def close(self) -> None:
        """Close the last one."""
        async with self._lock:
            producer, self._producer = self._producer, None
            if producer is not None:
                await _close(producer)

    async def _start(self) -> AIOKafkaProducer:
        producer = AIOKafkaProducer(
            bootstrap_servers=self.bootstrap_servers,
            acks="all",
            enable_idempotence=True,
            max_batch_size=self.batch_bytes_max,
            max_request_size=REQUEST_BYTES_MAX,
            request_timeout_ms=REQUEST_TIMEOUT_MS,
            metadata_max_age_ms=60_000,
        )
        try:
            await asyncio.wait_for(producer.start(), START_SECONDS_MAX)
        except BaseException:
            await _close(producer)
            raise
        return producer


async def _close(producer: AIOKafkaProducer) -> None:
    """Batches that are still under way get the chance to end first."""
    try:
        await asyncio.wait_for(producer.stop(), CLOSE_SECONDS_MAX)
    except Exception as error:
        await producer.client.close()
        log.warning("a producer did not close in order: %r", error, extra={"action": "producer_close_failed"})
