"""Hears members: newcomers and their introductions, questions and answers, who talks with whom."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, TypeAlias

from services.engagement.domain.choices import Choices
from services.engagement.domain.hours import hour_of
from services.engagement.handlers.forms import follow_forms
from services.engagement.handlers.gatherings import follow_gatherings
from services.engagement.handlers.newcomers import follow_newcomers
from services.engagement.handlers.questions import follow_questions
from services.engagement.handlers.review_members import REVIEW_MEMBERS, next_review
from services.engagement.store import members as store
from shared.contracts.chat import MemberJoined, MemberLeft, MessagePosted
from shared.contracts.moderation import JoinWaveNoticed
from shared.engine import Event, Timer, UnitOfWork
from shared.i18n import Catalogue

Heard: TypeAlias = MessagePosted | MemberJoined | MemberLeft | JoinWaveNoticed


@dataclass(frozen=True, slots=True)
class HearMembers:
    """What there is in a community decides what is loaded: most batches cost three statements."""

    texts: Catalogue

    async def __call__(self, batch: Sequence[Event[Heard]], work: UnitOfWork) -> None:
        """Give the batch to each feature; none depends on what another does."""
        events = [event for event in batch if not getattr(event.data, "is_bot", False)]
        if not events:
            return
        now = {event.community_id: event.now for event in reversed(events)}
        flags = await store.load_flags(work.connection, now)
        chosen = {name: _choices(each.choices) for name, each in flags.items()}
        posted: list[Event[Any]] = [event for event in events if isinstance(event.data, MessagePosted)]
        await _note(posted, flags, work)
        await follow_newcomers(events, flags, chosen, self.texts, work)
        running = {name for name, each in flags.items() if each.has_session}
        await follow_gatherings(posted, running, self.texts, work)
        await follow_forms(posted, self.texts, work)
        await follow_questions(posted, flags, chosen, self.texts, work)


def _choices(text: str | None) -> Choices:
    return Choices().changed(json.loads(text)) if text else Choices()


async def _note(
    posted: Sequence[Event[MessagePosted]], flags: Mapping[str, store.Flags], work: UnitOfWork
) -> None:
    """Days on which members wrote, and pairs who talked."""
    days: dict[tuple[str, str], set[date]] = {}
    edges: dict[tuple[str, str, str], list[date]] = {}
    new = {name for name, each in flags.items() if not each.is_known}
    for event in posted:
        data = event.data
        day = hour_of(event.occurred_at, event.profile.time_zone).day
        days.setdefault((data.community_id, data.member_id), set()).add(day)
        if data.community_id in new:
            new.remove(data.community_id)
            due_at = next_review(event.now, event.profile.time_zone)
            work.set_timer(Timer(data.community_id, REVIEW_MEMBERS, due_at))
        others = {*data.mentions, data.reply_to_member} if data.reply_to_member else data.mentions
        for other in others:
            if other and other != data.member_id:
                pair = (data.member_id, other) if data.member_id < other else (other, data.member_id)
                known = edges.setdefault((data.community_id, *pair), [])
                if not known or day > known[-1]:
                    known.append(day)
    await store.note_activity(work.connection, days)
    await store.note_edges(work.connection, edges)
