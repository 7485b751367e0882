"""Publishes what the content calendar plans: at its time, or the channel's best hour of that day."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, time, timedelta
from random import Random

from services.engagement.domain.attention import PostKind, Quiet
from services.engagement.domain.best_hour import EVENING, best_hour
from services.engagement.domain.choices import Choices
from services.engagement.domain.hours import DAY, hour_of, is_between, midnight
from services.engagement.domain.topic import SEEDINGS_KEPT, Topic, choose
from services.engagement.handlers.measuring import measure_ended
from services.engagement.handlers.posting import Wanted, post_all, wish
from services.engagement.handlers.recurrence import upcoming
from services.engagement.handlers.topic_bank import bank_of, text_of
from services.engagement.store import baselines, choices, posts, topics
from services.engagement.store import calendar as store
from services.engagement.store.calendar import Item
from shared.contracts.identity import event_id
from shared.contracts.profiles import CommunityProfile
from shared.engine import DueTimer, Timer, UnitOfWork
from shared.i18n import Catalogue

CALENDAR_DUE = "calendar_due"
WAITS = timedelta(hours=12)


async def hour_of_item(item: Item, profile: CommunityProfile, mine: Choices, work: UnitOfWork) -> time:
    """The item's own time, or the hour at which its channel answers best while Hearth may speak."""
    if item.at is not None:
        return item.at
    if not mine.best_hour:
        return time(EVENING)
    key = item.community_id, item.channel_id
    answers = await posts.answered_hours(work.connection, [key])
    rates = await baselines.load_rates(work.connection, [key])
    quiet = Quiet(profile.quiet_from, profile.quiet_until, profile.time_zone)
    hours = [hour for hour in range(24) if is_between(time(hour), *mine.cold.active)]
    allowed = [hour for hour in hours if not is_between(time(hour), quiet.begins, quiet.ends)]
    return time(best_hour(answers.get(key, {}), rates.get(key, ()), allowed))


def plan(item: Item, at: time, after: datetime, zone: str, work: UnitOfWork) -> Item:
    """The item with its next moment at this local time, and the timer for it."""
    is_on = item.state == "approved"
    next_at = upcoming(item.recurrence, item.first_on, at, after, zone) if is_on else None
    if next_at is None:
        work.cancel_timer(item.community_id, CALENDAR_DUE, item.item_id)
        return item._replace(next_at=None, state="done" if is_on else item.state)
    work.set_timer(Timer(item.community_id, CALENDAR_DUE, next_at, key=item.item_id))
    return item._replace(next_at=next_at)


@dataclass(frozen=True, slots=True)
class PublishCalendar:
    """A timer's key is the item."""

    texts: Catalogue

    async def __call__(self, due: Sequence[DueTimer], work: UnitOfWork) -> None:
        """Post each item, with a topic of the bank where it has no text; then plan its next time."""
        moments = {(each.community_id, each.timer.key): each for each in due}
        known = await store.named_items(work.connection, moments)
        names = sorted({key[0] for key in known})
        chosen = await choices.load_choices(work.connection, names)
        bank: Mapping[str, Sequence[Topic]] = {}
        if any(not item.text for item in known.values()):
            await measure_ended({each.community_id: each for each in due}, work)
            bank = await bank_of(work, names)
        wanted = []
        for key, item in known.items():
            if item.state != "approved":
                continue
            each = moments[key]
            mine = replace(
                chosen[key[0]][0], approve_first=item.approve_each or chosen[key[0]][0].approve_first
            )
            post = await self._post(item, each, mine, bank, work)
            if post is not None:
                wanted.append(post)
            at = await hour_of_item(item, each.profile, mine, work)
            following = plan(item, at, _said_until(item, each), each.profile.time_zone, work)
            await store.save_item(work.connection, following)
        await post_all(wanted, work)

    async def _post(
        self,
        item: Item,
        due: DueTimer,
        mine: Choices,
        bank: Mapping[str, Sequence[Topic]],
        work: UnitOfWork,
    ) -> Wanted | None:
        text, topic_id = item.text, None
        subject = event_id(due.timer.due_at, "calendar", item.community_id, item.item_id)
        if not text:
            since = due.now - SEEDINGS_KEPT
            heard = await topics.recent_seedings(work.connection, [item.community_id], since)
            chance = Random(subject)  # noqa: S311  # a draw that a replay repeats, nothing secret
            here = heard.get((item.community_id, item.channel_id), ())
            topic = choose(bank.get(item.community_id, ()), here, due.now, chance, item.tag)
            if topic is None:
                return None
            text, topic_id = text_of(topic, due.profile.locale, self.texts), topic.topic_id
        return wish(
            PostKind.CALENDAR, item.channel_id, subject, text, due.now, due.profile, mine, waits=WAITS,
            topic_id=topic_id, watch_kind="seed" if topic_id else "post",
        )  # fmt: skip


def _said_until(item: Item, due: DueTimer) -> datetime:
    """After this it is said again: a best hour that moves to a later one says nothing twice a day."""
    after: datetime = max(due.timer.due_at, due.now)
    if item.at is not None:
        return after
    zone = due.profile.time_zone
    return midnight(hour_of(after, zone).day + DAY, zone) - timedelta(seconds=1)
