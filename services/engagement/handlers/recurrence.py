"""When a calendar item comes next: rules of RFC 5545 on local time, so that clock changes move nothing."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from dateutil.rrule import DAILY, rrulestr

HORIZON = timedelta(days=5 * 366)
"""An item that comes less often than this has no next time; a rule may go on for ever."""
RULE_MAX = 500


class BadRule(ValueError):
    """The text is no rule, or one that comes more often than daily."""


def check(recurrence: str) -> None:
    """Raises `BadRule`, also for a rule that never comes."""
    began = datetime(2024, 1, 1, tzinfo=UTC)
    if recurrence and upcoming(recurrence, began.date(), time(12), began, "UTC") is None:
        raise BadRule(recurrence)


def upcoming(recurrence: str, first_on: date, at: time, after: datetime, zone: str) -> datetime | None:
    """The first moment after one, in UTC; an empty rule comes once. Raises `BadRule`."""
    begins = datetime.combine(first_on, at)
    local = after.astimezone(ZoneInfo(zone)).replace(tzinfo=None)
    if not recurrence:
        found = begins if _moment(begins, zone) > after else None
        return _moment(found, zone) if found else None
    try:
        rule = rrulestr(recurrence, dtstart=begins, ignoretz=True)
        if rule._freq > DAILY or len(recurrence) > RULE_MAX:
            raise BadRule(recurrence)
        ends = local + HORIZON
        # a rule that never comes would be looked for until the year 9999
        rule = rule.replace(until=min(ends, rule._until or ends))
        # the hour that clocks repeat or skip may lie between: look from an hour before
        for occurrence in rule.xafter(local - timedelta(hours=2), count=10, inc=True):
            moment = _moment(occurrence, zone)
            if moment > after:
                return moment
    except (ValueError, TypeError, AttributeError, OverflowError) as error:
        raise BadRule(recurrence) from error
    return None


def _moment(local: datetime, zone: str) -> datetime:
    return local.replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)
