"""Fingerprints: likeness without the text."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rapidfuzz.distance import Indel

from shared.text import fingerprint_all, like_any, similarity
from shared.text.likeness import SKETCH_CHARACTERS_MAX


def alike(one: str, other: str) -> float:
    return similarity(*fingerprint_all([one, other]))


@given(st.text(max_size=SKETCH_CHARACTERS_MAX), st.text(max_size=SKETCH_CHARACTERS_MAX))
def test_likeness_is_never_below_that_of_the_texts(one: str, other: str) -> None:
    """Characters that share a letter can only add likeness."""
    assert alike(one, other) >= Indel.normalized_similarity(one, other) - 1e-9


@given(st.text(), st.text())
def test_likeness_is_the_same_both_ways(one: str, other: str) -> None:
    assert alike(one, other) == alike(other, one)


@given(st.text())
def test_a_text_is_like_itself(text: str) -> None:
    assert alike(text, text) == 1.0


@pytest.mark.parametrize(
    ("one", "other", "is_alike"),
    [
        ("加入我们一起赚钱吧1", "加入我们一起赚钱吧2", True),
        ("abcdefghijklmnopqrst", "abcdefghijklmnopq---", True),
        ("abcdefghijklmnopqrst", "abcdefghijklmnop----", False),
        ("今天天气真好", "明天一起吃饭", False),
        ("x" * 160, "x" * 250, False),
        ("好" * 1000, "好" * 1100, True),
    ],
)
def test_85_percent_tells_variants_from_others(one: str, other: str, is_alike: bool) -> None:
    assert (alike(one, other) >= 0.85) is is_alike


def test_the_middle_of_a_long_text_is_not_kept() -> None:
    (mark,) = fingerprint_all(["a" * 500 + "秘密" * 100 + "b" * 500])
    assert len(mark.sketch) == SKETCH_CHARACTERS_MAX
    assert mark.length == 1200


def test_no_fingerprint_holds_its_text() -> None:
    (mark,) = fingerprint_all(["my password is correct horse battery staple"])
    assert "password" not in mark.sketch
    assert "horse" not in mark.sketch


def test_a_share_of_exactly_the_least_counts_as_alike() -> None:
    one, other = "a" * 17 + "bcd", "a" * 17 + "efg"
    assert like_any(one, ["x", other], 0.85)
    assert not like_any(one, ["x", other], 0.86)
    assert not like_any(one, [], 0.5)
