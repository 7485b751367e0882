"""Word lists as people have them: every common shape is read, bad lines are told, bad files refused."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.moderation.domain import lexicon_import
from services.moderation.domain.lexicon import Entry
from services.moderation.domain.lexicon_import import Imported, Reason, import_list
from shared.i18n import LOCALES, Catalogue
from tests.architecture.sources import REPOSITORY


def imported(text: str) -> Imported:
    return import_list(text.encode(), "abuse")


def rows(text: str) -> list[tuple[str, str, float]]:
    return [(entry.word, entry.category, entry.weight) for entry in imported(text).entries]


def test_a_plain_list_has_a_word_a_line() -> None:
    assert rows("# comment\n傻瓜\r\n\n go die \n") == [("傻瓜", "abuse", 1.0), ("go die", "abuse", 1.0)]


def test_commas_at_the_ends_of_lines_are_no_part_of_words() -> None:
    assert rows("傻瓜,\n坏蛋，\n") == [("傻瓜", "abuse", 1.0), ("坏蛋", "abuse", 1.0)]


def test_tagged_lines_give_category_and_weight() -> None:
    assert rows("傻瓜\tvulgarity\t0.5\n坏蛋\t\t0.3\n广告词\t竞品\n") == [
        ("傻瓜", "vulgarity", 0.5),
        ("坏蛋", "abuse", 0.3),
        ("广告词", "竞品", 1.0),
    ]


def test_a_known_category_may_stand_before_a_colon() -> None:
    assert rows("spam:加群\n赌博：百家乐\nhttp://x.example\n") == [
        ("加群", "spam", 1.0),
        ("百家乐", "illegal", 1.0),
        ("http://x.example", "abuse", 1.0),
    ]


def test_options_and_good_words_are_read() -> None:
    entries = imported("滚\t\t\tpinyin,exact\n!微信支付\n").entries
    assert entries[0] == Entry("滚", "abuse", asks_pinyin=True, is_exact=True, line=1)
    assert entries[1] == Entry("微信支付", "abuse", is_allowed=True, line=2)


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (["傻瓜", "坏蛋"], [("傻瓜", "abuse"), ("坏蛋", "abuse")]),
        ({"words": ["傻瓜"]}, [("傻瓜", "abuse")]),
        ({"广告": ["加群"], "竞品": ["甲牌"]}, [("加群", "spam"), ("甲牌", "竞品")]),
        ({"加群": "spam", "傻瓜": 0.5}, [("加群", "spam"), ("傻瓜", "abuse")]),
        ([{"word": "加群", "category": "spam", "weight": 0.5, "exact": True}], [("加群", "spam")]),
    ],
)
def test_json_of_every_common_shape_is_read(data: object, expected: list[tuple[str, str]]) -> None:
    entries = imported(json.dumps(data)).entries
    assert [(entry.word, entry.category) for entry in entries] == expected


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "gbk", "utf-16"])
def test_common_encodings_are_read(encoding: str) -> None:
    assert [entry.word for entry in import_list("傻瓜\n坏蛋".encode(encoding), "abuse").entries] == [
        "傻瓜",
        "坏蛋",
    ]


def test_what_was_assumed_of_the_encoding_is_told() -> None:
    assert import_list("傻瓜".encode("gbk"), "abuse").encoding == "gb18030"
    assert imported("傻瓜").encoding == "utf-8"


def test_bad_lines_are_told_and_the_others_read() -> None:
    lines = ["good", "x" * 65, "a\tb c", "a\t\t2", "a\t\tnan", "a\t\t\tloud", "!", "a\x01b", "fine"]
    result = imported("\n".join(lines))
    assert [entry.word for entry in result.entries] == ["good", "fine"]
    assert [(each.line, each.reason) for each in result.rejected] == [
        (2, Reason.TOO_LONG),
        (3, Reason.CATEGORY),
        (4, Reason.WEIGHT),
        (5, Reason.WEIGHT),
        (6, Reason.OPTION),
        (7, Reason.EMPTY),
        (8, Reason.CONTROL),
    ]


def test_bad_json_items_are_told_and_the_others_read() -> None:
    result = imported('["good", 7, {"word": 3}, {"word": "a", "weight": null}, "a\\ud800", {"word": "b"}]')
    assert [entry.word for entry in result.entries] == ["good", "b"]
    assert [each.line for each in result.rejected] == [2, 3, 4, 5]


def test_of_many_bad_lines_all_are_counted_and_some_shown() -> None:
    result = imported("a\t\t9\n" * 500)
    assert result.rejected_count == 500
    assert len(result.rejected) == lexicon_import.REJECTED_SHOWN_MAX


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"x" * 20_000_001, "larger than 20 MB"),
        (b"\xff\x00\x80abc", "UTF-8"),
        ("caf\xe9 latin".encode("latin-1"), "UTF-8"),
        (b'["broken"', "JSON"),
        (b"[" * 100_000, "JSON"),
        (b"a\n" * 200_001, "more than 200000 words"),
    ],
    ids=["too large", "no text", "another encoding", "broken JSON", "deep JSON", "too many words"],
)
def test_a_file_that_cannot_be_read_is_refused_with_a_sentence(data: bytes, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        import_list(data, "abuse")


@given(st.binary(max_size=200) | st.text(max_size=200).map(lambda text: text.encode("utf-8", "replace")))
def test_any_file_is_read_or_refused(data: bytes) -> None:
    try:
        result = import_list(data, "abuse")
    except ValueError:
        return
    assert all(0 < entry.weight <= 1 and entry.word for entry in result.entries)


@pytest.mark.parametrize("reason", Reason)
def test_every_reason_has_its_sentence(reason: Reason) -> None:
    texts = Catalogue.load(REPOSITORY / "services" / "moderation" / "locale").texts
    assert all(f"lexicon.rejected.{reason}" in texts[locale] for locale in LOCALES)
