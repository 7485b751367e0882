"""The best hour: proven by answers, else where most is written, always where Hearth may speak."""

from hypothesis import given
from hypothesis import strategies as st

from services.engagement.domain.best_hour import EVENING, POSTS_MIN, best_hour

DAYTIME = range(9, 22)
BUSY_AT_NOON = [9.0 if cell % 24 == 12 else 50.0 if cell % 24 == 2 else 1.0 for cell in range(168)]
tallies = st.dictionaries(
    st.integers(0, 23),
    st.integers(0, 40).flatmap(lambda posts: st.tuples(st.just(posts), st.integers(0, posts), st.just(0))),
)


def test_the_hour_that_answers_most_is_best_if_enough_was_said_in_it() -> None:
    answers = {10: (20, 5, 9), 18: (POSTS_MIN, POSTS_MIN, 9), 20: (POSTS_MIN - 1, POSTS_MIN - 1, 99)}
    assert best_hour(answers, BUSY_AT_NOON, DAYTIME) == 18


def test_unproven_hours_leave_it_to_where_most_is_written() -> None:
    assert best_hour({20: (POSTS_MIN - 1, 4, 4)}, BUSY_AT_NOON, DAYTIME) == 12
    assert best_hour({}, (), DAYTIME) == EVENING


@given(tallies, st.sets(st.integers(0, 23)))
def test_no_hour_is_chosen_at_which_nothing_may_be_said(
    answers: dict[int, tuple[int, int, int]], allowed: set[int]
) -> None:
    found = best_hour(answers, BUSY_AT_NOON, allowed)
    assert found in allowed or not allowed
