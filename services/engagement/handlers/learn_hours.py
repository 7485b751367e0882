"""Learns what was usual on each local day that has ended, for all channels of a community."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from services.engagement.domain.baseline import Baseline, shape_of
from services.engagement.domain.choices import Choices
from services.engagement.domain.hours import DAY, hour_of, hours_of_day, midnight
from services.engagement.domain.pulse import PAUSES
from services.engagement.domain.silence import Pauses, shortest_wait
from services.engagement.domain.topic import SEEDINGS_KEPT
from services.engagement.handlers.follow_channels import LEARN_HOURS
from services.engagement.handlers.measuring import measure_ended
from services.engagement.store import baselines as store
from services.engagement.store import channels, topics
from services.engagement.store.baselines import Learned
from services.engagement.store.channels import Heard
from shared.engine import DueTimer, Timer, UnitOfWork

HOURS_KEPT = timedelta(days=28)
DAYS_AT_ONCE = 84
"""After a longer pause the days before are not learned one by one: little would be left of them."""
SILENT_DAYS_MAX = 28
"""A community in which nobody wrote for so long is learned again when somebody does."""


@dataclass(frozen=True, slots=True)
class LearnHours:
    """At each local midnight."""

    async def __call__(self, due: Sequence[DueTimer], work: UnitOfWork) -> None:
        """Learn the days that ended, one community after the other: each is a few statements a day."""
        await measure_ended({each.community_id: each for each in due}, work)
        heard = await channels.load_heard(work.connection, sorted({each.community_id for each in due}))
        for each in due:
            following = await self._learn(each, heard[each.community_id], work)
            await channels.save_heard(work.connection, {each.community_id: following})
            if following.learns_at is not None:
                work.set_timer(Timer(each.community_id, LEARN_HOURS, following.learns_at))

    async def _learn(self, due: DueTimer, heard: Heard, work: UnitOfWork) -> Heard:
        zone = due.profile.time_zone
        yesterday = hour_of(due.timer.due_at, zone).day - timedelta(days=1)
        first = max((heard.learned_day or yesterday) + DAY, yesterday - timedelta(days=DAYS_AT_ONCE - 1))
        days = [first + timedelta(days=number) for number in range((yesterday - first).days + 1)]
        known = await store.load_learned(work.connection, due.community_id)
        if days and known:
            begins, ends = midnight(days[0], zone), midnight(yesterday + DAY, zone)
            counts = await store.hours_between(work.connection, due.community_id, begins, ends)
            await _save(due.community_id, learn(known, counts, days, zone), known, heard.choices, work)
        await store.forget_hours(work.connection, due.community_id, due.timer.due_at - HOURS_KEPT)
        await topics.forget_seedings(work.connection, due.community_id, due.timer.due_at - SEEDINGS_KEPT)
        last = max((each.pulse.last_at for each in known.values() if each.pulse.last_at), default=None)
        is_alive = last is not None and due.timer.due_at - last < timedelta(days=SILENT_DAYS_MAX)
        return Heard(
            heard.look_at, yesterday, midnight(yesterday + 2 * DAY, zone) if is_alive else None, heard.choices
        )


def learn(
    known: Mapping[str, Learned],
    counts: Mapping[str, Mapping[datetime, int]],
    days: Sequence[date],
    zone: str,
) -> dict[str, Baseline]:
    """All channels after these days."""
    learned = {channel_id: each.baseline for channel_id, each in known.items()}
    for day in days:
        hours = hours_of_day(day, zone)
        for channel_id, baseline in learned.items():
            told = counts.get(channel_id, {})
            if baseline.days or any(hour.starts_at in told for hour in hours):
                baseline.learn(hours, {hour: told.get(hour.starts_at, 0) for hour in hours})
    return {channel_id: baseline for channel_id, baseline in learned.items() if baseline.days}


async def _save(
    community_id: str,
    learned: Mapping[str, Baseline],
    known: Mapping[str, Learned],
    choices: Choices,
    work: UnitOfWork,
) -> None:
    shape = shape_of([learned[name] for name in sorted(learned)])
    pulses = [known[name].pulse for name in sorted(known)]
    reached = [sum(pulse.reached[n] for pulse in pulses) for n in range(len(PAUSES))]
    resumed = [sum(pulse.resumed[n] for pulse in pulses) for n in range(len(PAUSES))]
    rows = {}
    for name, baseline in learned.items():
        rates = baseline.rates(shape)
        pulse = known[name].pulse
        pauses = Pauses(pulse.reached, pulse.resumed, reached, resumed)
        rows[name] = baseline, rates, shortest_wait(rates, pauses, choices.cold)
    await store.save_learned(work.connection, community_id, rows, (reached, resumed))
