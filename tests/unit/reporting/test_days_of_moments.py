"""A moment's day in the community's zone, around midnight and where clocks change."""

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest

from services.reporting.domain.local_day import Today, local_date

SHANGHAI = ZoneInfo("Asia/Shanghai")


def utc(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)  # type: ignore[arg-type, misc]


@pytest.mark.parametrize(
    ("zone", "moment", "expected"),
    [
        ("Asia/Shanghai", utc(2024, 3, 5, 15, 59, 59), date(2024, 3, 5)),
        ("Asia/Shanghai", utc(2024, 3, 5, 16), date(2024, 3, 6)),
        # New York: the day on which clocks go forward has 23 hours, the one on which they go back 25.
        ("America/New_York", utc(2024, 3, 10, 4, 59, 59), date(2024, 3, 9)),
        ("America/New_York", utc(2024, 3, 10, 5), date(2024, 3, 10)),
        ("America/New_York", utc(2024, 3, 11, 3, 59, 59), date(2024, 3, 10)),
        ("America/New_York", utc(2024, 3, 11, 4), date(2024, 3, 11)),
        ("America/New_York", utc(2024, 11, 4, 4, 59, 59), date(2024, 11, 3)),
        ("America/New_York", utc(2024, 11, 4, 5), date(2024, 11, 4)),
        # São Paulo 2018: 4 November had no midnight, it began at one o'clock.
        ("America/Sao_Paulo", utc(2018, 11, 4, 2, 59, 59), date(2018, 11, 3)),
        ("America/Sao_Paulo", utc(2018, 11, 4, 3), date(2018, 11, 4)),
        # St John's 2006: one minute past midnight it was 23:01 again, so a day's hours are not in one piece.
        ("America/St_Johns", utc(2006, 10, 29, 2, 30), date(2006, 10, 29)),
        ("America/St_Johns", utc(2006, 10, 29, 2, 31), date(2006, 10, 28)),
        ("America/St_Johns", utc(2006, 10, 29, 3, 30), date(2006, 10, 29)),
        ("Asia/Kathmandu", utc(2024, 3, 5, 18, 15), date(2024, 3, 6)),
        # Samoa left out 30 December 2011.
        ("Pacific/Apia", utc(2011, 12, 30, 9, 59, 59), date(2011, 12, 29)),
        ("Pacific/Apia", utc(2011, 12, 30, 10), date(2011, 12, 31)),
    ],
)
def test_a_moment_has_the_date_on_the_wall_of_its_zone(zone: str, moment: datetime, expected: date) -> None:
    assert local_date(moment, ZoneInfo(zone)) == expected


def test_the_last_hours_of_the_calendar_have_no_date_in_the_east() -> None:
    with pytest.raises(OverflowError):
        local_date(utc(9999, 12, 31, 20), SHANGHAI)


def test_today_follows_both_the_moment_and_the_zone() -> None:
    today, evening = Today(), utc(2024, 3, 5, 20)
    new_york = ZoneInfo("America/New_York")
    asked = [today.of(evening, SHANGHAI), today.of(evening, new_york), today.of(utc(2024, 3, 7), new_york)]
    assert asked == [date(2024, 3, 6), date(2024, 3, 5), date(2024, 3, 6)]
