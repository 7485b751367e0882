"""What a member is told after a check-in."""

from datetime import UTC, date, datetime, timedelta

import pytest

from services.engagement.consumers import TEXTS
from services.engagement.domain.answer import MILESTONES_DAYS, answer_to
from services.engagement.domain.book import Recorded, Repeated
from services.engagement.domain.message import Message

NOON = datetime(2024, 3, 5, 4, tzinfo=UTC)
MESSAGE = Message("tea", "m1", "ann", "hall", NOON, date(2024, 3, 5), NOON + timedelta(hours=12))


@pytest.mark.parametrize(
    ("days", "is_first", "kind"),
    [
        (1, True, "first"),
        (1, False, "one_day"),
        (2, False, "streak"),
        (2, True, "streak"),
        (6, False, "streak"),
        (7, False, "milestone"),
        (8, False, "streak"),
        (30, False, "milestone"),
        (99, False, "streak"),
        (100, False, "milestone"),
        (101, False, "streak"),
    ],
)
def test_the_first_the_streak_and_the_milestones_have_their_own_words(
    days: int, is_first: bool, kind: str
) -> None:
    assert answer_to(Recorded(MESSAGE, days, 1, is_first)) == (kind, days)


def test_one_more_on_the_same_date_is_told_so() -> None:
    assert answer_to(Repeated(MESSAGE, 7)) == ("already", 7)


@pytest.mark.parametrize("locale", ["zh-CN", "en"])
@pytest.mark.parametrize("kind", ["first", "one_day", "streak", "milestone", "already"])
def test_every_answer_has_a_text_and_names_the_streak_where_there_is_one(locale: str, kind: str) -> None:
    text = TEXTS.say(locale, f"checkin.{kind}", days=42)
    assert ("42" in text) == (kind in {"streak", "milestone", "already"})


def test_milestones_are_a_week_a_month_and_a_hundred_days() -> None:
    assert sorted(MILESTONES_DAYS) == [7, 30, 100]
