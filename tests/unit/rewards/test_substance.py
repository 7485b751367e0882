"""Which texts are substantive: Chinese, words, letters, mixtures, links, and one pass over hostile ones."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.rewards.domain.substance import is_substantive


@pytest.mark.parametrize(
    "text",
    [
        "今天喝什么茶",
        "好茶好水好",
        "好，茶。好！水 好",
        "I am here",
        "Привет как дела",
        "antidisestablish",
        "使用 Lean 证明 it",
        "看 https://example.org 这个链接很好",
        "𠀀𠀁𠀂𠀃𠀄",
        "ありがとうございましたたちつて",
    ],
)
def test_a_text_that_says_something_is_substantive(text: str) -> None:
    assert is_substantive(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "好的好的",
        "签到",
        "ok ok",
        "thanks a1",
        "++++ 666 ……",
        "fourteenletter",
        "1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16",
        "___ ___ ___",
        "https://example.org/a/very/long/path/with-many-words?and=more",
        "看 http://例子.测试/一二三四五",
        "👍👍👍👍👍👍",
        "好的好的 ab",
    ],
)
def test_a_text_that_says_little_is_not(text: str) -> None:
    assert not is_substantive(text)


def test_five_han_characters_are_enough_and_four_are_not() -> None:
    assert is_substantive("一二三四五")
    assert not is_substantive("一二三四")


def test_fifteen_letters_are_enough_and_fourteen_are_not() -> None:
    assert is_substantive("a" * 15)
    assert not is_substantive("a" * 14)


def test_a_han_character_weighs_three_letters() -> None:
    assert is_substantive("好好好好abc")
    assert not is_substantive("好好好好ab")


def test_han_characters_make_no_word() -> None:
    assert not is_substantive("好 a 的 b")
    assert is_substantive("好 a 的 b c")


def han(character: str) -> bool:
    point = ord(character)
    return (
        0x3400 <= point <= 0x4DBF
        or 0x4E00 <= point <= 0x9FFF
        or 0xF900 <= point <= 0xFAFF
        or 0x20000 <= point <= 0x323AF
    )


@given(st.text(st.one_of(st.characters(), st.sampled_from("一二三好的ab c1_²½Ⅷ.")), max_size=40))
def test_the_patterns_count_as_the_definition_says(text: str) -> None:
    letters = [each.isalnum() and not each.isdecimal() and not han(each) for each in text]
    words = sum(now and not before for before, now in zip([False, *letters], letters, strict=False))
    weight = 3 * sum(map(han, text)) + sum(letters)
    assert "://" in text or is_substantive(text) == (words >= 3 or weight >= 15)


@pytest.mark.parametrize("piece", ["a1", "好 ", "http://", "😀", "a"])
def test_a_text_of_full_length_is_read_in_one_pass(piece: str) -> None:
    assert is_substantive((piece * 32_768)[:32_768]) in (True, False)
