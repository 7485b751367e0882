"""The rule on words of lists: scores, places in the original, evidence without words."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.moderation.domain import lexicon
from services.moderation.domain.lexicon import SEVERITIES, Entry, Lexicon
from services.moderation.domain.lexicon_shipped import known_good, shipped
from services.moderation.domain.message import SPANS_MAX, Match
from services.moderation.domain.rules.lexicon import LexiconParams, LexiconRule
from tests.moderation_texts import messages

ENTRIES = (
    Entry("坏蛋", "abuse"),
    Entry("笨蛋", "abuse", 0.5),
    Entry("加群", "spam"),
    Entry("废物", "abuse"),
    Entry("废物利用", "abuse", is_allowed=True),
    Entry("go die", "abuse"),
    Entry("甲牌", "竞品"),
)
RULE = LexiconRule.of(LexiconParams(), ENTRIES)
SHIPPED = LexiconRule.of(LexiconParams(), [entry for name in SEVERITIES for entry in shipped(name)])


def match(text: str, rule: LexiconRule = RULE) -> Match | None:
    return rule.match(messages([text])).get(0)


def test_a_message_without_such_words_is_not_in_the_answer() -> None:
    assert dict(RULE.match(messages(["你好", "你这坏蛋", "废物利用"]))).keys() == {1}


def test_the_score_is_severity_times_weight_and_a_little_for_each_further_word() -> None:
    scores = [found.score if (found := match(text)) else 0 for text in ("坏蛋", "笨蛋", "坏蛋 笨蛋 坏蛋")]
    assert scores == [0.6, 0.3, 0.65]


def test_where_warnings_are_spared_who_warns_may_name_what_he_warns_of() -> None:
    entries = [Entry("刷单", "spam")]
    strict, sparing = (
        LexiconRule.of(LexiconParams(spare_warnings=spare), entries) for spare in (False, True)
    )
    for text, caught in (
        ("刷单都是诈骗", False),
        ("刷单的我举报了", False),
        ("刷单不骗人", True),
        ("刷单", True),
    ):
        assert match(text, strict)
        assert bool(match(text, sparing)) is caught


def test_an_operator_sets_severities() -> None:
    params = LexiconParams(severities={"abuse": 1.0, "spam": 0})
    rule = LexiconRule.of(params, ENTRIES)
    found = match("坏蛋，加群", rule)
    assert found is not None
    assert found.score == 1.0
    assert found.evidence.startswith("abuse 1:")


@pytest.mark.parametrize(
    "text", ["你这坏蛋", "你这 坏❤蛋", "你这坏\u200b蛋", "你这壞蛋", "GO\nDIE", "ｇｏ ｄｉｅ"]
)
def test_disguises_are_seen_through_and_places_are_the_originals(text: str) -> None:
    found = match(text)
    assert found is not None
    ((start, end),) = found.spans
    assert text[start] in "坏壞GｇG"
    assert text[end - 1] in "蛋Eｅ"


def test_evidence_names_categories_and_ids_and_never_words() -> None:
    found = match("坏蛋 坏蛋 加群")
    assert found is not None
    assert found.evidence == f"abuse 2, spam 1: {ENTRIES[0].id}, {ENTRIES[2].id}"


def test_a_category_of_an_operators_own_has_a_severity() -> None:
    found = match("甲牌好")
    assert found is not None
    assert found.score == 0.5


def test_a_long_message_names_few_places() -> None:
    found = match("坏蛋。" * 500)
    assert found is not None
    assert len(found.spans) == SPANS_MAX


def test_of_two_lists_with_a_word_the_heavier_entry_counts() -> None:
    compiled = Lexicon.of([Entry("坏蛋", "spam", 0.2), Entry("坏 蛋", "abuse", 0.9)])
    assert [entry.category for entry in compiled.entries] == ["abuse"]


HEARD = LexiconRule.of(
    LexiconParams(),
    (
        Entry("微信", "spam", asks_pinyin=True),
        Entry("坏蛋", "abuse"),
        Entry("威信扫地", "spam", is_allowed=True),
        Entry("签到", "spam", asks_pinyin=True, is_exact=True),
    ),
)


@pytest.mark.parametrize("text", ["加威❤芯号", "加wei信号", "加weixin号", "维新", "加微信号", "千到！"])
def test_entries_that_ask_are_found_by_their_sound(text: str) -> None:
    found = match(text, HEARD)
    assert found is not None
    assert len(found.spans) == 1


def test_what_is_found_by_its_sound_leads_to_the_original() -> None:
    found = match("快加威❤芯号", HEARD)
    assert found is not None
    assert found.spans == ((2, 5),)


@pytest.mark.parametrize(
    "text",
    ["怀胆", "发射卫星", "威信扫地", "myweixins", "大家千到了吗", "微软新闻", ""],
)
def test_what_does_not_ask_is_a_good_word_or_cuts_a_syllable_is_not_heard(text: str) -> None:
    assert match(text, HEARD) is None


def test_too_many_words_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lexicon, "WORDS_MAX", 3)
    with pytest.raises(ValueError, match="too many for one rule"):
        Lexicon.of(ENTRIES)


@pytest.mark.parametrize(
    ("params", "reason"),
    [
        ({"lists": ()}, "1 to 50 word lists"),
        ({"lists": ("abuse", "abuse")}, "once"),
        ({"severities": {"abuse": 1.5}}, "between 0 and 1"),
        ({"severities": {"abuse": float("nan")}}, "between 0 and 1"),
    ],
)
def test_parameters_that_make_no_sense_are_refused(params: dict[str, object], reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        LexiconParams(**params)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("text", "category"),
    [
        ("你就是个傻 逼", "abuse"),
        ("你媽死了", "abuse"),
        ("you are a f\u200bucking idiot", "abuse"),
        ("nmsl", "abuse"),
        ("ｆｕｃｋ ｙｏｕ", "abuse"),
        ("约炮群进不进", "vulgarity"),
        ("send nudes please", "vulgarity"),
        ("出售冰毒，支持埋包", "illegal"),
        ("高仿人民币，货到付款", "illegal"),
        ("fake passports for sale", "illegal"),
        ("杀光他们", "incitement"),
        ("kill them all", "incitement"),
        ("日赚千元，刷單返利", "spam"),
        ("guaranteed profits, double your bitcoin", "spam"),
    ],
)
def test_shipped_lists_find_what_they_are_for(text: str, category: str) -> None:
    found = match(text, SHIPPED)
    assert found is not None
    assert category in found.evidence


def test_shipped_lists_let_innocent_sentences_be() -> None:
    sentences = known_good()
    assert [sentences[index] for index in SHIPPED.match(messages(sentences))] == []


@given(st.text(max_size=40), st.sampled_from(["坏蛋", "go die", "加群"]), st.text(max_size=40))
def test_places_lie_in_the_original(before: str, word: str, after: str) -> None:
    whole = before + word + after
    found = match(whole)
    if found:
        assert 1 <= len(found.spans) <= SPANS_MAX
        assert all(0 <= start < end <= len(whole) for start, end in found.spans)


@given(st.lists(st.sampled_from(["坏蛋", "你好", "", "加群吧", "go", "die"]), max_size=8))
def test_a_batch_is_read_like_its_messages_one_by_one(texts: list[str]) -> None:
    alone = {index: found for index, text in enumerate(texts) if (found := match(text))}
    assert dict(RULE.match(messages(texts))) == alone
