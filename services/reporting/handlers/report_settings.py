"""What a community's reports are: which are sent, when and where, and how long texts are kept."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import time

from services.reporting.domain.periods import By
from services.reporting.store import settings as store
from shared.postgres.connection import Connection


@dataclass(frozen=True, slots=True)
class ReportSettings:
    """Settings of one community; the defaults where nobody changed them."""

    version: int = 0
    text_days: int = 30
    brands: Sequence[str] = ()
    daily: bool = True
    weekly: bool = True
    monthly: bool = True
    send_at: time = time(9, 0)
    """Local: of the day after, of Monday, of the first."""
    webhook_url: str | None = None
    webhook_secret: str | None = None

    def wants(self, by: By) -> bool:
        """Whether reports of this kind are sent."""
        return {By.DAY: self.daily, By.WEEK: self.weekly, By.MONTH: self.monthly}[by]


DEFAULT = ReportSettings()


async def load_settings(connection: Connection, communities: Sequence[str]) -> dict[str, ReportSettings]:
    """By community, of all that are asked for."""
    found = dict.fromkeys(communities, DEFAULT)
    for row in await store.load_settings(connection, communities):
        found[row.community_id] = ReportSettings(*row[1:])
    return found
