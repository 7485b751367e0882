"""Reminds operators of appeals whose deadline has passed, and lets their cases rise in the queue."""

from collections.abc import Sequence
from dataclasses import dataclass

from services.moderation import metrics
from services.moderation.handlers.answers import Speaker
from services.moderation.store import appeals as store
from shared.engine import DueTimer, UnitOfWork
from shared.i18n import Catalogue

PURPOSE = "moderation_appeal_overdue"


@dataclass(frozen=True, slots=True)
class RemindOfAppeals:
    """Once for each appeal that nobody has decided in time."""

    texts: Catalogue

    async def __call__(self, due: Sequence[DueTimer], work: UnitOfWork) -> None:
        """Note which are overdue and tell the operators of their communities."""
        by_id = {each.timer.key: each for each in due}
        for moment in sorted({each.now for each in due}):
            ids = sorted(key for key, each in by_id.items() if each.now == moment)
            for row in await store.note_overdue(work.connection, ids, moment):
                about = by_id[row["appeal_id"]]
                speaker = Speaker(self.texts, about.profile, moment, work)
                text = speaker.say("alert.appeal_overdue", member=row["member_id"])
                speaker.to_operators(text, PURPOSE, row["appeal_id"])
                metrics.APPEALS.labels("overdue").inc()
