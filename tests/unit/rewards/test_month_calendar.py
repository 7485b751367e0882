"""Local days and closing moments in zones where clocks jump."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.rewards.domain.calendar import closes_at, days_near, first_instant, month_after, month_of

ZONES = [
    "Asia/Shanghai", "UTC", "America/New_York", "America/Havana", "Africa/Cairo", "Asia/Beirut",
    "Australia/Lord_Howe", "America/Asuncion", "Pacific/Apia", "Asia/Kathmandu", "Atlantic/Azores",
]  # fmt: skip


@pytest.mark.parametrize(
    ("zone", "month", "moment"),
    [
        ("Asia/Shanghai", date(2024, 2, 1), "2024-03-01T16:00:00+00:00"),
        ("UTC", date(2024, 12, 1), "2025-01-02T00:00:00+00:00"),
        # clocks go forward on 10 March and back on 3 November
        ("America/New_York", date(2024, 3, 1), "2024-04-02T04:00:00+00:00"),
        ("America/New_York", date(2024, 11, 1), "2024-12-02T05:00:00+00:00"),
        # 1 October 2017 began at 1:00: clocks skipped midnight
        ("America/Asuncion", date(2017, 9, 1), "2017-10-02T04:00:00+00:00"),
        # Samoa had no 30 December 2011
        ("Pacific/Apia", date(2011, 12, 1), "2012-01-01T10:00:00+00:00"),
    ],
)
def test_a_month_closes_a_day_after_its_last_instant(zone: str, month: date, moment: str) -> None:
    assert closes_at(month, ZoneInfo(zone)) == datetime.fromisoformat(moment)


@given(st.sampled_from(ZONES), st.dates(date(2000, 1, 1), date(2030, 12, 31)))
def test_the_first_instant_belongs_to_the_month_and_the_one_before_does_not(zone: str, day: date) -> None:
    where, month = ZoneInfo(zone), month_of(day)
    opens = first_instant(month, where)
    assert month_of(opens.astimezone(where).date()) == month
    assert month_after(month_of((opens - timedelta(milliseconds=1)).astimezone(where).date())) == month


@given(st.dates(date(1, 1, 1), date(9998, 12, 31)))
def test_the_month_after_begins_on_the_day_after_the_last(day: date) -> None:
    after = month_after(month_of(day))
    assert after.day == 1
    assert month_of(after - timedelta(days=1)) == month_of(day)


@given(
    st.sampled_from(ZONES),
    st.datetimes(datetime(2005, 1, 1), datetime(2030, 12, 31), timezones=st.just(UTC)),
    st.integers(-3600, 3600),
    st.integers(1, 3600),
)
def test_no_moment_inside_a_cooldown_lies_on_a_day_that_is_not_looked_at(
    zone: str, moment: datetime, other: int, cooldown: int
) -> None:
    where = ZoneInfo(zone)
    local = moment.astimezone(where)
    other_day = (moment + timedelta(seconds=max(-cooldown, min(cooldown, other)))).astimezone(where).date()
    assert other_day in (local.date(), *days_near(local, cooldown))
