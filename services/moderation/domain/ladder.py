"""How many points a member has: each strike's points fall by one for every `decay_days` that pass.

Strikes stay on record when nothing is left of them; one that a person overruled counts for nothing.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import NamedTuple


class Strike(NamedTuple):
    """Points for one decision."""

    at: datetime
    points: int
    is_void: bool = False
    """A person overruled the decision."""


def points_at(strikes: Iterable[Strike], moment: datetime, decay_days: int) -> int:
    """What is left at a moment of all strikes up to then."""
    return sum(_left(strike, moment, timedelta(days=decay_days)) for strike in strikes)


def _left(strike: Strike, moment: datetime, decay: timedelta) -> int:
    if strike.is_void or strike.at > moment:
        return 0
    return max(0, strike.points - (moment - strike.at) // decay)
