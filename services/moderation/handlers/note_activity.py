"""Notes who was heard of when, and how much is written where; the first message begins reminders."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import lru_cache

from services.moderation.domain.local_time import place_of
from services.moderation.domain.message import Key
from services.moderation.domain.policy import OPERATOR
from services.moderation.domain.silence import Seen, note
from services.moderation.handlers.remind_of_rules import reminding
from services.moderation.store import reminders as store
from services.moderation.store.reminders import Written
from services.moderation.store.seen import save_seen
from shared.contracts.chat import MemberJoined, MemberLeft, MemberUpdated, MessagePosted, ReactionAdded
from shared.engine import Event, UnitOfWork

HOUR = 3600
"""Seconds."""

Activity = MessagePosted | ReactionAdded | MemberJoined | MemberLeft | MemberUpdated


@dataclass(frozen=True, slots=True)
class NoteActivity:
    """Days and hours only. What comes late is of its own day, and heard in the hour in which it comes."""

    async def __call__(self, batch: Sequence[Event[Activity]], work: UnitOfWork) -> None:
        """Add the batch to what is known of members and channels."""
        seen: dict[Key, Seen] = {}
        written: Counter[tuple[str, int, str]] = Counter()
        first: dict[str, Event[Activity]] = {}
        for event in batch:
            data = event.data
            day = place_of(event.occurred_at, event.profile.time_zone).day
            note(seen, (data.community_id, data.member_id), _seen(data, day))
            if isinstance(data, MessagePosted) and not data.is_bot:
                written[data.community_id, int(event.now.timestamp()) // HOUR, data.channel_id] += 1
                first.setdefault(data.community_id, event)
        await save_seen(work.connection, seen)
        begun = await store.add_messages(
            work.connection,
            [
                Written(community_id, datetime.fromtimestamp(hour * HOUR, UTC), channel_id, messages)
                for (community_id, hour, channel_id), messages in written.items()
            ],
        )
        if begun:
            await _set_reminders([first[community_id] for community_id in sorted(begun)], work)


def _seen(data: Activity, day: date) -> Seen:
    if isinstance(data, MessagePosted):
        return _posted(day, OPERATOR in data.member_roles, data.is_bot)
    if isinstance(data, MemberJoined):
        return Seen(day, is_bot=data.is_bot)
    if isinstance(data, MemberLeft):
        return Seen(day, is_sighting=False, is_gone=True)
    if isinstance(data, MemberUpdated):
        return Seen(day, is_sighting=False, is_operator=OPERATOR in data.member_roles)
    return Seen(day)


@lru_cache(maxsize=256)
def _posted(day: date, is_operator: bool, is_bot: bool) -> Seen:
    """The same object for most messages of a day, which makes a member's further ones cheap to tell."""
    return Seen(day, is_operator=is_operator, is_bot=is_bot)


async def _set_reminders(first: Sequence[Event[Activity]], work: UnitOfWork) -> None:
    """Only the first message of a community ever, as the log has it, begins anything."""
    since: dict[str, datetime] = {event.community_id: event.now for event in first}
    fresh = await store.watch(work.connection, since)
    settings = await store.load_reminders(work.connection, sorted(fresh)) if fresh else {}
    for event in first:
        if event.community_id in fresh:
            due_at = settings[event.community_id].next_after(event.now, event.profile.zone)
            work.set_timer(reminding(event.community_id, due_at))
