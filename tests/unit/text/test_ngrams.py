"""N-grams as features, and the linear model over them."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.text import Linear, normalise, normalise_all
from shared.text.ngrams import BUCKETS, HEAD_CHARACTERS, TAIL_CHARACTERS, features, grams

TEXTS = st.text(st.characters(codec=None), max_size=400)
MODEL = Linear.of(np.random.default_rng(1).normal(size=BUCKETS).astype(np.float32))


def buckets(text: str) -> set[int]:
    """Of one text."""
    (views,) = features([normalise(text)])
    return {bucket for view in views for bucket in view.buckets.tolist()}


@given(st.lists(TEXTS, min_size=1, max_size=6))
def test_a_text_has_the_same_margin_alone_and_in_any_company(texts: list[str]) -> None:
    assert MODEL.margins(normalise_all(texts)) == [MODEL.margins([normalise(text)])[0] for text in texts]


@given(TEXTS)
def test_what_weighed_most_stands_in_the_original(text: str) -> None:
    places = MODEL.heaviest(normalise(text), 5)
    assert len(places) <= 5
    assert list(places) == sorted(places)
    assert all(0 <= start < end <= len(text) for start, end in places)


def test_more_texts_than_are_read_in_one_go_keep_their_order() -> None:
    texts = [f"第 {number} 条 message" for number in range(600)]
    margins = MODEL.margins(normalise_all(texts))
    assert margins == [MODEL.margins([normalise(text)])[0] for text in texts]
    assert len(set(margins)) > 500


def test_repeating_a_character_adds_nothing() -> None:
    assert buckets("=" * 10) == buckets("=" * 100)


def test_disguises_of_words_show_their_looks_and_still_share_the_words() -> None:
    plain, disguised = buckets("加微信 abc12345"), buckets("加微信 ａｂｃ１２３４５")
    assert plain != disguised
    assert len(plain & disguised) > 0.6 * len(plain)


def test_of_a_long_text_the_head_and_the_tail_count() -> None:
    # no character stands twice in a row: what is drawn out is read as one
    head, tail = "开头" * (HEAD_CHARACTERS // 2), "收尾" * (TAIL_CHARACTERS // 2)
    assert buckets(head + "中间" * 5000 + tail) == buckets(head + "别的" * 7000 + tail)
    assert buckets(head + "中间" + tail) != buckets(head + "中间" + "后面" * (TAIL_CHARACTERS // 2))


def test_places_of_grams_in_the_tail_of_a_long_text_are_right() -> None:
    text = "a" * 1000 + "加微信" + "b" * 50
    assert {text[start:end] for start, end, _ in grams(text) if "微" in text[start:end]} == {
        "加微", "微信", "a加微", "加微信", "微信b",
    }  # fmt: skip
    assert all(
        end <= HEAD_CHARACTERS or start >= len(text) - TAIL_CHARACTERS for start, end, _ in grams(text)
    )


def test_the_heaviest_place_is_the_word_that_was_given_weight() -> None:
    weights = np.zeros(BUCKETS, dtype=np.float32)
    weights[[bucket for start, end, bucket in grams("刷单返利")]] = 2.0
    text = "大家好，刷 单 返 利，了解一下"
    ((start, end),) = Linear.of(weights).heaviest(normalise(text), 3)
    assert text[start:end] == "刷 单 返 利"


def test_a_packed_model_comes_back_equal_and_a_broken_one_is_refused() -> None:
    packed = MODEL.pack()
    again = Linear.unpack(packed)
    assert (again.weights == MODEL.weights).all()
    assert again.pack() == packed
    for broken in (b"", b"nonsense", packed[:100], packed[:-9]):
        with pytest.raises(ValueError, match="weights"):
            Linear.unpack(broken)


def test_weights_that_are_no_numbers_or_too_many_are_refused() -> None:
    for bad in (np.full(BUCKETS, np.nan), np.zeros(7), np.full(BUCKETS, 1e9)):
        with pytest.raises(ValueError, match="weights"):
            Linear.of(bad.astype(np.float32))
