"""Forgets what rules remembered of members who have been silent for long, and old notes of deletions."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from services.moderation.store import community_windows
from services.moderation.store import windows as store
from services.moderation.store.cases import empty_texts
from shared.engine import DueTimer, Timer, UnitOfWork

FORGET_MEMBERS = "forget_members"
TEXT_KEPT = timedelta(days=83)
"""How long the messages of a case can be read at least, from its opening; a week later they are gone."""
UNTOUCHED = timedelta(days=1)
"""By real time: a history that is imported fast must not lose its windows on the way."""


def forgetting(community_id: str, now: datetime) -> Timer:
    """The timer for the next Monday (UTC), the same all week long; a later week's does not put it off."""
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
    monday = midnight + timedelta(days=8 - midnight.isoweekday())
    return Timer(community_id, FORGET_MEMBERS, monday, key=monday.date().isoformat())


@dataclass(frozen=True, slots=True)
class ForgetMembers:
    """Once a week for each community of which something is remembered.

    What was written in cases is forgotten by the community's clock.
    """

    async def __call__(self, due: Sequence[DueTimer], work: UnitOfWork) -> None:
        """Delete what is old; come again where something is left."""
        latest = {timer.community_id: timer.now for timer in due}
        left = await store.prune(work.connection, sorted(latest), work.now - UNTOUCHED)
        left |= await empty_texts(work.connection, {name: now - TEXT_KEPT for name, now in latest.items()})
        left |= await community_windows.prune(work.connection, sorted(latest.items()))
        for community_id in sorted(left):
            work.set_timer(forgetting(community_id, latest[community_id]))
