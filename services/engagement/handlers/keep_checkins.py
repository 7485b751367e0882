"""Keeps check-ins: what messages, deletions and moderation do to them, and what members are told."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import NamedTuple, TypeAlias

from services.engagement.domain.answer import AnswerKind, answer_to
from services.engagement.domain.book import Book, Change, Recorded, Repeated, Revoked
from services.engagement.domain.day import local_day
from services.engagement.domain.message import Message, MessageKey
from services.engagement.domain.phrase import is_checkin
from services.engagement.domain.policy import CheckinPolicy
from services.engagement.handlers.campaigns import Campaigns
from services.engagement.metrics import CheckinCounts
from services.engagement.store import checkins as store
from shared.contracts.chat import MessageDeleted, MessagePosted
from shared.contracts.commands import SendMessage
from shared.contracts.engagement import CheckinRecorded, CheckinRevoked
from shared.contracts.moderation import MessageRemoved, MessageRestored
from shared.engine import Event, Poison, Timer, UnitOfWork
from shared.i18n import Catalogue

FORGET_VERDICTS = "forget_verdicts"
"""Timer kind; its key is the UTC date whose verdicts are to be forgotten."""

About: TypeAlias = MessagePosted | MessageDeleted | MessageRemoved | MessageRestored
REASONS: dict[type[About], str] = {
    MessagePosted: "message_redated",
    MessageDeleted: "message_deleted",
    MessageRemoved: "message_removed",
    MessageRestored: "message_restored",
}


class Step(NamedTuple):
    """An event that may change a check-in, and the message of it if it asks to check in."""

    event: Event[About]
    asks: Message | None

    @property
    def key(self) -> MessageKey:
        """The message that it is about."""
        return MessageKey(self.event.data.community_id, self.event.data.message_id)

    @property
    def noted_at(self) -> datetime:
        """Late enough, by both clocks, that the message itself cannot come much later."""
        return max(self.event.now, self.event.occurred_at)


@dataclass(frozen=True, slots=True)
class KeepCheckins:
    """Load, fold, save; a batch without check-ins and removals costs no statement.

    Campaigns go first: they must find decisions as they stood before this batch.
    """

    texts: Catalogue
    policy: CheckinPolicy

    async def __call__(self, batch: Sequence[Event[About]], work: UnitOfWork) -> None:
        """Apply the batch; what lies at the very ends of the calendar is poison."""
        taken = await Campaigns(self.texts).keep(batch, work)
        try:
            steps = [step for event in batch if (step := _step(event)) is not None]
            if not steps:
                return
            days = {step.asks.day for step in steps if step.asks is not None}
            book = await store.load_book(work.connection, {step.key for step in steps}, days, len(steps))
            counts = CheckinCounts()
            for step in steps:
                self._apply(step, book, work, counts, is_answered=step.key in taken)
            await store.save_book(work.connection, book)
            counts.add()
        except OverflowError as error:
            raise Poison("a time at the end of the calendar") from error

    def _apply(
        self, step: Step, book: Book, work: UnitOfWork, counts: CheckinCounts, *, is_answered: bool
    ) -> None:
        for change in _fold(step, book):
            counts.changes[type(change).__name__.lower()] += 1
            self._announce(change, step.event, work)
            if isinstance(change, Recorded | Repeated) and change.message is step.asks and not is_answered:
                answer = self._answer(change, step.event, book, work)
                counts.answers.update([answer] if answer else [])
        if step.key in book.changed_verdicts:
            work.set_timer(self._forgetting(step))

    def _announce(self, change: Change, event: Event[About], work: UnitOfWork) -> None:
        if isinstance(change, Recorded):
            work.publish(_recorded(change), occurred_at=event.now)
        elif isinstance(change, Revoked):
            work.publish(_revoked(change, REASONS[type(event.data)]), occurred_at=event.now)

    def _answer(
        self, change: Recorded | Repeated, event: Event[About], book: Book, work: UnitOfWork
    ) -> AnswerKind | None:
        """Say it in the channel, unless it is too late for that or the channel cannot be written to."""
        message = change.message
        if event.is_stale or not event.profile.can(message.channel_id, "send"):
            return None
        if isinstance(change, Repeated) and not book.may_answer_repeat(message.day):
            return None
        answer = answer_to(change)
        command = SendMessage(
            community_id=message.community_id,
            channel_id=message.channel_id,
            member_id=message.member_id,
            reply_to=message.message_id if event.profile.can(message.channel_id, "reply") else None,
            purpose="checkin_answer",
            cause_id=event.id,
            expires_at=event.now + self.policy.answer_expires,
            text=self.texts.say(event.profile.locale, f"checkin.{answer.kind}", days=answer.days),
        )
        work.publish(command, occurred_at=event.now)
        return answer.kind

    def _forgetting(self, step: Step) -> Timer:
        """One timer for all verdicts of a community and UTC date, set again by each of them."""
        day = step.noted_at.astimezone(UTC).date()
        ends_at = datetime.combine(day, time.min, tzinfo=UTC) + timedelta(days=1)
        due_at = ends_at + self.policy.verdicts_kept
        return Timer(step.event.community_id, FORGET_VERDICTS, due_at, key=day.isoformat())


def _step(event: Event[About]) -> Step | None:
    data = event.data
    if not isinstance(data, MessagePosted):
        return Step(event, None)
    if data.is_bot or not is_checkin(data.text):
        return None
    day = local_day(event.occurred_at, event.profile.zone)
    message = Message(
        data.community_id,
        data.message_id,
        data.member_id,
        data.channel_id,
        event.occurred_at,
        day.date,
        day.ends_at,
    )
    return Step(event, message)


def _fold(step: Step, book: Book) -> list[Change]:
    data = step.event.data
    if step.asks is not None:
        return book.post(step.asks)
    if isinstance(data, MessageRemoved | MessageRestored):
        return book.decide(step.key, data.decision, isinstance(data, MessageRemoved), step.noted_at)
    return book.delete(step.key, step.event.occurred_at, step.noted_at)


def _recorded(change: Recorded) -> CheckinRecorded:
    message = change.message
    return CheckinRecorded(
        community_id=message.community_id,
        member_id=message.member_id,
        local_date=message.local_date,
        message_id=message.message_id,
        channel_id=message.channel_id,
        streak_days=change.streak_days,
        revision=change.revision,
    )


def _revoked(change: Revoked, reason: str) -> CheckinRevoked:
    return CheckinRevoked(
        community_id=change.day.community_id,
        member_id=change.day.member_id,
        local_date=change.day.local_date,
        message_id=change.message_id,
        revision=change.revision,
        reason=reason,
    )
