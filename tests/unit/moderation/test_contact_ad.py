"""Ads: what each kind of contact needs beside it, and the laws of what is found; test_corpus has the bars."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.moderation.domain.check import Checked, check_all
from services.moderation.domain.contacts import ANY_CONTACT, COMPILED
from services.moderation.domain.message import SPANS_MAX
from services.moderation.domain.rules.contact_ad import ContactAd
from services.moderation.domain.selling import ANY_WORDS, COMPILED_INVITES, COMPILED_SALES
from shared.text import normalise
from tests.moderation_corpus import read_corpus
from tests.moderation_desk import BOOK

RULE = ContactAd()


def check(text: str) -> Checked:
    """One text before the shipped rules."""
    return check_all([text], BOOK)[0]


EVASIONS = [text for text in read_corpus("evasions") if RULE.judge(normalise(text))]
INNOCENT = read_corpus("innocent")
HOSTILE = (
    "加微信",
    "微信号 a1",
    "1",
    "1 ",
    "q q ",
    "@a ",
    "t.me/",
    "t dot ",
    "+1 2",
    "w e i x i ",
    "a b ",
    "v:",
    "％",
)
NOISE = st.sampled_from(["\u200b", "\u200d", "\u00ad", "\ufe0f", "\u2060"])


@given(st.sampled_from(EVASIONS), st.data())
def test_invisible_characters_hide_nothing(text: str, data: st.DataObject) -> None:
    place = data.draw(st.integers(0, len(text)))
    noise = data.draw(NOISE)
    assert RULE.judge(normalise(text[:place] + noise + text[place:])) is not None


@given(st.sampled_from(EVASIONS), st.text(max_size=40), st.text(max_size=40))
def test_places_lie_in_the_original(text: str, before: str, after: str) -> None:
    whole = before + text + after
    finding = RULE.judge(normalise(whole))
    if finding:
        assert 1 <= len(finding.spans) <= SPANS_MAX
        assert all(0 <= start < end <= len(whole) for start, end in finding.spans)


@given(st.one_of(st.text(), st.sampled_from(EVASIONS + INNOCENT)))
def test_the_first_pass_loses_nothing(text: str) -> None:
    """Whatever a single pattern finds, the passes that tell most messages apart find too."""
    read = normalise(text).text
    if any(any(pattern.spans(read, 8)) for _, pattern in COMPILED):
        assert any(pattern.occurs_in(read) for pattern in ANY_CONTACT)
    if any(any(pattern.spans(read, 8)) for _, pattern in (*COMPILED_INVITES, *COMPILED_SALES)):
        assert ANY_WORDS.occurs_in(read)


def test_places_name_what_matched_as_it_was_written() -> None:
    text = "宝妈在家做，加薇❤信 ａｂｃ12345"
    finding = RULE.judge(normalise(text))
    assert finding is not None
    assert [text[start:end] for start, end in finding.spans] == [
        "宝妈",
        "加薇",
        "加薇❤信 ａｂｃ12345",
        "薇❤信",
        "薇❤信 ａｂｃ12345",
    ]


def test_evidence_names_patterns_and_never_the_text() -> None:
    finding = RULE.judge(normalise("兼职日结，加微信 abc12345"))
    assert finding is not None
    assert finding.evidence == "wechat_id + wechat_mention + adding + income + job"
    assert "abc12345" not in finding.evidence


def test_more_signs_make_a_higher_score() -> None:
    few = RULE.judge(normalise("加我微信 abc12345"))
    many = RULE.judge(normalise("加我微信 abc12345，兼职日结，低价出售，贷款秒批"))
    assert few is not None
    assert many is not None
    assert few.score < many.score <= 1


@pytest.mark.parametrize(
    ("text", "is_ad"),
    [
        ("我的微信号 abc12345", False),
        ("我的薇信号 abc12345", True),
        ("加我，微信号 abc12345", True),
        ("微信号 abc12345 登录不了，联系过客服", False),
        ("bit.ly/3xYz 会议资料", False),
        ("bit.ly/3xYz 会议资料 优惠", True),
        ("bit.ly/3xYz 优惠是真的吗", False),
        ("电话 13800138000，优惠", False),
        ("电话 13800138000，优惠，联系我", False),
        ("电话 13800138000，优惠，加我", True),
        ("电话 13800138000，优惠，兼职", True),
        ("私聊我，优惠", False),
        ("私聊我，优惠，兼职", True),
        ("加我微信", False),
        ("加我微信，优惠", True),
        ("扫码进群", False),
        ("扫码进群，优惠", True),
    ],
)
def test_each_kind_of_contact_has_its_boundary(text: str, is_ad: bool) -> None:
    assert (RULE.judge(normalise(text)) is not None) is is_ad


def test_a_hostile_text_of_100_kilobytes_is_judged() -> None:
    for part in HOSTILE:
        check(part * (100_000 // len(part)))


def test_trying_a_text_tells_how_it_is_read_and_what_is_found() -> None:
    checked = check("加 微 信 abc12345")
    assert checked.normalised == "加微信 abc12345"
    assert [hit.finding.rule for hit in checked.hits] == ["contact_ad"]
    assert check("你好").hits == ()
