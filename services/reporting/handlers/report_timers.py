"""When reports are due: after each day, week and month of the community's zone, at its hour."""

from collections.abc import Collection, Mapping
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from services.reporting.domain.periods import By, natural
from services.reporting.handlers.report_settings import load_settings
from shared.engine import Poison, Timer
from shared.postgres.connection import Connection

SEND_REPORT = "send_report"
REPORT_KINDS = tuple(f"{SEND_REPORT}:{by}" for by in By)
AFTER = ("moderation", "engagement", "rewards")
"""Their facts of the period must have been read first."""


def next_report(community_id: str, by: By, after: datetime, zone: ZoneInfo, at: time) -> Timer:
    """The first report that is due later than a moment. Raises `Poison` at the calendar's end."""
    try:
        today = natural(after.astimezone(zone).date(), by)
        due_at = datetime.combine(today.first, at, zone)
        if due_at <= after:
            due_at = datetime.combine(today.last + timedelta(days=1), at, zone)
    except OverflowError:
        raise Poison("the date lies outside the calendar") from None
    return Timer(community_id, SEND_REPORT, due_at, by, after=AFTER)


async def first_reports(
    connection: Connection,
    kinds: Mapping[str, Collection[str]],
    moments: Mapping[str, tuple[datetime, ZoneInfo]],
) -> list[Timer]:
    """For communities, by kind, the timers to begin with; `moments` are their clock and zone."""
    settings = await load_settings(connection, sorted(kinds))
    return [
        next_report(
            community_id, By(kind.partition(":")[2]), *moments[community_id], settings[community_id].send_at
        )
        for community_id in sorted(kinds)
        for kind in sorted(kinds[community_id])
    ]
