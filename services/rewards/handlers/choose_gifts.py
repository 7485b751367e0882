"""What happens when a winner's time to choose is over."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from services.rewards.handlers.choosing import Choosing
from services.rewards.store.prizes import lock_month
from shared.engine import DueTimer, UnitOfWork
from shared.i18n import Catalogue


@dataclass(frozen=True, slots=True)
class ChooseGifts:
    """The default is given, or the choice rolls down; a winner who chose before is left alone."""

    texts: Catalogue

    async def __call__(self, due: Sequence[DueTimer], work: UnitOfWork) -> None:
        """One after another: winners of a month choose in order."""
        for each in due:
            month, _, member_id = each.timer.key.partition(":")
            key = (each.community_id, date.fromisoformat(f"{month}-01"))
            if await lock_month(work.connection, key) == "choosing":
                await Choosing(key, each.profile, each.now, self.texts, work).deadline(member_id)
