"""Segments (分层): core, active, ordinary, quiet, leaving, by the days on which a member wrote."""

from collections.abc import Collection
from datetime import date, timedelta
from enum import StrEnum

SPAN_DAYS = 28
CORE_DAYS = 12
ACTIVE_DAYS = 4
LEAVING_SILENT_DAYS = 14
KEPT_DAYS = 91


class Segment(StrEnum):
    """What a member is to the community now."""

    CORE = "core"
    ACTIVE = "active"
    ORDINARY = "ordinary"
    QUIET = "quiet"
    LEAVING = "leaving"


def segment_of(days: Collection[date], today: date) -> Segment:
    """By the last 28 days, and for those who fell silent by the 28 before their silence.

    core: 12 days or more; active: 4; ordinary: 1; leaving: silent for two weeks after 4 days or more in the
    four weeks before; quiet: all others.
    """
    recent = [day for day in days if timedelta(0) <= today - day < timedelta(days=SPAN_DAYS)]
    last = max((day for day in days if day <= today), default=None)
    if last is None:
        return Segment.QUIET
    before = sum(timedelta(0) <= last - day < timedelta(days=SPAN_DAYS) for day in days)
    silent = (today - last).days
    if silent >= LEAVING_SILENT_DAYS and before >= ACTIVE_DAYS and silent < KEPT_DAYS - SPAN_DAYS:
        return Segment.LEAVING
    if len(recent) >= CORE_DAYS:
        return Segment.CORE
    if len(recent) >= ACTIVE_DAYS:
        return Segment.ACTIVE
    return Segment.ORDINARY if recent else Segment.QUIET
