"""On which local date a moment lies, at every edge of a day."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.engagement.domain.day import local_day
from tests.unit.engagement.histories import law

SHANGHAI = ZoneInfo("Asia/Shanghai")
NEW_YORK = ZoneInfo("America/New_York")


def test_the_last_millisecond_and_midnight_are_on_two_dates() -> None:
    midnight = datetime(2024, 3, 4, 16, 0, tzinfo=UTC)
    before = local_day(midnight - timedelta(milliseconds=1), SHANGHAI)
    assert before == (date(2024, 3, 4), midnight)
    assert local_day(midnight, SHANGHAI) == (date(2024, 3, 5), midnight + timedelta(days=1))


@pytest.mark.parametrize(
    ("day", "hours", "midnight_utc"),
    [
        (date(2024, 3, 9), 24, datetime(2024, 3, 9, 5, tzinfo=UTC)),
        (date(2024, 3, 10), 23, datetime(2024, 3, 10, 5, tzinfo=UTC)),
        (date(2024, 3, 11), 24, datetime(2024, 3, 11, 4, tzinfo=UTC)),
        (date(2024, 11, 3), 25, datetime(2024, 11, 3, 4, tzinfo=UTC)),
        (date(2024, 11, 4), 24, datetime(2024, 11, 4, 5, tzinfo=UTC)),
    ],
)
def test_days_of_clock_changes_are_as_long_as_they_are(day: date, hours: int, midnight_utc: datetime) -> None:
    ends_at = midnight_utc + timedelta(hours=hours)
    assert local_day(midnight_utc, NEW_YORK) == (day, ends_at)
    assert local_day(ends_at - timedelta(milliseconds=1), NEW_YORK) == (day, ends_at)
    assert local_day(ends_at, NEW_YORK).date == day + timedelta(days=1)


def test_the_hour_that_comes_twice_is_one_date() -> None:
    first, second = (datetime(2024, 11, 3, hour, 30, tzinfo=UTC) for hour in (5, 6))
    assert first.astimezone(NEW_YORK).hour == second.astimezone(NEW_YORK).hour == 1
    assert local_day(first, NEW_YORK) == local_day(second, NEW_YORK)


def test_a_midnight_that_is_skipped_still_ends_the_day() -> None:
    cairo = ZoneInfo("Africa/Cairo")
    forward = datetime(2024, 4, 25, 22, 0, tzinfo=UTC)
    assert local_day(forward - timedelta(seconds=1), cairo) == (date(2024, 4, 25), forward)
    assert local_day(forward, cairo).date == date(2024, 4, 26)


def test_leap_day_and_new_year_are_dates_like_others() -> None:
    assert local_day(datetime(2024, 2, 28, 16, tzinfo=UTC), SHANGHAI).date == date(2024, 2, 29)
    assert local_day(datetime(2024, 2, 29, 16, tzinfo=UTC), SHANGHAI).date == date(2024, 3, 1)
    assert local_day(datetime(2023, 2, 28, 16, tzinfo=UTC), SHANGHAI).date == date(2023, 3, 1)
    assert local_day(datetime(2024, 12, 31, 15, 59, 59, tzinfo=UTC), SHANGHAI).date == date(2024, 12, 31)
    assert local_day(datetime(2024, 12, 31, 16, tzinfo=UTC), SHANGHAI).date == date(2025, 1, 1)


@pytest.mark.parametrize("moment", [datetime.min, datetime.max])
def test_the_ends_of_the_calendar_are_refused(moment: datetime) -> None:
    zone = NEW_YORK if moment == datetime.min else SHANGHAI
    with pytest.raises(OverflowError):
        local_day(moment.replace(tzinfo=UTC), zone)


@law(100)
@given(
    st.datetimes(datetime(1990, 1, 1), datetime(2030, 1, 1), timezones=st.just(UTC)),
    st.sampled_from(
        ["Asia/Shanghai", "America/New_York", "Europe/Berlin", "Asia/Kolkata", "Australia/Lord_Howe"]
    ),
)
def test_a_moment_is_before_the_end_of_its_date_and_the_end_is_on_the_next(
    moment: datetime, name: str
) -> None:
    zone = ZoneInfo(name)
    day = local_day(moment, zone)
    assert moment < day.ends_at <= moment + timedelta(hours=25)
    assert local_day(day.ends_at, zone).date == day.date + timedelta(days=1)
    assert local_day(day.ends_at - timedelta(microseconds=1), zone) == day
