"""What a community chooses of engagement: every feature's switch and numbers, with their starting values."""

from dataclasses import dataclass, fields, replace
from datetime import time
from functools import lru_cache
from typing import Any

from services.engagement.domain.attention import POSTS_A_DAY
from services.engagement.domain.silence import ColdRule


@dataclass(frozen=True, slots=True)
class Choices:
    """One community's; plain values, so that they travel as JSON."""

    warmup_on: bool = True
    warmups_a_day: int = 2
    warmups_a_week: int = 6
    holdout_share: float = 0.1
    active_from: str = "09:00"
    active_until: str = "22:00"
    silent_minutes_min: int = 45
    gap_factor: float = 3.0
    resume_share_max: float = 0.15
    posts_a_day: int = POSTS_A_DAY
    approve_first: bool = False
    """Whether a person must agree to every automatic post."""
    best_hour: bool = True
    """Whether plans without a time are said when their channel answers best; else at eight in the evening."""
    openers_on: bool = True
    welcome_on: bool = True
    welcome_channel_id: str = ""
    """Where newcomers are greeted; empty: where they joined, else the busiest channel."""
    questions_on: bool = True
    win_back_on: bool = False
    win_backs_a_week: int = 10
    care_on: bool = True
    same_city_min: int = 5

    @property
    def cold(self) -> ColdRule:
        """The rule of cold detection."""
        return _rule(
            self.active_from,
            self.active_until,
            self.silent_minutes_min,
            self.gap_factor,
            self.resume_share_max,
        )

    def changed(self, values: dict[str, Any]) -> "Choices":
        """With other values of those that are known."""
        known = {each.name for each in fields(self)}
        return replace(self, **{name: value for name, value in values.items() if name in known})


@lru_cache(maxsize=1024)
def _rule(active_from: str, active_until: str, silent: int, factor: float, share_max: float) -> ColdRule:
    return ColdRule(
        time.fromisoformat(active_from), time.fromisoformat(active_until), silent, factor, share_max
    )
