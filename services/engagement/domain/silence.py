"""When a channel is cold: silent for long against its usual gap, at an hour when people are about."""

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from services.engagement.domain.hours import HOUR, hour_of, is_between
from services.engagement.domain.pulse import PAUSES, Pulse

GRID = timedelta(minutes=15)
"""Channels are looked at on quarters of an hour, so that many share a look; see `step_of`."""
GRID_DOUBLINGS_MAX = 4
PRIOR_PAUSES = 20.0
SEARCH_HOURS_MAX = 24 * 21
ROUNDING = 1e-6
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class ColdRule:
    """The numbers of cold detection; the first three are a community's own choice."""

    active_from: time = time(9)
    active_until: time = time(22)
    silent_minutes_min: int = 45
    gap_factor: float = 3.0
    resume_share_max: float = 0.15
    """A pause that people end themselves more often than this, within half an hour, is not cold."""

    @property
    def active(self) -> tuple[time, time]:
        """The hours of the day in which a channel can be cold."""
        return self.active_from, self.active_until


@dataclass(frozen=True, slots=True)
class Pauses:
    """How the pauses of a channel end, and those of its community to lean on."""

    reached: Sequence[float]
    resumed: Sequence[float]
    reached_all: Sequence[float]
    resumed_all: Sequence[float]

    def resume_share(self, silent: timedelta) -> float:
        """Of pauses that lasted so long, the share that ended within half an hour.

        Beta-binomial shrinkage: the community's share counts as `PRIOR_PAUSES` pauses of the channel.
        """
        place = max(0, bisect_right(PAUSES, silent / timedelta(minutes=1)) - 1)
        usual = (self.resumed_all[place] + 1.0) / (self.reached_all[place] + 10.0)
        return (self.resumed[place] + PRIOR_PAUSES * usual) / (self.reached[place] + PRIOR_PAUSES)


def usual_gap(rate: float) -> timedelta:
    """Between two messages at a rate an hour; of a rate near zero, a year."""
    return timedelta(hours=min(1.0 / rate, 8760.0)) if rate > 0 else timedelta(hours=8760)


def needed_silence(rate: float, rule: ColdRule) -> timedelta:
    """How long a channel must have been silent at an hour with this rate."""
    return max(timedelta(minutes=rule.silent_minutes_min), rule.gap_factor * usual_gap(rate))


def step_of(silent: timedelta) -> timedelta:
    """Between two looks at a channel that has been silent so long: 15 minutes to 4 hours, at most a third."""
    step = GRID
    for _ in range(GRID_DOUBLINGS_MAX):
        if silent < 6 * step:
            break
        step *= 2
    return step


def on_grid(moment: datetime, step: timedelta = GRID) -> datetime:
    """The next multiple of the step since 1970, or this moment."""
    return _EPOCH - ((_EPOCH - moment) // step) * step


def expected_between(begins: datetime, ends: datetime, rates: Sequence[float], zone: str) -> float:
    """Usual messages in a span; of a longer one, in its last three weeks."""
    moment = max(begins, ends - SEARCH_HOURS_MAX * HOUR)
    total = 0.0
    while moment < ends:
        hour = hour_of(moment, zone)
        until = min(hour.starts_at + HOUR, ends)
        total += rates[hour.cell] * ((until - moment) / HOUR)
        moment = until
    return total


def is_cold(
    last_at: datetime, now: datetime, rates: Sequence[float], pauses: Pauses, rule: ColdRule, zone: str
) -> bool:
    """Whether the channel is cold at this moment.

    The silence must be `gap_factor` usual gaps long by this hour's rate, and as many messages must have been
    usual since the last: a night does not make a morning cold.
    """
    silent = now - last_at
    if not is_between(now.astimezone(ZoneInfo(zone)).time(), *rule.active):
        return False
    if silent < needed_silence(rates[hour_of(now, zone).cell], rule):
        return False
    if pauses.resume_share(silent) > rule.resume_share_max:
        return False
    return expected_between(last_at, now, rates, zone) >= rule.gap_factor - ROUNDING


def shortest_wait(rates: Sequence[float], pauses: Pauses, rule: ColdRule) -> float:
    """Minutes after a message before which the channel cannot be cold, whatever the hour."""
    least = needed_silence(max(rates, default=0.0), rule) / timedelta(minutes=1)
    for minutes in PAUSES:
        silent = max(least, float(minutes))
        if pauses.resume_share(timedelta(minutes=silent)) <= rule.resume_share_max:
            return silent
    return max(least, float(PAUSES[-1]))


def next_look(
    last_at: datetime, after: datetime, rates: Sequence[float], pauses: Pauses, rule: ColdRule, zone: str
) -> datetime | None:
    """The first moment of the grid after `after` at which the channel would be cold if nobody wrote.

    None: not within three weeks.
    """
    moment = on_grid(max(after + GRID, last_at + timedelta(minutes=rule.silent_minutes_min)))
    expected = expected_between(last_at, moment, rates, zone)
    for _ in range(SEARCH_HOURS_MAX):
        hour = hour_of(moment, zone)
        ends = hour.starts_at + HOUR
        rate = rates[hour.cell]
        missing = rule.gap_factor - expected
        if missing <= rate * ((ends - moment) / HOUR) and rate > 0:
            earliest = max(moment + max(0.0, missing / rate) * HOUR, last_at + needed_silence(rate, rule))
            ready = on_grid(earliest, step_of(earliest - last_at))
            while ready < ends:
                active = is_between(ready.astimezone(ZoneInfo(zone)).time(), *rule.active)
                if active and pauses.resume_share(ready - last_at) <= rule.resume_share_max:
                    return ready
                step = step_of(ready - last_at)
                ready = on_grid(ready + step, step)
        expected += rate * ((ends - moment) / HOUR)
        moment = ends
    return None


def first_look(pulse: Pulse, said_at: datetime) -> datetime:
    """After a message in a channel that nobody was going to look at."""
    wait = timedelta(minutes=pulse.wait_minutes)
    return on_grid(said_at + wait, step_of(wait))
