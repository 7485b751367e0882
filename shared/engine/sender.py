"""Sends events in rounds: one producer batch per target partition, acknowledged by all.

After any error the producer is given up and the same events are sent again by another, with the same ids:
readers drop what comes twice.
"""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import structlog
from aiokafka.errors import KafkaError

from shared.engine import metrics
from shared.kafka.access import Kafka
from shared.kafka.producers import Producers

BATCH_BYTES_MAX = 900_000
REQUEST_TIMEOUT_MS = 15_000
SEND_SECONDS_MAX = 30.0
PLACED_AT_ONCE = 25
"""Letters put into batches between two turns of the loop."""

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
    """Sends letters; not for concurrent use."""

    def __init__(self, bootstrap_servers: Kafka) -> None:
        self._producers = Producers(bootstrap_servers, BATCH_BYTES_MAX, REQUEST_TIMEOUT_MS)

    async def send(self, letters: Sequence[Letter]) -> list[bool]:
        """Try every letter once; for each, whether Kafka has it. Those of one target keep their order.

        A target's batch that is full takes no more this round; what did not fit is False.
        """
        if not letters:
            return []
        try:
            producer = await self._producers.current()
        except (KafkaError, OSError, TimeoutError) as error:
            log.warning("no producer could be made", action="producer_failed", error=type(error).__name__)
            return [False] * len(letters)
        batches, placed = await _fill(producer.kafka, letters)
        delivered = await _deliver_all(producer.kafka, batches)
        if not all(delivered.values()):
            await self._producers.discard(producer)
            metrics.PRODUCER_REBUILT.inc()
        pairs = zip(letters, placed, strict=True)
        return [fits and delivered[(letter.topic, letter.partition)] for letter, fits in pairs]

    async def close(self) -> None:
        """Close the producer; another send would make another."""
        await self._producers.close()


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


async def _fill(producer: Any, letters: Sequence[Letter]) -> tuple[dict[Target, Any], list[bool]]:
    """Producer batches by target, and for each letter whether it is in one."""
    batches: dict[Target, Any] = {}
    full: set[Target] = set()
    placed = []
    for number, letter in enumerate(letters):
        if number % PLACED_AT_ONCE == 0:
            await asyncio.sleep(0)
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
