"""The way of events out of a connector that runs for months: durable before `send` returns, or refused.

A publisher ends at the first batch that Kafka does not take; an outlet then begins with a new one.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from connectors.sdk.metrics import EVENTS_PUBLISHED
from connectors.sdk.publisher import Publisher, PublishFailed
from shared.contracts.contract import Contract
from shared.kafka.access import Kafka

SEND_SECONDS_MAX = 20.0
UNACKNOWLEDGED_BYTES_MAX = 16 * 1024 * 1024
EVENT_BYTES_GUESSED = 1_024
CONNECT_SECONDS_MAX = 8.0
GIVE_UP_SECONDS = 120.0
Timed = tuple[Contract, datetime]


class Unavailable(Exception):
    """The events are not known to be durable. The same again is harmless: ids are made of what they are."""


@dataclass(slots=True)
class Outlet:
    """For many tasks of one event loop."""

    bootstrap_servers: Kafka
    source: str
    """CloudEvents source: `/connectors/matrix`. Part of every id, so it never changes."""
    seconds_max: float = SEND_SECONDS_MAX
    sent: int = 0
    """Events that brokers took."""
    cleaned: int = 0
    _publisher: Publisher | None = None
    _turn: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def send(self, events: Sequence[Timed], topic: str | None = None) -> None:
        """Return when brokers have all of them, in this order per community; on their own topics unless told
        otherwise. Raises Unavailable."""
        if not events:
            return
        try:
            async with asyncio.timeout(self.seconds_max):
                publisher = await self._current()
                if publisher.room_bytes < 0:
                    raise Unavailable("too much waits for Kafka")
                try:
                    await _all_durable(publisher.publish_durably(events, topic))
                except PublishFailed:
                    await self._drop(publisher)
                    raise
        except (PublishFailed, TimeoutError, OSError) as error:
            raise Unavailable(f"Kafka did not take them in time: {type(error).__name__}") from error
        self.sent += len(events)
        EVENTS_PUBLISHED.inc(len(events))

    async def send_surely(self, events: Sequence[Timed]) -> None:
        """The same, again and again until it succeeds: for events whose platform tells them only once."""
        pause = 0.2
        while True:
            try:
                return await self.send(events)
            except Unavailable:
                await asyncio.sleep(pause)
                pause = min(2 * pause, 5.0)

    async def close(self) -> None:
        """End; what waits is not durable."""
        async with self._turn:
            publisher, self._publisher = self._publisher, None
            if publisher is not None:
                await publisher.__aexit__(asyncio.CancelledError, asyncio.CancelledError(), None)

    async def _current(self) -> Publisher:
        async with self._turn:
            if self._publisher is None:
                publisher = Publisher(
                    self.bootstrap_servers,
                    self.source,
                    unacknowledged_bytes_max=UNACKNOWLEDGED_BYTES_MAX,
                    give_up_seconds=GIVE_UP_SECONDS,
                )
                try:
                    async with asyncio.timeout(CONNECT_SECONDS_MAX):
                        self._publisher = await publisher.__aenter__()
                except Exception as error:
                    await publisher.__aexit__(type(error), error, None)
                    raise Unavailable(f"no broker answers: {type(error).__name__}") from error
            return self._publisher

    async def _drop(self, publisher: Publisher) -> None:
        async with self._turn:
            if self._publisher is publisher:
                self._publisher = None
                await publisher.__aexit__(PublishFailed, PublishFailed("dropped"), None)


async def _all_durable(futures: "list[asyncio.Future[None]]") -> None:
    results = await asyncio.gather(*futures, return_exceptions=True)
    for result in results:
        if isinstance(result, BaseException):
            raise result
