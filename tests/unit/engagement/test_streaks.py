"""Streaks are a function of the set of dates."""

from collections.abc import Sequence
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.engagement.domain.streak import Run, Streaks
from tests.unit.engagement.histories import law

FIRST = date(2024, 2, 26)
CHANGES = st.lists(st.tuples(st.booleans(), st.integers(0, 12)), max_size=60)


def day(number: int) -> date:
    return FIRST + timedelta(days=number)


def days_back(dates: set[date], last: date) -> int:
    """Counted one by one."""
    count = 0
    while last - timedelta(days=count) in dates:
        count += 1
    return count


@law(100)
@given(CHANGES)
def test_any_sequence_of_changes_leaves_the_runs_of_its_dates(changes: Sequence[tuple[bool, int]]) -> None:
    streaks, dates = Streaks(), set[date]()
    for is_added, number in changes:
        (streaks.add if is_added else streaks.discard)(day(number))
        (dates.add if is_added else dates.discard)(day(number))
        assert [streaks.days_at(day(each)) for each in range(13)] == [
            days_back(dates, day(each)) for each in range(13)
        ]
    covered = sorted(run.first + timedelta(days=n) for run in streaks.runs for n in range(run.days))
    assert covered == sorted(dates)
    assert not {run.last + timedelta(days=1) for run in streaks.runs} & {run.first for run in streaks.runs}


@law(100)
@given(CHANGES, CHANGES)
def test_what_ended_and_began_leads_from_the_stored_runs_to_the_new_ones(
    before: Sequence[tuple[bool, int]], after: Sequence[tuple[bool, int]]
) -> None:
    stored = Streaks()
    for is_added, number in before:
        (stored.add if is_added else stored.discard)(day(number))
    streaks = Streaks.of(stored.runs)
    for is_added, number in after:
        (streaks.add if is_added else streaks.discard)(day(number))
    assert (stored.runs - streaks.ended) | streaks.begun == streaks.runs
    assert not streaks.begun & stored.runs


@pytest.mark.parametrize(
    ("dates", "last", "days"),
    [
        ([date(2024, 2, 28), date(2024, 2, 29), date(2024, 3, 1)], date(2024, 3, 1), 3),
        ([date(2023, 2, 28), date(2023, 3, 1)], date(2023, 3, 1), 2),
        ([date(2024, 2, 28), date(2024, 3, 1)], date(2024, 3, 1), 1),
        ([date(2024, 12, 31), date(2025, 1, 1)], date(2025, 1, 1), 2),
    ],
)
def test_streaks_cross_leap_days_and_years(dates: list[date], last: date, days: int) -> None:
    streaks = Streaks()
    for each in dates:
        streaks.add(each)
    assert streaks.days_at(last) == days


def test_a_late_date_fills_the_gap_and_lengthens_what_follows() -> None:
    streaks = Streaks.of([Run(day(0), day(2)), Run(day(4), day(6))])
    streaks.add(day(3))
    assert streaks.days_at(day(3)) == 4
    assert streaks.days_at(day(6)) == 7
    assert streaks.runs == {Run(day(0), day(6))}


def test_the_first_and_last_dates_of_the_calendar_can_be_kept() -> None:
    streaks = Streaks.of([Run(date.min, date.min)])
    streaks.add(date.min + timedelta(days=1))
    assert streaks.days_at(date.min + timedelta(days=1)) == 2
