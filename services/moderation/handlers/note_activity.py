"""Notes how much is written where, and sets a community's first reminder when it is heard of."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from services.moderation.handlers.remind_of_rules import RULE_REMINDER
from services.moderation.store import reminders as store
from services.moderation.store.reminders import Written
from shared.contracts.chat import MessagePosted
from shared.engine import Event, Timer, UnitOfWork


@dataclass(frozen=True, slots=True)
class NoteActivity:
    """Counts only; a late message counts on the day on which it was written."""

    async def __call__(self, batch: Sequence[Event[MessagePosted]], work: UnitOfWork) -> None:
        """Add the batch to the days of its channels."""
        people = [event for event in batch if not event.data.is_bot]
        counts = Counter(
            (event.community_id, event.occurred_at.astimezone(event.profile.zone).date(),
             event.data.channel_id)
            for event in people
        )  # fmt: skip
        begun = await store.add_messages(
            work.connection, [Written(*key, messages) for key, messages in counts.items()]
        )
        if begun:
            await _set_reminders([event for event in people if event.community_id in begun], work)


async def _set_reminders(events: Sequence[Event[MessagePosted]], work: UnitOfWork) -> None:
    """The first message of a community, as the log has it, begins its evenings."""
    first: dict[str, Event[MessagePosted]] = {}
    for event in events:
        first.setdefault(event.community_id, event)
    since: dict[str, datetime] = {community_id: event.now for community_id, event in first.items()}
    fresh = sorted(await store.watch(work.connection, since))
    settings = await store.load_reminders(work.connection, fresh) if fresh else {}
    for community_id, wanted in settings.items():
        event = first[community_id]
        due_at = wanted.next_after(event.now, event.profile.zone)
        work.set_timer(Timer(community_id, RULE_REMINDER, due_at))
