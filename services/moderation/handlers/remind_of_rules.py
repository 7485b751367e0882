"""Reminds a community of the rule that it breaks most: some evenings a week, and others while ads rise."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Any

from services.moderation import metrics
from services.moderation.domain.policy import Mode
from services.moderation.domain.reminders import (
    AD_KINDS,
    Broken,
    Reminders,
    Spoken,
    ads_rise,
    is_quiet,
    main_channel,
    rule_to_name,
    wording,
)
from services.moderation.domain.rulebook import RuleBook
from services.moderation.handlers.forget_members import UNTOUCHED
from services.moderation.handlers.open_cases import Outcome
from services.moderation.handlers.rulebooks import RuleBooks
from services.moderation.store import reminders as store
from services.moderation.store.disputes import prune_pairs
from services.moderation.store.pulse import prune_pulse
from shared.contracts.commands import SendMessage
from shared.contracts.identity import event_id
from shared.contracts.profiles import CommunityProfile
from shared.engine import DueTimer, Event, Timer, UnitOfWork
from shared.i18n import Catalogue, match

RULE_REMINDER = "rule_reminder"
COMMAND_VALID = timedelta(minutes=10)
HOURS_KEPT = timedelta(days=30)
PULSE_KEPT = timedelta(days=36)
"""The usual counts are those of 28 days, and a week may come late."""


def reminding(community_id: str, evening: datetime) -> Timer:
    """The timer of this evening, in the community's time; another evening's does not put it off."""
    return Timer(community_id, RULE_REMINDER, evening, key=evening.date().isoformat())


@dataclass(frozen=True, slots=True)
class RemindOfRules:
    """On the evenings of reminders, and of days with ads, for each community of which anything was heard.

    It may come behind later messages of a history, and asks for what was heard and found before its evening.
    """

    texts: Catalogue
    books: RuleBooks

    async def __call__(self, due: Sequence[DueTimer], work: UnitOfWork) -> None:
        """Say what is due, and come again on the next evening of reminders."""
        settings = await store.load_reminders(work.connection, sorted({each.community_id for each in due}))
        for each in due:
            following = settings[each.community_id].next_after(each.now, each.profile.zone)
            work.set_timer(reminding(each.community_id, following))
            if _week(following) != _week(_evening(each)):
                await _forget(each, work)
        timely = [each for each in due if _is_timely(each, settings[each.community_id])]
        if timely:
            await self._remind(timely, settings, work)

    async def _remind(
        self, timely: Sequence[DueTimer], settings: Mapping[str, Reminders], work: UnitOfWork
    ) -> None:
        connection = work.connection
        asked = [
            (each.community_id, datetime.combine(evening.date(), time.min, evening.tzinfo), evening)
            for each in timely
            for evening in [_evening(each)]
        ]
        spoken = await store.load_spoken(connection, asked)
        broken = await store.load_broken(
            connection, {each.community_id: each.timer.due_at for each in timely}
        )
        books = await self.books.of(connection, sorted(spoken))
        for each in timely:
            community_id = each.community_id
            wanted = settings[community_id].days
            command = self._command(
                each, wanted, spoken[community_id], broken[community_id], books[community_id]
            )
            if command:
                work.publish(command, each.now)
                metrics.CARE.labels("reminder").inc()

    def _command(
        self,
        due: DueTimer,
        wanted: Sequence[int],
        spoken: Sequence[Spoken],
        broken: Sequence[Broken],
        book: RuleBook,
    ) -> SendMessage | None:
        """What is said, if anything: to nobody, or on a day without need, nothing."""
        day = _evening(due).date()
        if not any(each.today for each in spoken):
            return None
        if day.isoweekday() not in wanted and not ads_rise(broken, book.policy):
            return None
        rule = rule_to_name(broken, book.policy, day)
        channel_id = main_channel(spoken, _able(due.profile, spoken))
        if rule is None or channel_id is None:
            return None
        locale = match(due.profile.locale)
        name = rule.names.get(locale) or self.texts.say(locale, f"rule.{rule.kind}")
        return SendMessage(
            community_id=due.community_id,
            channel_id=channel_id,
            text=self.texts.say(locale, f"reminder.{wording(day)}", rule=name),
            purpose=RULE_REMINDER,
            cause_id=event_id(due.timer.due_at, RULE_REMINDER, due.community_id),
            expires_at=due.now + COMMAND_VALID,
        )


async def look_tonight(outcomes: Sequence[Outcome], batch: Sequence[Event[Any]], work: UnitOfWork) -> None:
    """An ad makes its evening one to look at, whatever the day of the week."""
    first: dict[str, Event[Any]] = {}
    for outcome in outcomes:
        if any(each.rule.kind in AD_KINDS and each.mode is Mode.ENFORCE for each in outcome.found):
            event = batch[outcome.cause]
            first.setdefault(event.community_id, event)
    if not first:
        return
    settings = await store.load_reminders(work.connection, sorted(first))
    for community_id, event in sorted(first.items()):
        evening = settings[community_id].next_evening(event.now, event.profile.zone)
        work.set_timer(reminding(community_id, evening))


def _is_timely(due: DueTimer, settings: Reminders) -> bool:
    """Wanted, not in quiet hours, and not late: after a pause nobody hears of evenings long past.

    A timer that was set before the hour was changed says nothing either.
    """
    profile = due.profile
    local = due.timer.due_at.astimezone(profile.zone).time()
    is_late = due.now - due.timer.due_at > timedelta(minutes=profile.staleness_limit_minutes)
    is_wanted = settings.is_on and local == settings.at
    return is_wanted and not is_late and not is_quiet(local, profile.quiet_from, profile.quiet_until)


async def _forget(due: DueTimer, work: UnitOfWork) -> None:
    """Once a week, on its last evening."""
    community_id, evening = due.community_id, due.timer.due_at
    await store.prune_hours(work.connection, {community_id: evening - HOURS_KEPT})
    await prune_pulse(work.connection, {community_id: evening - PULSE_KEPT})
    await prune_pairs(work.connection, [community_id], work.now - UNTOUCHED)


def _evening(due: DueTimer) -> datetime:
    """Its moment in the community's own time."""
    return due.timer.due_at.astimezone(due.profile.zone)


def _week(moment: datetime) -> tuple[int, int]:
    year, week, _ = moment.isocalendar()
    return year, week


def _able(profile: CommunityProfile, spoken: Sequence[Spoken]) -> set[str]:
    """Channels of members where Hearth can speak."""
    return {
        each.channel_id
        for each in spoken
        if each.channel_id != profile.operators_channel_id and profile.can(each.channel_id, "send")
    }
