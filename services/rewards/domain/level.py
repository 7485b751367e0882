"""A member's level: it rises with what was earned at once, and falls only after a while of grace."""

from datetime import datetime, timedelta
from typing import NamedTuple

from services.rewards.domain.ledger import Owner


class Standing(NamedTuple):
    """On which level a member is, how often it changed, and until when one without its points is kept."""

    owner: Owner
    level: int = 0
    change: int = 0
    grace_until: datetime | None = None


def settle_level(standing: Standing, due: int, now: datetime, grace: timedelta) -> Standing:
    """The standing of a member who has the points of level `due` now."""
    if due > standing.level or (due == standing.level and standing.grace_until is None):
        if due == standing.level:
            return standing
        return Standing(standing.owner, due, standing.change + 1)
    if due == standing.level:
        return standing._replace(grace_until=None)
    if standing.grace_until is None:
        return standing._replace(grace_until=now + grace)
    return standing


def end_grace(standing: Standing, due: int, now: datetime) -> Standing:
    """The standing when the grace may be over."""
    if standing.grace_until is None or now < standing.grace_until or due >= standing.level:
        return standing
    return Standing(standing.owner, due, standing.change + 1)
