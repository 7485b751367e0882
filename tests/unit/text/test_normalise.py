"""The normaliser: what it makes equal, what it leaves apart, and the way back to the original."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.text import normalise, normalise_all
from shared.text.tables import folding_table

TEXTS = st.text(
    st.one_of(
        st.characters(),
        st.sampled_from("加微信薇❤️ 。，.\u200b\u0301…㎡ﬁ①壹三3%41eE5BĀаοｗ🇦\n\ud800\x00"),
    ),
    max_size=60,
)


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


@given(TEXTS.filter(lambda text: "%" not in unicodedata.normalize("NFKC", text)))
def test_reading_twice_changes_nothing(text: str) -> None:
    once = normalise(text).text
    assert normalise(once).text == once


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


def test_a_very_long_text_is_read_in_linear_time() -> None:
    """No limit of seconds: quadratic steps on these would not end within the test run's own limit."""
    for part in ("加 ", "%61", "%25", "…", "❤️", "壹", "a\u0301", "\u200b", "，"):
        assert len(normalise(part * 100_000).text) <= 300_000
