"""Events that a platform brings over HTTP, and again if they are not taken: what it gives up is a gap."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from connectors.sdk.claims import Claim
from connectors.sdk.connector import Connector
from connectors.sdk.outlet import Timed, Unavailable
from connectors.sdk.places import claims_of
from shared.http.background import Chore, doing

REFUSED_SINCE = "refused_since"
"""Note: when an event was first refused, of those that no later one followed."""
NOTED_EVERY_SECONDS = 30.0


@dataclass(slots=True)
class Brought:
    """Nothing is missed that is refused for less than `again_for`, by us or because nobody is there."""

    connector: Connector
    places: dict[str, Claim]
    again_for: timedelta
    _away_since: datetime | None = None

    @asynccontextmanager
    async def open(self) -> AsyncIterator[None]:
        """Told to be there for as long as the block lasts."""
        self._away_since = await self.connector.seen_until()
        async with doing([Chore("note_seen", NOTED_EVERY_SECONDS, self._note)]):
            yield

    async def publish(self, events: Sequence[Timed]) -> None:
        """Durable when it returns. Raises Unavailable."""
        store = self.connector.store
        try:
            await self.connector.publish(events)
        except Unavailable:
            if await store.noted(REFUSED_SINCE) is None:
                await store.note(REFUSED_SINCE, datetime.now(UTC).isoformat())
            raise
        if (noted := await store.noted(REFUSED_SINCE)) is not None:
            await store.forget_note(REFUSED_SINCE)
            await self._tell_gap(datetime.fromisoformat(noted), "events could not be taken in time")

    async def _note(self, now: datetime) -> None:
        if self._away_since is not None:
            await self._tell_gap(self._away_since, "the connector was away")
            self._away_since = None
        await self.connector.note_seen(now)

    async def _tell_gap(self, since: datetime, cause: str) -> None:
        now = datetime.now(UTC)
        if now - since > self.again_for:
            for claim in claims_of(self.places):
                await self.connector.announce_gap(claim, since, now, cause)
