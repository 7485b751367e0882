"""Homophones: what sounds alike is found alike, and leads back to the characters."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.text import SoundIndex, Word, normalise, spoken_all

TEXTS = st.text(st.one_of(st.characters(), st.sampled_from("加微信威薇西安先绿v x重〇𠀀")), max_size=40)


def sound(text: str) -> str:
    """How a text sounds."""
    return spoken_all([normalise(text).text])[0].text


HOMOPHONES = ("微信", "威信", "薇芯", "维新", "weixin", "wei信", "微xin", "微 信", "ＷＥＩ信")


@pytest.mark.parametrize("written", HOMOPHONES)
def test_homophones_and_pinyin_sound_alike(written: str) -> None:
    assert sound(written) == "weixin"


@pytest.mark.parametrize(
    ("written", "heard"),
    [("绿女", "lvnv"), ("加V信 abc1", "jiavxin abc1"), ("重要", "zhongyao"), ("卫星", "weixing"), ("", "")],
)
def test_every_character_has_one_reading(written: str, heard: str) -> None:
    assert sound(written) == heard


def test_a_match_leads_back_to_the_original_and_cuts_no_syllable() -> None:
    original = "快加威❤芯号"
    read = normalise(original)
    spoken = spoken_all([read.text])[0]
    start = spoken.text.index("weixin")
    place = spoken.span(start, start + len("weixin"))
    assert place is not None
    assert read.written(*place) == "威❤芯"
    star = spoken_all(["卫星"])[0]
    assert star.span(0, len("weixin")) is None
    assert star.span(1, len("weixing")) is None


@given(TEXTS)
def test_every_letter_is_of_one_character_in_order(text: str) -> None:
    read = normalise(text).text
    spoken = spoken_all([read])[0]
    assert len(spoken.places) == len(spoken.text)
    assert sorted(spoken.places) == list(spoken.places)
    assert set(spoken.places) == set(range(len(read)))
    if read:
        assert spoken.span(0, len(spoken.text)) == (0, len(read))


@given(st.text(st.sampled_from("微信威薇西安先绿"), min_size=1, max_size=6), TEXTS)
def test_a_word_is_heard_in_any_text_that_holds_it(word: str, around: str) -> None:
    text = normalise(f"{around}。{word}。{around}").text
    spelled = normalise(word).text
    places = SoundIndex([Word(spelled)]).find(["", text])
    assert places
    for place in places:
        assert place.text == 1
        assert spoken_all([text[place.start : place.end]])[0].text == sound(word)
