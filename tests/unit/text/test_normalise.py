"""The normaliser: what it makes equal, what it leaves apart, and the way back to the original."""

import re
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.text import normalise, normalise_all
from shared.text.tables import folding_table

CHARACTERS = st.one_of(
    st.characters(),
    st.sampled_from("加微信薇❤️ 。，.\u200b\u0301…㎡ﬁ①壹三3%41eE5BĀаοｗ🇦⒜㈠哈\n\ud800\x00"),
)
DRAWN_OUT = st.builds(lambda character, times: character * times, CHARACTERS, st.integers(1, 6))
TEXTS = st.one_of(st.text(CHARACTERS, max_size=60), st.lists(DRAWN_OUT, max_size=25).map("".join))
HAN = re.compile("[㐀-鿿\U00020000-\U000323af]")
HAN_TWICE = re.compile("([㐀-鿿\U00020000-\U000323af])\\1")


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("加 微 信", "加微信"),
        ("加薇❤信", "加薇信"),
        ("加，微，信", "加微信"),
        ("加\n微\n信", "加微信"),
        ("加❤️❤️微💖信", "加微信"),
        ("ｗｅｉｘｉｎ", "weixin"),
        ("𝔀𝓮𝓲𝔁𝓲𝓷", "weixin"),
        ("ⓌⒺⒾⓍⒾⓃ", "weixin"),
        ("🆆🅔🇮🅇🅸🅝", "weixin"),
        ("we\u200bi\u00adx\u2060i\ufe0fn", "weixin"),
        ("w\u0301e\u0302ïxìn", "weixin"),
        ("wеіхіn", "weixin"),
        ("ᴡᴇıхıɴ", "weixin"),
        ("Ｗｅ\U000e0041ixin", "weixin"),
        ("%77eixin", "weixin"),
        ("%2577eixin", "weixin"),
        ("%E5%BE%AE%e4%bf%a1", "微信"),
        ("%EF%BC%B7eixin", "weixin"),
        ("領取資料", "领取资料"),
        ("⼀⾔", "一言"),
        ("①③八零零1三八〇〇〇", "13800138000"),
        ("壹 叁 捌 零 零", "13800"),
        ("1️⃣3️⃣8️⃣", "138"),
        ("١٣٨", "138"),
        ("等等…", "等等..."),
        ("加加加微微信", "加微信"),
        ("加 加 加 微 微 信", "加微信"),
        ("加加微微信信", "加微信"),
        ("moneyyyyy!", "money!"),
        ("⒱⒳ ㈠", "vx 一"),
        ("微\u3164信", "微信"),
        ("ÉCOLE Straße İstanbul", "ecole strasse istanbul"),
    ],
)
def test_disguises_are_read_as_what_they_mean(written: str, read: str) -> None:
    assert normalise(written).text == read


@pytest.mark.parametrize(
    "text",
    [
        "多加,微信支付",
        "三三两两,一五一十",
        "加     微     信",
        "100% sure, %zz and %e5 alone",
        "a b c",
        "hello, world",
        "%00 stays, %0a too",
        "が is no か",
        "哈哈哈哈,嘿嘿嘿",
        "高高兴兴上班,平平安安回家",
        "谢谢老师",
        "三三三三,888888,aaaa1111",
        "www.xxxx.com wwww @aaaab x_aaaa-b",
        "ieee, hmmm, addcommmonoid",
    ],
)
def test_ordinary_texts_stay_as_they_are(text: str) -> None:
    assert normalise(text).text == text


def test_positions_lead_back_to_the_original() -> None:
    text = "想赚钱？加 薇\u200b❤信：ａｂｃ%31%32"
    read = normalise(text)
    start = read.text.index("加薇信")
    assert read.written(start, start + 3) == "加 薇\u200b❤信"
    assert read.written(read.text.index("abc12"), len(read.text)) == "ａｂｃ%31%32"


def test_a_character_that_becomes_several_leads_back_as_one() -> None:
    read = normalise("a…b㎡")
    assert read.text == "a...bm2"
    assert read.written(2, 3) == "…"
    assert read.written(5, 7) == "㎡"


def test_texts_of_a_batch_do_not_touch() -> None:
    texts = ["加", "微", "信", "", "plain", "壹叁捌", "零零零", "x"]
    assert [each.text for each in normalise_all(texts)] == [
        "加",
        "微",
        "信",
        "",
        "plain",
        "壹叁捌",
        "零零零",
        "x",
    ]


def test_a_batch_of_any_size_is_read_in_order() -> None:
    texts = [f"№{n}x" + "加 微 " * 20_000 for n in range(20)]
    assert [read.text for read in normalise_all(texts)] == [
        f"no{n}x" + "加微" * 20_000 + " " for n in range(20)
    ]


@given(st.lists(TEXTS, max_size=8))
def test_a_batch_reads_each_text_as_if_alone(texts: list[str]) -> None:
    together = normalise_all(texts)
    for text, read in zip(texts, together, strict=True):
        alone = normalise(text)
        assert (read.original, read.text) == (text, alone.text)
        assert [read.span(n, n + 1) for n in range(len(read.text))] == [
            alone.span(n, n + 1) for n in range(len(alone.text))
        ]


@given(TEXTS)
def test_positions_are_in_order_and_inside(text: str) -> None:
    read = normalise(text)
    spans = [read.span(n, n + 1) for n in range(len(read.text))]
    assert all(0 <= start < end <= len(text) for start, end in spans)
    assert spans == sorted(spans)
    if spans:
        assert read.span(0, len(spans)) == (spans[0][0], spans[-1][1])


def is_settled(text: str) -> bool:
    """Neither encoded nor drawn out: what is cut may leave a character alone beside a comma, then noise."""
    plain = unicodedata.normalize("NFKC", text)
    return "%" not in plain and not HAN_TWICE.search("".join(HAN.findall(plain)))


@given(TEXTS.filter(is_settled))
def test_reading_twice_changes_nothing(text: str) -> None:
    once = normalise(text).text
    assert normalise(once).text == once


@given(st.lists(st.integers(2, 9), min_size=3, max_size=3), st.sampled_from(["", "❤", " ", "\u200b"]))
def test_a_drawn_out_word_leads_back_to_all_of_it(times: list[int], noise: str) -> None:
    word = noise.join(character * count for character, count in zip("加微信", times, strict=True))
    read = normalise(f"来，{word}，好的")
    start = read.text.index("加微信")
    assert read.written(start, start + 3) == word


@given(st.sampled_from("加b"), st.integers(4, 40), st.integers(0, 5))
def test_a_cut_character_stands_for_its_whole_run(character: str, times: int, before: int) -> None:
    text = "x" * before + "y" + character * times + "z"
    read = normalise(text)
    place = read.text.index(character)
    assert read.span(place, place + 1) == (before + 1, before + 1 + times)


@given(TEXTS)
def test_what_is_read_can_always_be_stored_and_sent(text: str) -> None:
    normalise(text).text.encode()


def test_every_code_point_is_read_as_its_compatibility_form() -> None:
    folded = folding_table().folded
    for point in range(0x30000):
        character = chr(point)
        plain = unicodedata.normalize("NFKC", character)
        if len(plain) == 1 and plain != character and unicodedata.category(character) != "Cn":
            is_digit = unicodedata.digit(character, None) is not None
            assert is_digit or folded[point] == folded[ord(plain)], hex(point)


HOSTILE = {
    "spaces": "加 ",
    "encoded": "%61",
    "encoded per cent signs": "%25",
    "expanding": "…",
    "hearts": "❤️",
    "numerals": "壹",
    "accents": "a\u0301",
    "combining flood": "\u0301\u0336\u0489\u20dd",
    "invisible": "\u200b",
    "commas": "，",
    "right to left": "\u202eשלום\u2067مرحبا",
    "surrogates": "\ud83d\udc00",
    "NUL": "\x00",
    "a family": "👨‍👩‍👧‍👦",
    "one letter": "a",
    "drawn-out words": "baaaa ",
    "drawn-out letters": "aaaabbbb",
    "drawn-out Han": "加加加微微",
    "laughter": "哈",
    "separators": "\uffff",
}


@pytest.mark.parametrize("part", HOSTILE.values(), ids=HOSTILE.keys())
def test_a_very_long_hostile_text_is_read_in_linear_time(part: str) -> None:
    """No limit of seconds: quadratic steps on these would not end within the test run's own limit."""
    text = part * (300_000 // len(part))
    read = normalise(text)
    assert len(read.text) <= 3 * len(text)
    if read.text:
        start, end = read.span(0, len(read.text))
        assert 0 <= start < end <= len(text)
