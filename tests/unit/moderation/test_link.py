"""Links: hosts with all below them, whatever way they are written; allow lists win."""

import pytest

from services.moderation.domain.check import check_all
from services.moderation.domain.message import Match, Message
from services.moderation.domain.policy import Mode
from services.moderation.domain.rules.link import Link, LinkRule
from services.moderation.store.policy_documents import default_policy
from shared.text import fingerprint_all, host_of, links_of, normalise
from tests.moderation_desk import BOOK


def judge(text: str, **params: object) -> Match | None:
    """What the rule of these lists finds."""
    read = normalise(text)
    (mark,) = fingerprint_all([read.text])
    message = Message("tea", "ann", "m", "hall", 0, read, mark)
    return LinkRule(Link(**params)).match([message]).get(0)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "text",
    [
        "https://evil.com", "看 http://a.b.evil.com/x?y=1 吧", "evil.com/abc", "点evil.com看看", "EVIL.com。",
        "https://good.com@evil.com/", "https://ev%69l.com/", "ｈｔｔｐｓ：／／ｅｖｉｌ．ｃｏｍ/a",
        "https://evil。com/x", "e\u200bvil.com", "еvil.com", "https://evil.com.", "(evil.com)",
        r"https://evil.com\@good.com", "https://evil.com:8443/",
    ],
)  # fmt: skip
def test_a_denied_host_is_found_however_it_is_written(text: str) -> None:
    found = judge(text, deny=("evil.com",))
    assert found is not None
    assert "evil" not in found.evidence


@pytest.mark.parametrize(
    "text",
    [
        "notevil.com", "https://evil.com.org/", "https://good.com/evil.com", "evil.community",
        "我 evil 你 com",         "https://good.com/?next=evil.com", "evil_com", "",
    ],
)  # fmt: skip
def test_a_host_that_only_resembles_it_is_not(text: str) -> None:
    assert judge(text, deny=("evil.com",)) is None


@pytest.mark.parametrize("denied", ["点心.中国", "xn--15t909a.xn--fiqs8s"])
def test_a_name_in_han_is_denied_in_both_its_forms(denied: str) -> None:
    for text in (
        "https://点心.中国/x",
        "https://xn--15t909a.xn--fiqs8s/x",
        "https://a.xn--15t909a.xn--fiqs8s",
    ):
        assert host_of(text).endswith("点心.中国")
        assert judge(text, deny=(denied,)) is not None


@pytest.mark.parametrize(
    ("text", "is_found"),
    [
        ("https://good.com/x", False), ("https://docs.good.com", False), ("www.good.com", False),
        ("没有链接", False), ("good.com 和 other.com", False), ("https://other.com", True),
        ("https://good.com@other.com/", True), ("https://good.com.other.com", True),
        ("https://gооd.com", True),
        ("https://good.com。然后", False), ("https://good.com。other.com/", True),
        (r"https://other.com\.good.com", True), ("https://good.com https://other.com", True),
    ],
)  # fmt: skip
def test_a_web_link_outside_the_allow_list_is_found(text: str, is_found: bool) -> None:
    assert (judge(text, allow=("good.com",), only_allowed=True) is not None) is is_found


def test_what_is_allowed_wins_over_what_is_denied() -> None:
    assert judge("https://ok.evil.com/", allow=("ok.evil.com",), deny=("evil.com",)) is None
    assert judge("https://evil.com/", allow=("ok.evil.com",), deny=("evil.com",)) is not None


def test_the_place_of_a_link_is_the_original_s() -> None:
    text = "看看 ｈｔｔｐｓ：／／ｏｔｈｅｒ．ｃｏｍ 吧"
    found = judge(text, only_allowed=True)
    assert found is not None
    ((start, end),) = found.spans
    assert text[start:end] == "ｈｔｔｐｓ：／／ｏｔｈｅｒ．ｃｏｍ"


@pytest.mark.parametrize("wrong", ["", "evil", "https://evil.com", "evil.com/x", " evil.com", "a@evil.com"])
def test_what_is_no_host_is_refused_with_a_sentence(wrong: str) -> None:
    with pytest.raises(ValueError, match="no host name"):
        Link(deny=(wrong,))


def test_a_sentence_that_ends_after_a_link_does_not_belong_to_it() -> None:
    assert [link.host for link in links_of("见 https://a.com。然后 www.b.org/x，完")] == ["a.com", "b.org"]


def test_shipped_newcomers_links_wait_for_a_person_and_known_members_links_do_not() -> None:
    rule = default_policy().rule("newcomer_link")
    assert rule is not None
    assert (rule.mode_for(True), rule.mode_for(False)) == (Mode.REVIEW, Mode.OFF)
    assert "newcomer_link" in {hit.rule.id for hit in check_all(["https://example.com"], BOOK)[0].hits}
