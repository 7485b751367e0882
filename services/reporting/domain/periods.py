"""Days, ISO weeks and calendar months between two dates of a community."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

DAYS_MAX = 3_660
"""Ten years: the longest span that is answered at once."""
ONE_DAY = timedelta(days=1)
_MONTH = re.compile(r"[0-9]{4}-[0-9]{2}")
_WEEK = re.compile(r"[0-9]{4}-W[0-9]{2}")
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


class By(StrEnum):
    """How a span of days is divided."""

    DAY = "day"
    WEEK = "week"
    MONTH = "month"


@dataclass(frozen=True, slots=True)
class Span:
    """Whole days of the community's calendar, both ends included."""

    first: date
    last: date

    @property
    def days(self) -> int:
        """How many days it has."""
        return (self.last - self.first).days + 1

    def __iter__(self) -> Iterator[date]:
        return (self.first + timedelta(days=number) for number in range(self.days))


@dataclass(frozen=True, slots=True)
class Period:
    """One day, week or month by name, and the part of it that was asked for."""

    name: str
    """`2024-03-05`, `2024-W10` or `2024-03`."""
    span: Span


class BadSpan(ValueError):
    """A span that is backwards or too long to answer."""


def natural(day: date, by: By) -> Span:
    """The whole day, week or month that a day belongs to, within the calendar."""
    if by is By.DAY:
        return Span(day, day)
    if by is By.MONTH:
        return Span(day.replace(day=1), _last_day(day, by))
    return Span(day - timedelta(days=min(day.weekday(), (day - date.min).days)), _last_day(day, by))


def tiles(span: Span) -> tuple[By, list[date]]:
    """The coarsest periods that fill the span exactly, by their first days: fewer rows to read."""
    for by in (By.MONTH, By.WEEK):
        if natural(span.first, by).first == span.first and natural(span.last, by).last == span.last:
            return by, [period.span.first for period in periods(span, by)]
    return By.DAY, list(span)


def span_of(first: date, last: date) -> Span:
    """The span from `first` to `last`, both included. Raises `BadSpan`."""
    span = Span(first, last)
    if span.days < 1:
        raise BadSpan("the last day lies before the first")
    if span.days > DAYS_MAX:
        raise BadSpan(f"at most {DAYS_MAX} days are answered at once")
    return span


def periods(span: Span, by: By) -> list[Period]:
    """The span in order, divided; its ends cut the first and last. Weeks begin on Monday (ISO 8601)."""
    found: list[Period] = []
    opens = span.first
    while opens <= span.last:
        closes = min(_last_day(opens, by), span.last)
        found.append(Period(_name(opens, by), Span(opens, closes)))
        if closes == span.last:
            break
        opens = closes + ONE_DAY
    return found


def days_before(span: Span, days: int) -> Span:
    """So many days right before a span, as far as the calendar goes."""
    opens = span.first.toordinal()
    return Span(date.fromordinal(max(1, opens - days)), date.fromordinal(max(1, opens - 1)))


def previous(period: Period, by: By) -> Period | None:
    """The period of the same kind before it; None before the calendar's first."""
    if period.span.first == date.min:
        return None
    return period_of(period.span.first - ONE_DAY, by)


def period_of(day: date, by: By) -> Period:
    """The whole period that a day belongs to, by name."""
    return Period(_name(day, by), natural(day, by))


def parse_period(text: str) -> tuple[Period, By]:
    """What `2024-03`, `2024-W10` or `2024-03-05` names. Raises `BadSpan`."""
    try:
        if _MONTH.fullmatch(text):
            return period_of(date(int(text[:4]), int(text[5:]), 1), By.MONTH), By.MONTH
        if _WEEK.fullmatch(text):
            return period_of(date.fromisocalendar(int(text[:4]), int(text[6:]), 1), By.WEEK), By.WEEK
        if _DAY.fullmatch(text):
            return period_of(date.fromisoformat(text), By.DAY), By.DAY
    except ValueError:
        raise BadSpan("there is no such period") from None
    raise BadSpan("a period is written like 2024-03, 2024-W10 or 2024-03-05")


def _last_day(day: date, by: By) -> date:
    """The last day of the day's period, at most the last that a calendar has."""
    if by is By.DAY:
        return day
    if by is By.WEEK:
        left = min(6 - day.weekday(), (date.max - day).days)
        return day + timedelta(days=left)
    if day.month == 12:
        return day.replace(day=31)
    return day.replace(month=day.month + 1, day=1) - ONE_DAY


def _name(day: date, by: By) -> str:
    if by is By.DAY:
        return day.isoformat()
    if by is By.MONTH:
        return f"{day.year:04}-{day.month:02}"
    year, week, _ = day.isocalendar()
    return f"{year:04}-W{week:02}"
