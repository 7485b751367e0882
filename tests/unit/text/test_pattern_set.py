"""Operators' patterns together: what is refused, and what each finds."""

import pytest

from shared.text import PatternSet


def test_each_pattern_is_found_under_its_number() -> None:
    patterns = PatternSet(["加群", "[0-9]{6,}", "never"])
    assert list(patterns.spans("加群 123456", 5)) == [(0, 0, 2), (1, 3, 9)]


def test_a_set_of_none_finds_nothing() -> None:
    assert list(PatternSet([]).spans("text", 5)) == []


def test_several_patterns_may_exclude_what_follows() -> None:
    patterns = PatternSet(["微信(?P<not>支付)?", "红包(?P<not>雨)?"])
    assert [number for number, _, _ in patterns.spans("微信支付 红包", 5)] == [1]


def test_an_alternative_belongs_to_its_own_pattern() -> None:
    assert list(PatternSet(["^a|b$", "c"]).spans("xcx", 5)) == [(1, 1, 2)]


def test_matches_without_a_character_are_none() -> None:
    assert list(PatternSet([r"\b"]).spans("word", 5)) == []


@pytest.mark.parametrize(
    ("expression", "reason"),
    [
        ("a(?=b)", "RE2"),
        ("(a", "RE2"),
        ("a*", "empty text"),
        ("", "empty text"),
        ("(?P<name>a)", "names a group"),
        ("(?<name>a)", "names a group"),
        (r"[\p{Han}]{0,900}x", "too large"),
        ("a\ud800", "not valid text"),
    ],
)
def test_what_cannot_work_is_refused_with_its_number(expression: str, reason: str) -> None:
    with pytest.raises(ValueError, match=f"pattern 2 .*{reason}"):
        PatternSet(["fine", expression])


def test_patterns_too_large_together_are_refused() -> None:
    with pytest.raises(ValueError, match="too large together"):
        PatternSet(["a{900}"] * 30)
