"""Publishing a history: the community's profile, its clock, every event in order, and its clock back."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Literal
from uuid import uuid4

from connectors.imports.reading import Parsed
from connectors.sdk.publisher import Publisher
from shared.contracts.chat import ClockSet
from shared.contracts.profiles import CommunityProfile
from shared.contracts.topics import CHAT_EVENTS

TELL_EVERY = 250
"""Events between two calls of `on_progress`."""
DURABLE_EVERY = 5_000
"""Events between two calls of `on_durable`: a run that goes on repeats at most so many."""


@dataclass(slots=True)
class Feed:
    """One run of one community. All of it goes to one partition of `chat.events`, so its order is kept."""

    publisher: Publisher
    profile: CommunityProfile
    clock: Literal["event", "wall"] = "event"
    returns_to_wall: bool = True
    """Whether the community is live when the run ends, also when it ends early."""
    run_id: str = field(default_factory=lambda: str(uuid4()))
    published: int = 0
    """Events of the history that were taken so far."""

    async def run(
        self,
        events: Iterable[Parsed],
        on_progress: Callable[[], None] = lambda: None,
        on_durable: Callable[[int], None] = lambda count: None,
    ) -> None:
        """Publish; durable when it returns. `on_durable` hears how much is. Raises PublishFailed."""
        await self.announce(datetime.now(UTC))
        if self.clock == "event":
            await self._set_clock("event")
        try:
            for event, occurred_at in events:
                await self.publisher.publish(event, occurred_at)
                self.published += 1
                if self.published % TELL_EVERY == 0:
                    on_progress()
                if self.published % DURABLE_EVERY == 0:
                    await self.publisher.flush()
                    on_durable(self.published)
        finally:
            if self.clock == "event" and self.returns_to_wall:
                await self._set_clock("wall")
            await self.publisher.flush()
            on_durable(self.published)
            on_progress()

    async def announce(self, now: datetime) -> None:
        """Publish the profile for those who come later, and in order with the messages."""
        await self.publisher.publish(self.profile, now)
        await self.publisher.publish(self.profile, now, topic=CHAT_EVENTS)

    async def advance(self, to: datetime) -> None:
        """Move the community's event clock on; durable when it returns."""
        await self._set_clock("event", to)
        await self.publisher.flush()

    async def _set_clock(self, mode: Literal["event", "wall"], to: datetime | None = None) -> None:
        clock = ClockSet(community_id=self.profile.community_id, mode=mode, run_id=self.run_id, to=to)
        await self.publisher.publish(clock, datetime.now(UTC))
