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


def month_of(year: int, month: int) -> Span:
    """A calendar month."""
    first = date(year, month, 1)
    return Span(first, _last_day(first, By.MONTH))


def month_before(span: Span) -> Span:
    """The calendar month before the one in which the span begins. Raises `BadSpan` before the year 1."""
    if span.first <= date(1, 1, 31):
        raise BadSpan("there is no month before the first")
    last = span.first.replace(day=1) - ONE_DAY
    return month_of(last.year, last.month)


def parse_month(text: str) -> Span:
    """The month that `2024-03` names. Raises `BadSpan`."""
    if not _MONTH.fullmatch(text):
        raise BadSpan("a month is written like 2024-03")
    try:
        return month_of(int(text[:4]), int(text[5:]))
    except ValueError:
        raise BadSpan("there is no such month") from None


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
