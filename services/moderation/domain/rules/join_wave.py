"""Join waves: so many people at once that welcomes wait, or that somebody should look who they are."""

from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from services.moderation.domain.rules.kind import Kind

SECOND_US = 1_000_000
MINUTE_US = 60 * SECOND_US
BURST, WAVE = "burst", "wave"
SECONDS_MAX, MINUTES_MAX = 600, 180

Join = tuple[int, str]
"""Microseconds since 1970, and the member."""


@dataclass(frozen=True, slots=True)
class JoinWave:
    """`burst_min` joins in `burst_seconds` pause welcomes, `wave_min` in `wave_minutes` suggest lockdown."""

    burst_min: int = 5
    burst_seconds: int = 60
    pause_minutes: int = 10
    """How long welcomes pause after a burst's latest join that was noticed."""
    wave_min: int = 50
    wave_minutes: int = 60

    def __post_init__(self) -> None:
        if min(self.burst_min, self.wave_min) < 2 or self.pause_minutes < 1:
            raise ValueError("a burst or wave has 2 members or more, and welcomes pause a minute or more")
        if not (1 <= self.burst_seconds <= SECONDS_MAX and 1 <= self.wave_minutes <= MINUTES_MAX):
            raise ValueError(
                f"a burst's window has up to {SECONDS_MAX} s, a wave's up to {MINUTES_MAX} minutes"
            )

    def limits(self, scale: str) -> tuple[int, int, int]:
        """Members, the window, and how long one notice holds; both in microseconds."""
        if scale == BURST:
            return self.burst_min, self.burst_seconds * SECOND_US, self.pause_minutes * MINUTE_US
        return self.wave_min, self.wave_minutes * MINUTE_US, self.wave_minutes * MINUTE_US


def joins_around(joins: Sequence[Join], at_us: int, span_us: int) -> int:
    """The most members who joined in a half-open window of `span_us` that holds the moment; sorted joins."""
    first = bisect_right(joins, (at_us - span_us, "\U0010ffff"))
    near = joins[first : bisect_left(joins, (at_us + span_us, ""))]
    members: Counter[str] = Counter()
    most, low = 0, 0
    for joined_us, member_id in near:
        members[member_id] += 1
        while joined_us - near[low][0] >= span_us:
            members[near[low][1]] -= 1
            low += 1
        if near[low][0] <= at_us <= joined_us:
            most = max(most, sum(count > 0 for count in members.values()))
    return most


JOIN_WAVE = Kind("join_wave", JoinWave, lambda params, _: params, crosses_members=True)
