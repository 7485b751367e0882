"""Opens the months that a batch is the first to speak of, each with the timer that will close it."""

from collections.abc import Mapping
from datetime import timedelta, tzinfo

from services.rewards.domain.calendar import closes_at, first_instant
from services.rewards.domain.facts import MonthKey
from services.rewards.store.months import load_states, open_months
from shared.engine import Timer, UnitOfWork

MONTH_CLOSE, FARMING_LOOK = "month_close", "farming_look"
FIRST_LOOK = timedelta(days=7)
FROZEN_STATES = frozenset({"published", "choosing", "fulfilled", "closed"})
"""In these a month's facts stay as they are."""
WAITS_FOR = ("moderation", "engagement")
"""Their facts up to the close are read before: a removal, and a check-in, still count."""


async def closed_months(work: UnitOfWork, months: Mapping[MonthKey, tzinfo]) -> frozenset[MonthKey]:
    """Those of the months, given with their communities' zones, that are closed; unknown ones are opened."""
    if not months:
        return frozenset()
    states = await load_states(work.connection, months.keys())
    unknown = {key: closes_at(key[1], zone) for key, zone in months.items() if key not in states}
    if unknown:
        await open_months(work.connection, unknown)
        for (community_id, month), due_at in unknown.items():
            name = f"{month:%Y-%m}"
            work.set_timer(Timer(community_id, MONTH_CLOSE, due_at, name, after=WAITS_FOR))
            look_at = first_instant(month, months[community_id, month]) + FIRST_LOOK
            work.set_timer(Timer(community_id, FARMING_LOOK, look_at, name, after=WAITS_FOR))
    return frozenset(key for key, state in states.items() if state in FROZEN_STATES)
