"""Gatherings in chat: who comes and who does not, who is there, and what the speakers are asked."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from services.engagement.domain.asking import Ask, asked
from services.engagement.domain.gathering import Gathering, Guests, named
from services.engagement.handlers.answering import answer
from services.engagement.store import gatherings as store
from services.engagement.store.gatherings import EventKey, SessionQuestion
from shared.contracts.chat import MessagePosted
from shared.contracts.commands import SendMessage
from shared.contracts.engagement import EventAttended
from shared.contracts.identity import event_id
from shared.engine import Event, UnitOfWork
from shared.i18n import Catalogue

PURPOSE = "event_answer"
KINDS = ("come", "stay_away", "queue")
TEXT_KEPT = 500
TOLD_VALID = timedelta(hours=2)


async def follow_gatherings(
    posted: Sequence[Event[MessagePosted]], running: set[str], texts: Catalogue, work: UnitOfWork
) -> None:
    """`running`: communities in which a session may run; elsewhere only requests cost a statement."""
    asks = {event.id: ask for event in posted if (ask := asked(event.data.text)) and ask.kind in KINDS}
    ours = [event for event in posted if event.id in asks or event.community_id in running]
    if not ours:
        return
    ahead = await store.ahead(work.connection, {event.community_id for event in ours})
    if not ahead:
        return
    guests = await store.guests_of(work.connection, ahead)
    desk = _Desk(ahead, guests, await store.queued(work.connection, guests), texts, work)
    seen: list[tuple[str, str, str, datetime]] = []
    for event in ours:
        seen += desk.seen(event)
        if event.id in asks:
            desk.ask(event, asks[event.id])
    await store.save_guests(work.connection, guests)
    await store.save_questions(work.connection, desk.questions)
    first = {each[:3]: each for each in reversed(seen)}
    for row in await store.attend(work.connection, first.values()):
        about = {"community_id": row["community_id"], "event_id": row["event_id"]}
        work.publish(EventAttended(**about, member_id=row["member_id"]), row["attended_at"])


class _Desk:
    """The gatherings ahead, changed message by message."""

    def __init__(
        self,
        ahead: Sequence[Gathering],
        guests: dict[EventKey, Guests],
        queued: dict[EventKey, int],
        texts: Catalogue,
        work: UnitOfWork,
    ) -> None:
        self.ahead, self.guests, self.queued = ahead, guests, queued
        self.texts, self.work = texts, work
        self.questions: list[SessionQuestion] = []

    def seen(self, event: Event[MessagePosted]) -> list[tuple[str, str, str, datetime]]:
        """Sessions that run where and when somebody writes: they attend."""
        data = event.data
        return [
            (each.community_id, each.event_id, data.member_id, event.occurred_at)
            for each in self.ahead
            if each.is_session
            and (each.community_id, each.channel_id) == (data.community_id, data.channel_id)
            and each.starts_at <= event.occurred_at < each.ends_at
        ]

    def ask(self, event: Event[MessagePosted], ask: Ask) -> None:
        """Come, stay away, or queue a question."""
        mine = [each for each in self.ahead if each.community_id == event.community_id]
        if ask.kind == "queue":
            self._queue(event, ask, mine)
            return
        gathering = named(mine, ask.rest, event.now)
        if gathering is None:
            if mine:
                self._say(
                    event,
                    "event.which",
                    titles=self.texts.say(event.profile.locale, "list.between").join(
                        each.title for each in mine[:5]
                    ),
                )
            return
        guests = self.guests[gathering.community_id, gathering.event_id]
        if ask.kind == "come":
            place = guests.come(event.data.member_id, event.occurred_at)
            self._say(event, f"event.{place}", title=gathering.title)
            return
        promoted = guests.stay_away(event.data.member_id, event.occurred_at)
        self._say(event, "event.away", title=gathering.title)
        if promoted:
            tell_place(gathering, promoted, event.now, event.profile.locale, self.texts, self.work)

    def _queue(self, event: Event[MessagePosted], ask: Ask, mine: Sequence[Gathering]) -> None:
        data = event.data
        running = [
            each for each in mine
            if each.is_session and each.channel_id == data.channel_id
            and each.starts_at <= event.occurred_at < each.ends_at
        ]  # fmt: skip
        if not running or not ask.rest:
            return
        key = running[0].community_id, running[0].event_id
        self.queued[key] = self.queued.get(key, 0) + 1
        self.questions.append(
            SessionQuestion(data.community_id, data.message_id, key[1], data.member_id, event.occurred_at,
                            ask.rest[:TEXT_KEPT])
        )  # fmt: skip
        self._say(event, "event.queued", place=self.queued[key])

    def _say(self, event: Event[MessagePosted], key: str, **values: Any) -> None:
        answer(event, self.texts.say(event.profile.locale, key, **values), PURPOSE, self.work)


def tell_place(
    gathering: Gathering, member_id: str, now: datetime, locale: str, texts: Catalogue, work: UnitOfWork
) -> None:
    """Somebody who waited has a place."""
    command = SendMessage(
        community_id=gathering.community_id,
        member_id=member_id,
        text=texts.say(locale, "event.promoted", title=gathering.title),
        purpose="event_place",
        cause_id=event_id(now, "place", gathering.community_id, gathering.event_id, member_id),
        expires_at=now + TOLD_VALID,
    )
    work.publish(command, now)
