"""Whether a message stands is a function of what was said about it, in whatever order."""

from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.rewards.domain.message import UNJUDGED, Ruling

WORDS = st.one_of(
    st.integers(1, 4).map(lambda decision: Ruling(removed=decision)),
    st.integers(1, 4).map(lambda decision: Ruling(restored=decision)),
    st.just(Ruling(is_deleted=True)),
)


def told(*words: Ruling) -> Ruling:
    ruling = UNJUDGED
    for word in words:
        ruling = ruling.also(word)
    return ruling


@given(st.lists(WORDS, max_size=4))
def test_the_order_of_words_and_their_repetition_do_not_matter(words: list[Ruling]) -> None:
    assert {told(*order, *order) for order in permutations(words)} == {told(*words)}


@pytest.mark.parametrize(
    ("words", "stands"),
    [
        ([], True),
        ([Ruling(removed=1)], False),
        ([Ruling(removed=1), Ruling(restored=2)], True),
        ([Ruling(removed=1), Ruling(restored=2), Ruling(removed=3)], False),
        ([Ruling(removed=2), Ruling(restored=2)], False),
        ([Ruling(is_deleted=True)], False),
        ([Ruling(is_deleted=True), Ruling(removed=1), Ruling(restored=2)], True),
        ([Ruling(is_deleted=True), Ruling(removed=1)], False),
    ],
)
def test_the_highest_decision_counts_and_moderation_comes_before_deletions(
    words: list[Ruling], stands: bool
) -> None:
    assert told(*words).stands is stands
