"""Forgets removals and deletions whose message never came or was no check-in."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from services.engagement.metrics import VERDICTS_FORGOTTEN
from services.engagement.store import checkins as store
from shared.engine import DueTimer, UnitOfWork


@dataclass(frozen=True, slots=True)
class ForgetVerdicts:
    """A timer's key is the last UTC date to forget.

    Most removed messages are no check-ins, and which are cannot be known while their message may still come.
    The timer runs on the community's clock, which only the chat moves: when it is due, the chat has been read
    far beyond the removed message, in a replay of years just as in real time. So nothing has to be looked up
    for the many messages that are neither check-ins nor removed.
    """

    async def __call__(self, due: Sequence[DueTimer], work: UnitOfWork) -> None:
        """Drop the verdicts of each due date and before."""
        latest: dict[str, datetime] = {}
        for each in due:
            ends_at = _end_of(date.fromisoformat(each.timer.key))
            latest[each.community_id] = max(ends_at, latest.get(each.community_id, ends_at))
        VERDICTS_FORGOTTEN.inc(await store.forget_verdicts(work.connection, latest.items()))


def _end_of(day: date) -> datetime:
    return datetime.combine(day, time.min, tzinfo=UTC) + timedelta(days=1)
