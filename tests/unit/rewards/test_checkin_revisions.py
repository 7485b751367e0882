"""A check-in is the function of its revisions, in whatever order they arrive."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from itertools import permutations

from hypothesis import given
from hypothesis import strategies as st

from services.rewards.domain.checkin import Checkin
from services.rewards.domain.rules import CheckinRule

KEY = ("tea", date(2024, 3, 5), "ann", "daily")
NOON = datetime(2024, 3, 5, 4, tzinfo=UTC)
Word = Callable[[Checkin], Checkin]


def recorded(revision: int) -> Word:
    at, points = NOON + timedelta(minutes=revision), 5 + revision
    return lambda checkin: checkin.record(revision, at, points, 1)


def revoked(revision: int) -> Word:
    return lambda checkin: checkin.revoke(revision)


def told(*words: Word) -> Checkin:
    checkin = Checkin(KEY)
    for word in words:
        checkin = word(checkin)
    return checkin


WORDS = st.tuples(st.sampled_from([recorded, revoked]), st.integers(1, 3)).map(lambda pair: pair[0](pair[1]))


@given(st.lists(WORDS, max_size=4))
def test_the_order_of_words_and_their_repetition_do_not_matter(words: list[Word]) -> None:
    assert {told(*order, *order) for order in permutations(words)} == {told(*words)}


def test_recorded_revoked_recorded_stands_with_the_last_recording() -> None:
    checkin = told(recorded(1), revoked(1), recorded(2))
    assert checkin.stands
    assert checkin.points == 7


def test_what_is_only_revoked_does_not_stand() -> None:
    assert not told(revoked(1)).stands
    assert not told(revoked(1), recorded(1)).stands


def test_a_full_week_adds_a_point_up_to_five() -> None:
    rule = CheckinRule()
    assert [rule.points_for(days) for days in (1, 6, 7, 13, 14, 34, 35, 36, 700)] == [
        5, 5, 6, 6, 7, 9, 10, 10, 10,
    ]  # fmt: skip
