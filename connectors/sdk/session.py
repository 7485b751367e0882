"""Connections that come and go: what the bot can do is told when one begins, what was missed as a gap."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from connectors.sdk.claims import Claim
from connectors.sdk.connector import Connector
from connectors.sdk.outlet import Timed
from connectors.sdk.places import claims_of

NOTED_EVERY = timedelta(seconds=5)
TRY_AGAIN_SECONDS = (1.0, 30.0)

log = logging.getLogger(__name__)


async def _known() -> None:
    """Where a bot's rights are no question."""


@dataclass(slots=True)
class Session:
    """One bot account at a time, on a platform that does not keep for us what happens."""

    connector: Connector
    places: dict[str, Claim]
    learn: Callable[[], Awaitable[None]] = _known
    """Asks for the bot's rights."""
    learning: "asyncio.Task[None] | None" = None
    _noted_at: datetime | None = None

    async def begins(self, at: datetime | None = None, *, resumed: bool = False) -> None:
        """Tell what was missed until then, unless the platform brings it; learn and announce beside."""
        since = await self.connector.seen_until()
        if since is not None and not resumed:
            await self.missed(since, at or datetime.now(UTC), "the bot was not connected")
        self.learns()

    def learns(self) -> None:
        """Ask for the bot's rights anew, and announce them."""
        self.stop()
        self.learning = asyncio.create_task(self._learn())

    async def ends(self, at: datetime | None = None, *, heard: bool = True) -> None:
        """Everything until then was heard, or not."""
        self.stop()
        if heard:
            await self.connector.note_seen(at or datetime.now(UTC))

    async def heard(self, events: Sequence[Timed], at: datetime | None = None) -> None:
        """Publish what was there at that moment; returns when it is durable."""
        now = at or datetime.now(UTC)
        await self.connector.publish_surely(events)
        if self._noted_at is None or now - self._noted_at > NOTED_EVERY:
            self._noted_at = now
            await self.connector.note_seen(now)

    async def missed(self, since: datetime, until: datetime, cause: str) -> None:
        """Say of all places that it is not known what happened there."""
        for claim in claims_of(self.places):
            await self.connector.announce_gap(claim, since, until, cause)

    def stop(self) -> None:
        """Ask no more."""
        if self.learning is not None:
            self.learning.cancel()

    async def _learn(self) -> None:
        pause = TRY_AGAIN_SECONDS[0]
        while True:
            try:
                await self.learn()
                await self.connector.announce_places(self.places)
                return
            except Exception as error:
                kind = type(error).__name__
                log.warning("rights are asked for again: %s", kind, extra={"action": "rights_unknown"})
            await asyncio.sleep(pause)
            pause = min(2 * pause, TRY_AGAIN_SECONDS[1])
