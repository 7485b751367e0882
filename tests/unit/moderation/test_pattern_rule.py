"""The rule on operators' patterns: what it finds, and which patterns it refuses."""

import pytest

from services.moderation.domain.message import SPANS_MAX
from services.moderation.domain.rules.pattern import PatternParams, PatternRule
from tests.moderation_texts import messages


def test_a_pattern_reads_normalised_text_and_names_places_in_the_original() -> None:
    rule = PatternRule.of(PatternParams(("内推码[a-z0-9]{4}", "砍.?刀链接"), score=0.8))
    text = "看：內 推 码ＡＢ１２"
    found = rule.match(messages(["你好", text]))
    assert found.keys() == {1}
    assert found[1].score == 0.8
    assert found[1].evidence == "patterns 1"
    ((start, end),) = found[1].spans
    assert text[start:end] == "內 推 码ＡＢ１２"


def test_all_patterns_that_match_are_named() -> None:
    rule = PatternRule.of(PatternParams(("甲牌", "未上市", "乙牌")))
    assert rule.match(messages(["乙牌和甲牌"]))[0].evidence == "patterns 1, 3"


def test_many_matches_name_few_places() -> None:
    rule = PatternRule.of(PatternParams(("甲牌", "乙牌", "丙牌")))
    assert len(rule.match(messages(["甲牌乙牌丙牌" * 100]))[0].spans) == SPANS_MAX


@pytest.mark.parametrize(
    ("patterns", "reason"),
    [
        ((), "1 to 200 patterns"),
        (("a",) * 201, "1 to 200 patterns"),
        (("fine1", "x" * 501), "pattern 2 has 501 characters"),
        (("fine1", ""), "pattern 2 has 0 characters"),
        (("fine1", "(甲|乙"), "pattern 2 is not one that RE2 can read"),
        (("fine1", "(?:甲牌)?"), "pattern 2 matches the empty text"),
        (("fine1", "微信"), "pattern 2 is too broad, it matches the innocent"),
        ((".",), "pattern 1 is too broad"),
    ],
)
def test_patterns_that_would_do_harm_are_refused(patterns: tuple[str, ...], reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        PatternParams(patterns)


@pytest.mark.parametrize("score", [0, -1, 1.1, float("nan")])
def test_a_score_outside_of_its_range_is_refused(score: float) -> None:
    with pytest.raises(ValueError, match="score"):
        PatternParams(("甲牌",), score=score)
