"""One producer batch per target partition and round, acknowledged by all; rebuilt after any error.

aiokafka's idempotent producer never bumps its epoch: after an error it may refuse everything that follows, so
it is closed and made anew, and the same events are sent again with the same ids.
"""

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any, NamedTuple

import structlog
from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError

from shared.engine import metrics

BATCH_BYTES_MAX = 1_000_000
SEND_SECONDS_MAX = 30.0
CLOSE_SECONDS_MAX = 5.0

log = structlog.get_logger(__name__)


Target = tuple[str, int]
"""topic, partition."""


class Letter(NamedTuple):
    """An event as Kafka takes it."""

    topic: str
    partition: int
    key: bytes
    value: bytes
    headers: Sequence[tuple[str, bytes]]


class Sender:
    """Sends letters in rounds; not for concurrent use."""

    def __init__(self, bootstrap_servers: str, client_id: str) -> None:
        self._options = {
            "bootstrap_servers": bootstrap_servers,
            "client_id": client_id,
            "enable_idempotence": True,
            "acks": "all",
            "max_batch_size": BATCH_BYTES_MAX,
            "max_request_size": BATCH_BYTES_MAX + 100_000,
            "request_timeout_ms": 15_000,
            "metadata_max_age_ms": 60_000,
        }
        self._producer: Any = None

    async def send(self, letters: Sequence[Letter]) -> list[bool]:
        """Try every letter once; for each, whether Kafka has it. Those of one target keep their order.

        A target's batch that is full takes no more this round; what did not fit is False.
        """
        if not letters:
            return []
        producer = await self._ready()
        if producer is None:
            return [False] * len(letters)
        batches, placed = _fill(producer, letters)
        delivered = await _deliver_all(producer, batches)
        if not all(delivered.values()):
            await self.close()
            metrics.PRODUCER_REBUILT.inc()
        return [
            fits and delivered[(letter.topic, letter.partition)]
            for letter, fits in zip(letters, placed, strict=True)
        ]

    async def close(self) -> None:
        """Close the producer; the next send makes another."""
        producer, self._producer = self._producer, None
        if producer is not None:
            with suppress(KafkaError, TimeoutError, OSError):
                await asyncio.wait_for(producer.stop(), CLOSE_SECONDS_MAX)

    async def _ready(self) -> Any:
        if self._producer is None:
            producer = AIOKafkaProducer(**self._options)
            try:
                await asyncio.wait_for(producer.start(), SEND_SECONDS_MAX)
            except (KafkaError, TimeoutError, OSError) as error:
                log.warning("no producer could be made", action="producer_failed", error=type(error).__name__)
                with suppress(KafkaError, TimeoutError, OSError):
                    await asyncio.wait_for(producer.stop(), CLOSE_SECONDS_MAX)
                return None
            self._producer = producer
        return self._producer


async def _deliver_all(producer: Any, batches: Mapping[Target, Any]) -> dict[Target, bool]:
    """Send one batch per target; for each, whether it was acknowledged in time."""
    tasks = {
        target: asyncio.create_task(_deliver(producer, target, each)) for target, each in batches.items()
    }
    await asyncio.wait(tasks.values(), timeout=SEND_SECONDS_MAX)
    for task in tasks.values():
        task.cancel()
    results = await asyncio.gather(*tasks.values(), return_exceptions=True)
    return {target: result is True for target, result in zip(tasks, results, strict=True)}


async def _deliver(producer: Any, target: Target, batch: Any) -> bool:
    try:
        acknowledged = await producer.send_batch(batch, target[0], partition=target[1])
        await acknowledged
    except KafkaError as error:
        topic, partition = target
        log.warning(
            "a batch was not acknowledged", action="send_failed", error=type(error).__name__, topic=topic,
            partition=partition,
        )  # fmt: skip
        return False
    return True


def _fill(producer: Any, letters: Sequence[Letter]) -> tuple[dict[Target, Any], list[bool]]:
    """Producer batches by target, and for each letter whether it is in one."""
    batches: dict[Target, Any] = {}
    full: set[Target] = set()
    placed = []
    for letter in letters:
        target = (letter.topic, letter.partition)
        batch = batches.get(target)
        if batch is None:
            batch = batches[target] = producer.create_batch()
        fits = target not in full and (
            batch.append(key=letter.key, value=letter.value, timestamp=None, headers=list(letter.headers))
            is not None
        )
        if not fits:
            full.add(target)
        placed.append(fits)
    for batch in batches.values():
        batch.close()
    return batches, placed
