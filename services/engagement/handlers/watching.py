"""What is watched in channels while messages are heard: how many follow a call, and of how many people."""

from collections.abc import Collection
from dataclasses import dataclass, field

from services.engagement.domain.pulse import ChannelKey, Watch
from services.engagement.store import channels as store
from shared.contracts.chat import MessagePosted
from shared.engine import Event
from shared.postgres.connection import Connection


@dataclass(slots=True)
class Watching:
    """The watches of a batch's channels."""

    connection: Connection
    known: dict[ChannelKey, list[Watch]] = field(default_factory=dict)
    changed: dict[str, Watch] = field(default_factory=dict)

    def hear(self, key: ChannelKey, event: Event[MessagePosted]) -> None:
        """Count a message for each watch of its channel in whose span it lies."""
        for watch in self.known.get(key, ()):
            if watch.hear(event.occurred_at, event.data.member_id):
                self.changed[watch.subject_id] = watch

    async def load(self, keys: Collection[ChannelKey]) -> None:
        """The watches of these channels as they are now."""
        for key in keys:
            self.known.pop(key, None)
        for watch in await store.load_watches(self.connection, keys) if keys else ():
            self.known.setdefault(watch.channel, []).append(watch)

    async def save(self) -> None:
        """Write what was counted."""
        await store.save_watches(self.connection, self.changed.values())
        self.changed.clear()
