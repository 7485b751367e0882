"""Words in texts: where they count, which of several stays, and agreement with a search by hand."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.text import Word, WordIndex
from shared.text.lexicon import is_spaced_letter


def found(text: str, *words: Word | str) -> list[str]:
    """What the index finds in one text."""
    index = WordIndex([Word(word) if isinstance(word, str) else word for word in words])
    return [text[place.start : place.end] for place in index.find([text])]


@pytest.mark.parametrize("text", ["class", "asses", "my_ass", "ass1", "grass"])
def test_a_latin_word_does_not_count_inside_another(text: str) -> None:
    assert found(text, "ass") == []


@pytest.mark.parametrize("text", ["ass", "an ass!", "你ass了", "-ass-"])
def test_a_latin_word_counts_between_blanks_punctuation_and_han(text: str) -> None:
    assert found(text, "ass") == ["ass"]


def test_a_han_word_counts_anywhere() -> None:
    assert found("他说傻瓜的", "傻瓜") == ["傻瓜"]


def test_a_mixed_word_has_a_boundary_only_where_it_is_latin() -> None:
    assert found("大傻b了", "傻b") == ["傻b"]
    assert found("大傻bug了", "傻b") == []


def test_the_longest_of_nested_words_stays() -> None:
    assert found("去你妈的", "你妈", "去你妈的", "妈的") == ["去你妈的"]


def test_a_long_word_that_lacks_its_boundary_does_not_hide_a_short_one() -> None:
    assert found("坏蛋xy", "坏蛋x", "坏蛋") == ["坏蛋"]


def test_words_that_overlap_both_count() -> None:
    assert found("甲乙丙", "甲乙", "乙丙") == ["甲乙", "乙丙"]


def test_a_good_word_swallows_what_lies_inside_it() -> None:
    assert found("废物利用", "废物", Word("废物利用", is_allowed=True)) == []
    assert found("废物利用，你这废物", "废物", Word("废物利用", is_allowed=True)) == ["废物"]


def test_of_the_same_word_the_good_one_wins() -> None:
    assert found("废物", "废物", Word("废物", is_allowed=True)) == []


def test_an_exact_word_is_the_whole_message() -> None:
    word = Word("滚", is_exact=True)
    assert found("滚！！", word) == ["滚"]
    assert found("滚开水", word) == []


def test_words_with_blanks_go_over_line_ends() -> None:
    assert found("go\ndie", "go die") == ["go\ndie"]


def test_no_word_spans_two_texts() -> None:
    index = WordIndex([Word("甲乙"), Word("go die")])
    assert index.find(["甲", "乙", "go", "die"]) == []


def test_places_name_their_text_in_a_batch() -> None:
    index = WordIndex([Word("乙")])
    places = index.find(["", "甲乙", "", "乙乙"])
    assert [(place.text, place.start, place.end) for place in places] == [(1, 1, 2), (3, 0, 1), (3, 1, 2)]


def test_nothing_is_found_without_words_or_texts() -> None:
    assert WordIndex([]).find(["text"]) == []
    assert WordIndex([Word("")]).find(["text"]) == []
    assert WordIndex([Word("text")]).find([]) == []


LETTERS = st.text("ab甲乙 ", max_size=12)


@given(st.lists(st.text("ab甲乙", min_size=1, max_size=3), max_size=6), st.lists(LETTERS, max_size=4))
def test_it_finds_what_a_search_by_hand_finds(words: list[str], texts: list[str]) -> None:
    places = WordIndex([Word(word) for word in words]).find(texts)
    assert {(p.text, p.start, p.end) for p in places} == {
        (number, *span) for number, text in enumerate(texts) for span in by_hand(words, text)
    }


def by_hand(words: list[str], text: str) -> list[tuple[int, int]]:
    """Every bounded occurrence that no other contains."""
    spans = {
        (start, start + len(word))
        for word in words
        for start in range(len(text) - len(word) + 1)
        if text.startswith(word, start) and is_bounded(text, start, start + len(word))
    }
    return [
        (start, end)
        for start, end in spans
        if not any(s <= start and end <= e and (s, e) != (start, end) for s, e in spans)
    ]


def is_bounded(text: str, start: int, end: int) -> bool:
    before = start and is_spaced_letter(text[start - 1]) and is_spaced_letter(text[start])
    after = end < len(text) and is_spaced_letter(text[end]) and is_spaced_letter(text[end - 1])
    return not before and not after
