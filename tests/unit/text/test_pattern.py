"""Patterns: RE2's syntax and time, positions in characters."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.text import Pattern


def test_positions_count_characters() -> None:
    assert list(Pattern("微信").spans("加微信，微信", 9)) == [(1, 3), (4, 6)]


def test_what_must_not_follow_excludes_the_match() -> None:
    assert list(Pattern("微信(?P<not>支付)?").spans("微信支付，微信", 9)) == [(5, 7)]


def test_a_gap_hides_nothing_between_letters() -> None:
    assert list(Pattern("w{gap}x").spans("w x w❤️x wax w微x", 9)) == [(0, 3), (4, 8)]


def test_no_more_matches_than_asked_for() -> None:
    assert len(list(Pattern("a").spans("a" * 100, 5))) == 5


@pytest.mark.parametrize("evil", ["(a+)+$", "(a|aa)+$", "^(a|a?)+$", "(.*a){12}$"])
def test_evil_patterns_end_on_long_texts(evil: str) -> None:
    """A backtracking engine would not end within the test run's limit."""
    assert not Pattern(evil).occurs_in("a" * 50_000 + "!")


def test_look_around_is_refused() -> None:
    with pytest.raises(Exception, match="invalid perl operator"):
        Pattern("a(?=b)")


@given(
    st.sampled_from(["ab", r"\bab\b", "^a|b$", r"a[^b]{0,2}b", r"(?:$|[^a])b", "微 ?信", "x*"]),
    st.lists(st.text("ab \n微信", max_size=8), max_size=12),
)
def test_a_search_of_many_texts_leaves_none_out_that_holds_a_match(expression: str, texts: list[str]) -> None:
    pattern = Pattern(expression)
    named = pattern.may_occur_in(texts)
    assert named == sorted(set(named))
    assert {number for number, text in enumerate(texts) if pattern.occurs_in(text)} <= set(named)


def test_a_search_of_many_texts_passes_over_those_without_a_match() -> None:
    assert Pattern(r"加微信|\bvx").may_occur_in(["大家好", "加微信", "加微", "avx", "vx", ""]) == [1, 4]
