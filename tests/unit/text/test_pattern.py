"""Patterns: RE2's syntax and time, positions in characters."""

import pytest

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
