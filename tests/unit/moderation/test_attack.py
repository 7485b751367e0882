"""Personal attacks: abuse weighs more when it is aimed at somebody, and nothing about oneself."""

import pytest

from services.moderation.domain.lexicon import Entry
from services.moderation.domain.lexicon_shipped import known_good, shipped
from services.moderation.domain.rules.attack import AttackParams, AttackRule
from tests.moderation_texts import messages

ENTRIES = (
    Entry("坏蛋", "abuse"),
    Entry("笨蛋", "abuse", 0.6),
    Entry("蠢人", "abuse"),
    Entry("moron", "abuse"),
)
RULE = AttackRule.of(AttackParams(), ENTRIES)
SHIPPED = AttackRule.of(AttackParams(), shipped("abuse"))


def score(text: str, **fields: object) -> float:
    found = RULE.match(messages([text], **fields))
    return found[0].score if found else 0.0


def test_a_word_alone_weighs_little() -> None:
    assert score("那个坏蛋跑了") == 0.45
    assert score("笨蛋") == 0.27


def test_it_weighs_more_beside_you() -> None:
    assert score("你这个坏蛋") == score("what a moron you are") == 0.65


def test_you_far_away_or_inside_another_word_is_nothing() -> None:
    assert score("你" + "，今天天气很好，我们出去走走吧，" + "坏蛋") == 0.45
    assert score("young moron") == score("the menu moron") == 0.45


def test_it_weighs_more_in_an_answer_or_beside_a_mention() -> None:
    assert score("坏蛋", reply_to_member="m2") == score("坏蛋", mentions=("m2",)) == 0.7
    assert score("你坏蛋", reply_to_member="m2", mentions=("m3",)) == 0.9


def test_answering_or_naming_oneself_aims_at_nobody() -> None:
    assert score("坏蛋", reply_to_member="m1", mentions=("m1",)) == 0.45


def test_further_words_add_up_to_a_limit() -> None:
    assert score("坏蛋，蠢人") == 0.5
    assert score("你坏蛋，" * 50, reply_to_member="m2") == 1.0


@pytest.mark.parametrize("text", ["我真是笨蛋", "我是个坏蛋", "i am a moron", "sorry, i'm such a moron"])
def test_words_about_oneself_are_no_attack(text: str) -> None:
    assert score(text, reply_to_member="m2") == 0


def test_words_that_aim_at_nobody_can_be_left_to_other_rules() -> None:
    rule = AttackRule.of(AttackParams(aimed_only=True), ENTRIES)
    assert rule.match(messages(["坏蛋", "你坏蛋"])).keys() == {1}


def test_evidence_names_the_signs() -> None:
    found = RULE.match(messages(["你坏蛋"], reply_to_member="m2"))[0]
    assert found.evidence == f"abuse 1: {ENTRIES[0].id} + aimed + near"
    assert found.spans == ((1, 3),)


def test_innocent_sentences_attack_nobody_even_in_an_answer() -> None:
    assert SHIPPED.match(messages(known_good(), reply_to_member="m2")) == {}


@pytest.mark.parametrize("field", ["word", "aimed", "near", "further"])
@pytest.mark.parametrize("value", [-0.1, 1.1, float("nan")])
def test_parameters_outside_of_their_range_are_refused(field: str, value: float) -> None:
    with pytest.raises(ValueError, match=field):
        AttackParams(**{field: value})  # type: ignore[arg-type]


def test_a_rule_without_lists_is_refused() -> None:
    with pytest.raises(ValueError, match="at least one word list"):
        AttackParams(lists=())
