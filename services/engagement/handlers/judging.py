"""Judges a channel at a moment: whether it is cold and may be spoken to, else when it is looked at again."""

from datetime import datetime, timedelta

from services.engagement.domain.baseline import YOUNG_DAYS
from services.engagement.domain.hours import hour_of, midnight, next_local
from services.engagement.domain.silence import is_cold, next_look
from services.engagement.store.baselines import Look
from shared.contracts.profiles import CommunityProfile

WEEK = timedelta(days=7)
SELDOM = timedelta(days=7)
"""Between two looks at a channel that Hearth cannot speak to."""


def judge(look: Look, now: datetime, profile: CommunityProfile) -> bool:
    """Whether the channel is cold and may be spoken to; else when it is looked at again."""
    pulse, zone, mine = look.pulse, profile.time_zone, look.choices
    last = pulse.last_at
    if last is None:
        pulse.look_at = None
        return False
    pulse.look_at = _not_before(look, now, profile)
    if pulse.look_at is not None:
        return False
    if is_cold(last, now, look.rates, look.pauses, mine.cold, zone):
        return True
    pulse.look_at = next_look(last, now, look.rates, look.pauses, mine.cold, zone)
    return False


def _not_before(look: Look, now: datetime, profile: CommunityProfile) -> datetime | None:
    """When something that forbids a warm-up at any hour of today will have passed; None: nothing does."""
    zone, mine = profile.time_zone, look.choices
    spent = [moment for moment in look.spent if moment > now - WEEK]
    tomorrow = midnight(hour_of(now, zone).day + timedelta(days=1), zone)
    opens = next_local(tomorrow, mine.cold.active_from, zone)
    is_members = look.channel_id != profile.operators_channel_id
    if not mine.warmup_on or not is_members or not profile.can(look.channel_id, "send"):
        return now + SELDOM
    if look.days < YOUNG_DAYS:
        return opens
    today = [moment for moment in spent if hour_of(moment, zone).day == hour_of(now, zone).day]
    if len(spent) >= mine.warmups_a_week:
        return max(opens, spent[-mine.warmups_a_week] + WEEK) if mine.warmups_a_week else now + SELDOM
    return opens if len(today) >= mine.warmups_a_day else None
