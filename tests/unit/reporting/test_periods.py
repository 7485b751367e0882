"""Days, ISO weeks and months: where each begins, and what a cut span makes of them."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.reporting.domain.periods import (
    DAYS_MAX,
    BadSpan,
    By,
    Span,
    natural,
    parse_period,
    period_of,
    periods,
    previous,
    span_of,
    tiles,
)


def names(first: date, last: date, by: By) -> list[str]:
    return [period.name for period in periods(span_of(first, last), by)]


def test_a_week_begins_on_monday() -> None:
    sunday, monday = date(2024, 3, 10), date(2024, 3, 11)
    assert names(sunday, monday, By.WEEK) == ["2024-W10", "2024-W11"]


def test_the_last_days_of_december_can_belong_to_the_first_week_of_next_year() -> None:
    assert names(date(2024, 12, 29), date(2024, 12, 30), By.WEEK) == ["2024-W52", "2025-W01"]


def test_the_first_days_of_january_can_belong_to_the_last_week_of_the_year_before() -> None:
    assert names(date(2021, 1, 3), date(2021, 1, 4), By.WEEK) == ["2020-W53", "2021-W01"]


def test_a_leap_day_closes_its_month() -> None:
    found = periods(span_of(date(2024, 2, 1), date(2024, 3, 1)), By.MONTH)
    assert [(each.name, each.span.last) for each in found] == [
        ("2024-02", date(2024, 2, 29)),
        ("2024-03", date(2024, 3, 1)),
    ]


def test_december_is_followed_by_january() -> None:
    assert names(date(2023, 12, 31), date(2024, 1, 1), By.MONTH) == ["2023-12", "2024-01"]


def test_the_calendar_may_end_inside_a_week() -> None:
    found = periods(span_of(date(9999, 12, 27), date.max), By.WEEK)
    assert found[-1].span.last == date.max


@given(
    st.dates(date(1, 1, 1), date(9990, 1, 1)),
    st.integers(0, 900),
    st.sampled_from(list(By)),
)
def test_periods_cover_every_day_of_the_span_exactly_once(first: date, length: int, by: By) -> None:
    span = Span(first, first + timedelta(days=length))
    divided = periods(span, by)
    assert [day for period in divided for day in period.span] == list(span)
    assert len({period.name for period in divided}) == len(divided)


@given(st.dates(date(1900, 1, 1), date(2100, 1, 1)))
def test_a_day_lies_in_the_week_that_its_monday_opens(day: date) -> None:
    monday = day - timedelta(days=day.weekday())
    assert names(monday, day, By.WEEK) == names(day, day, By.WEEK)


def test_a_span_must_not_be_backwards() -> None:
    with pytest.raises(BadSpan):
        span_of(date(2024, 3, 2), date(2024, 3, 1))


def test_a_span_has_a_greatest_length() -> None:
    first = date(2000, 1, 1)
    assert span_of(first, first + timedelta(days=DAYS_MAX - 1)).days == DAYS_MAX
    with pytest.raises(BadSpan):
        span_of(first, first + timedelta(days=DAYS_MAX))


@pytest.mark.parametrize(
    ("name", "by", "first", "last", "before"),
    [
        ("2024-01", By.MONTH, date(2024, 1, 1), date(2024, 1, 31), "2023-12"),
        ("2024-W01", By.WEEK, date(2024, 1, 1), date(2024, 1, 7), "2023-W52"),
        ("2020-W53", By.WEEK, date(2020, 12, 28), date(2021, 1, 3), "2020-W52"),
        ("2024-03-01", By.DAY, date(2024, 3, 1), date(2024, 3, 1), "2024-02-29"),
    ],
)
def test_a_period_is_read_and_has_one_before(name: str, by: By, first: date, last: date, before: str) -> None:
    period, kind = parse_period(name)
    assert (period.name, kind, period.span) == (name, by, Span(first, last))
    earlier = previous(period, by)
    assert earlier is not None
    assert earlier.name == before


@pytest.mark.parametrize(
    "text", ["2024-3", "2024-13", "0000-01", "２０２４-03", "2024-W54", "2023-W53", "2024-02-30", "", "24-03"]
)
def test_what_is_no_period_is_refused(text: str) -> None:
    with pytest.raises(BadSpan):
        parse_period(text)


@pytest.mark.parametrize("by", list(By))
def test_nothing_comes_before_the_calendars_first_period(by: By) -> None:
    assert previous(period_of(date.min, by), by) is None


@given(st.dates(date(1990, 1, 1), date(2100, 1, 1)), st.integers(0, 400))
def test_a_span_is_filled_exactly_by_the_coarsest_periods(first: date, length: int) -> None:
    span = Span(first, first + timedelta(days=length))
    by, firsts = tiles(span)
    assert [day for opens in firsts for day in natural(opens, by)] == list(span)
