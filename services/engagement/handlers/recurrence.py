"""When a calendar item comes next: rules of RFC 5545 on local time, so that clock changes move nothing."""

from datetime import MAXYEAR, UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from dateutil.rrule import DAILY, rrulestr

HORIZON = timedelta(days=5 * 366)
"""An item that comes less often than this has no next time; a rule may go on for ever."""
RULE_MAX = 500
CYCLE_YEARS = 400
"""After so many years the same dates fall on the same days of the week."""


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
        if rule._freq > DAILY or rule._byeaster is not None or len(recurrence) > RULE_MAX:
            raise BadRule(recurrence)
        # a rule that never comes is looked for until the year 9999, day by day: near it there are few
        late = CYCLE_YEARS * ((MAXYEAR - (local + HORIZON).year) // CYCLE_YEARS)
        ends = _later(min(local + HORIZON, rule._until or datetime.max), late)
        rule = rule.replace(dtstart=_later(begins, late), until=ends)
        # the hour that clocks repeat or skip may lie between: look from an hour before
        for occurrence in rule.xafter(_later(local, late) - timedelta(hours=2), count=10, inc=True):
            moment = _moment(_later(occurrence, -late), zone)
            if moment > after:
                return moment
    except (ValueError, TypeError, AttributeError, OverflowError) as error:
        raise BadRule(recurrence) from error
    return None


def _later(local: datetime, years: int) -> datetime:
    return local.replace(year=local.year + years)


def _moment(local: datetime, zone: str) -> datetime:
    return local.replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)
