"""Lists against single texts: what is denied is found, what is allowed excuses, bad entries are refused."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.moderation.domain.check import check_all
from services.moderation.domain.listing import BadEntry, Listing, read_entry
from services.moderation.domain.message import Burst, Match, Message, entry_of
from services.moderation.domain.policy import Rule
from services.moderation.domain.rulebook import Hit
from services.moderation.domain.rules.listed import Listed
from services.moderation.domain.words import PLACES_MAX, Words
from shared.text import fingerprint_all, normalise
from tests.moderation_desk import BOOK

RULE = Rule("listed", "listed", Listed())


def message(text: str) -> Message:
    read = normalise(text)
    return Message("tea", "ann", "m1", "hall", 0, read, fingerprint_all([read.text])[0])


def listing(*entries: tuple[str, str, str]) -> Listing:
    return Listing.of((effect, kind, read_entry(kind, value)) for effect, kind, value in entries)


def denied(lists: Listing, text: str) -> Match | None:
    hits = lists.judge(message(text), [], RULE)
    return hits[0].burst.match if hits else None


DENYING = listing(
    ("deny", "host", "WWW.Spam.cn"),
    ("deny", "word", "刷单"),
    ("deny", "word", "vip"),
)


@pytest.mark.parametrize(
    "text",
    ["来刷单吧", "来刷 單吧", "ＶＩＰ通道", "看 https://spam.cn/a", "看 http://a.b.spam.cn", "WWW.SPAM.CN"],
)
def test_what_a_list_denies_is_found_however_it_is_written(text: str) -> None:
    assert denied(DENYING, text)


@pytest.mark.parametrize(
    "text", ["大家好", "vipers are snakes", "https://notspam.cn", "https://spam.cn.org", ""]
)
def test_what_only_looks_like_it_is_let_be(text: str) -> None:
    assert denied(DENYING, text) is None


def test_places_are_in_the_original() -> None:
    text = "今天来刷 單吧"
    match = denied(DENYING, text)
    assert match is not None
    assert [text[start:end] for start, end in match.spans] == ["刷 單"]
    assert "刷" not in match.evidence


def test_a_finding_wholly_in_what_is_allowed_is_excused() -> None:
    text = "用微信支付"
    read = message(text)
    hit = Hit(RULE, found(read, (1, 3)))
    assert listing(("allow", "word", "微信支付")).judge(read, [hit], None) == []
    assert listing(("allow", "word", "支付")).judge(read, [hit], None) == [hit]
    assert Listing().judge(read, [hit], None) == [hit]


def found(read: Message, *spans: tuple[int, int]) -> Burst:
    return Burst(Match(1.0, spans, ""), (entry_of(read),))


def test_what_is_illegal_is_excused_by_no_list() -> None:
    read = message("用微信支付")
    hit = Hit(Rule("illegal_goods", "listed", Listed()), found(read, (1, 3)))
    assert listing(("allow", "word", "微信支付")).judge(read, [hit], None) == [hit]


def test_what_is_denied_stands_above_what_is_allowed() -> None:
    lists = listing(("allow", "host", "tea.cn"), ("deny", "host", "spam.tea.cn"))
    text = "https://spam.tea.cn"
    hit = Hit(RULE, found(message(text), (0, len(text))))
    assert len(lists.judge(message(text), [hit], RULE)) == 2
    assert lists.judge(message("https://a.tea.cn"), [], RULE) == []


def test_an_ad_of_an_allowed_host_alone_is_still_an_ad() -> None:
    text = "兼职日结，加 微 信 abc12345 https://tea.cn"
    (checked,) = check_all([text], BOOK)
    assert listing(("allow", "host", "tea.cn")).judge(message(text), checked.hits, None)


@pytest.mark.parametrize(
    ("kind", "value"),
    [("word", "的"), ("word", " "), ("word", "\u200b"), ("word", "长" * 65), ("host", "nodots"),
     ("host", "a b.cn"), ("host", "https://a.cn/x"), ("host", "a.cn:80"), ("host", "." * 5),
     ("member", "  ")],
)  # fmt: skip
def test_an_entry_that_says_nothing_is_refused(kind: str, value: str) -> None:
    with pytest.raises(BadEntry):
        read_entry(kind, value)


def test_a_list_of_many_words_finds_the_last() -> None:
    lists = Listing(denied_words=Words.of(f"禁词{number:05}甲乙丙丁戊己庚辛" for number in range(20_000)))
    assert denied(lists, "看这个禁词19999甲乙丙丁戊己庚辛")
    assert denied(lists, "没有") is None


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("刷单", ["刷单"]),
        ("刷刷单单", ["刷单"]),
        ("刷单群刷单", ["刷单群", "刷单"]),
        ("vip", ["vip"]),
        ("买vip吧", ["vip"]),
        ("vip2 avip", []),
        ("刷", []),
        ("", []),
    ],
)
def test_the_longest_word_at_each_place_is_found(text: str, found: list[str]) -> None:
    words = Words.of(["刷单", "刷单群", "vip"])
    assert [text[start:end] for start, end in words.spans(text)] == found


@given(st.lists(st.text("刷单ab", min_size=2, max_size=5), max_size=6), st.text("刷单ab1 ", max_size=30))
def test_what_is_found_is_a_word_and_what_stands_alone_is_found(words: list[str], text: str) -> None:
    spans = Words.of(words).spans(text)
    assert all(text[start:end] in words for start, end in spans)
    for word in words:
        assert Words.of(words).spans(f"， {word}，")[0] == (2, 2 + len(word))


def test_places_are_limited() -> None:
    assert len(Words.of(["刷单"]).spans("刷单" * 1000)) == PLACES_MAX
