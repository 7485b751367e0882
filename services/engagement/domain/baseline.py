"""The usual number of people's messages in a channel by hour of week, learned day by day."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from services.engagement.domain.hours import HOURS_A_WEEK, LocalHour

LEVEL_HALF_LIFE_DAYS = 4.0
SHAPE_HALF_LIFE_DAYS = 84.0
PRIOR_MESSAGES = 40.0
"""An hour of a channel's week weighs as much as the community's once it has had this many messages."""
YOUNG_DAYS = 7
"""A channel is judged by its baseline from this many days on."""
_LEVEL_DECAY = 0.5 ** (1 / LEVEL_HALF_LIFE_DAYS)
_SHAPE_DECAY = 0.5 ** (7 / SHAPE_HALF_LIFE_DAYS)
"""A cell of the week is decayed when its day comes again."""
FLAT = (1.0,) * HOURS_A_WEEK


@dataclass(slots=True)
class Baseline:
    """Decayed counts of one channel. Rates are messages an hour."""

    level: float = 0.0
    """Decayed sum of messages an hour, over the decayed number of days `weight`."""
    weight: float = 0.0
    days: int = 0
    """How many days were learned."""
    counts: list[float] = field(default_factory=lambda: [0.0] * HOURS_A_WEEK)
    """Decayed messages by hour of week."""
    exposure: list[float] = field(default_factory=lambda: [0.0] * HOURS_A_WEEK)
    """Decayed hours by hour of week."""

    def learn(self, hours: Sequence[LocalHour], messages: Mapping[LocalHour, int]) -> None:
        """One more local day, of 23 to 25 hours."""
        for cell in {hour.cell for hour in hours}:
            self.counts[cell] *= _SHAPE_DECAY
            self.exposure[cell] *= _SHAPE_DECAY
        for hour in hours:
            self.counts[hour.cell] += messages.get(hour, 0)
            self.exposure[hour.cell] += 1.0
        total = sum(messages.get(hour, 0) for hour in hours)
        self.level = self.level * _LEVEL_DECAY + total / len(hours)
        self.weight = self.weight * _LEVEL_DECAY + 1.0
        self.days += 1

    @property
    def is_young(self) -> bool:
        """Whether it is too early to say what is usual."""
        return self.days < YOUNG_DAYS

    def rates(self, shape: Sequence[float]) -> list[float]:
        """Expected messages by hour of week: the recent level times the channel's week.

        The week is shrunk to the community's `shape` (mean 1) as a gamma prior of `PRIOR_MESSAGES`: of a
        young or quiet channel it is nearly the community's.
        """
        level = self.level / (self.weight + 0.5)
        hours = sum(self.exposure)
        mean = sum(self.counts) / hours if hours else 0.0
        if mean <= 0.0:
            return [level * each for each in shape]
        prior = PRIOR_MESSAGES / mean
        own = [
            (self.counts[cell] / mean + prior * shape[cell]) / (self.exposure[cell] + prior)
            for cell in range(HOURS_A_WEEK)
        ]
        norm = level * HOURS_A_WEEK / sum(own)
        return [norm * each for each in own]


def shape_of(baselines: Sequence[Baseline]) -> list[float]:
    """The week of a whole community with mean 1; an hour hardly seen is as that hour of other days."""
    counts = [sum(cells) for cells in zip(*(each.counts for each in baselines), strict=True)]
    longest = max(baselines, key=lambda each: sum(each.exposure), default=None)
    if longest is None or sum(counts) <= 0:
        return list(FLAT)
    seen = longest.exposure
    by_hour = []
    for hour in range(24):
        cells = range(hour, HOURS_A_WEEK, 24)
        exposure = sum(seen[cell] for cell in cells)
        by_hour.append(sum(counts[cell] for cell in cells) / exposure if exposure else 0.0)
    raw = [(counts[cell] + by_hour[cell % 24]) / (seen[cell] + 1.0) for cell in range(HOURS_A_WEEK)]
    mean = sum(raw) / HOURS_A_WEEK
    return [each / mean for each in raw] if mean > 0 else list(FLAT)
