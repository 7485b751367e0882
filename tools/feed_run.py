"""One run of feeding at the command line: publish with progress, then wait for the services."""

import asyncio
import gc
import logging
import signal
import time
from collections.abc import Callable, Coroutine, Iterable
from dataclasses import dataclass, field
from typing import Any, Literal, NoReturn, TypeVar

import asyncpg
import typer
from aiokafka import TopicPartition
from aiokafka.errors import KafkaError

from connectors.imports.feed import Feed
from connectors.imports.reading import Parsed
from connectors.sdk.cleaning import Cleaner
from connectors.sdk.publisher import Publisher, PublishFailed
from shared.contracts.partitioning import partition_of
from shared.contracts.profiles import CommunityProfile
from shared.contracts.topics import CHAT_EVENTS
from tools.addresses import Addresses
from tools.drained import NotDrained, wait_until_drained
from tools.log_position import Positions
from tools.meter import meter

"""The slowest that a run may be before waiting for it is given up."""
GC_THRESHOLD = 100_000
Result = TypeVar("Result")
How = Callable[[], tuple[int, str]]
"""How much of the total is read by now, and a note."""


@dataclass(frozen=True, slots=True)
class Published:
    """What a run put into the log."""

    community_id: str
    events: int
    started_at: float
    """`time.monotonic()`."""
    seconds: float
    cut: int
    replaced: int
    producers_rebuilt: int


@dataclass(slots=True)
class Watch:
    """Notes when each service has passed the run's end."""

    published: Published
    passed_at: dict[str, float] = field(default_factory=dict)
    most_behind: int = 1
    _ends: int | None = None

    def look(self, positions: Positions) -> None:
        """Take in one look."""
        self.most_behind = max(self.most_behind, positions.behind)
        place = TopicPartition(CHAT_EVENTS, partition_of(self.published.community_id))
        if self._ends is None:
            self._ends = positions.ends[place]
        for service, nexts in positions.nexts.items():
            if nexts[place] >= self._ends:
                self.passed_at.setdefault(service, positions.taken_at)

    def events_per_second(self, service: str) -> float:
        """The run's events by the time from its beginning until the service had passed its end."""
        seconds = self.passed_at.get(service, time.monotonic()) - self.published.started_at
        return self.published.events / max(seconds, 0.001)


def run(work: Coroutine[Any, Any, Result], addresses: Addresses) -> Result:
    """Run a command's work; what people can do something about ends it with a sentence and exit code 1.

    SIGTERM is taken like Ctrl-C, so that a community never stays on the clock of a run that was stopped.
    """
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)
    gc.freeze()
    gc.set_threshold(GC_THRESHOLD, 50, 50)
    try:
        return asyncio.run(_stoppable(work))
    except PublishFailed as error:
        fail(f"Kafka at {addresses.bootstrap_servers} did not take everything: {error.__cause__!r}")
    except (KafkaError, OSError, TimeoutError, asyncpg.PostgresError) as error:
        told = str(error) or type(error).__name__
        fail(f"Kafka ({addresses.bootstrap_servers}) or Postgres does not answer, is it up? {told}")
    except (KeyboardInterrupt, asyncio.CancelledError):
        fail("stopped; what was published stays, and the same command again goes on without doubling it")


def fail(sentence: str) -> NoReturn:
    """End the command with a sentence on stderr."""
    typer.echo(sentence, err=True)
    raise typer.Exit(1)


async def _stoppable(work: Coroutine[Any, Any, Result]) -> Result:
    task = asyncio.ensure_future(work)
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
    return await task


async def publish(
    addresses: Addresses,
    source: str,
    profile: CommunityProfile,
    events: Iterable[Parsed],
    *,
    title: str,
    total: int,
    how: How,
    clock: Literal["event", "wall"] = "event",
    returns_to_wall: bool = True,
    cleaner: Cleaner | None = None,
    on_durable: Callable[[int], None] = lambda count: None,
) -> Published:
    """Publish a run under a progress bar; durable when it returns. Raises PublishFailed or KafkaError."""
    started_at = time.monotonic()
    publisher = Publisher(addresses.bootstrap_servers, source, cleaner=cleaner or Cleaner())
    feed = Feed(publisher, profile, clock, returns_to_wall)
    with meter(title, total) as advance:
        async with publisher:
            await feed.run(events, lambda: advance(*how()), on_durable)
    seconds = time.monotonic() - started_at
    changed = publisher.cleaner
    return Published(
        profile.community_id,
        feed.published,
        started_at,
        seconds,
        changed.cut,
        changed.replaced,
        publisher.producers_rebuilt,
    )


async def wait(addresses: Addresses, published: Published) -> tuple[Positions, Watch]:
    """Wait until every service has passed all of it. Raises NotDrained."""
    watch = Watch(published)
    with meter("services", 1000) as advance:

        def on_look(positions: Positions) -> None:
            watch.look(positions)
            share = 1 - positions.behind / watch.most_behind
            note = "  ".join(f"{one.service} {one.behind:,}" for one in positions.services if one.behind)
            advance(int(1000 * share), f"behind: {note}" if note else "")

        drained = await wait_until_drained(addresses.admin_url, addresses.bootstrap_servers, on_look=on_look)
    return drained, watch


async def wait_or_fail(addresses: Addresses, published: Published) -> tuple[Positions, Watch]:
    """The same; ends the command when a service stands still."""
    try:
        return await wait(addresses, published)
    except NotDrained as error:
        fail(f"{error}; `hearth status` tells how far they are")
