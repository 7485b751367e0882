"""When answers between two members are a dispute: number, sides, rise, and time."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.moderation.domain.dispute import (
    NOTHING,
    QUIET_US,
    SECOND_US,
    WINDOW_US,
    Exchange,
    Pair,
    heat_of,
    is_about_abuse,
    partners,
)
from services.moderation.domain.message import Message
from services.moderation.domain.policy import Rule
from services.moderation.domain.rules.lexicon import LexiconParams
from services.moderation.store.policy_documents import default_policy
from shared.text import fingerprint_all, normalise


def message(text: str, **fields: object) -> Message:
    read = normalise(text)
    about = ("tea", "ann", "m", "hall", 0, read, fingerprint_all([read.text])[0])
    return Message(*about, **fields)  # type: ignore[arg-type]


def quarrel(*abuses: float, seconds: float = 30, sides: str = "ab") -> Pair:
    """Answers at this distance, by each side in turn."""
    pair = NOTHING
    for number, abuse in enumerate(abuses):
        side = sides[number % len(sides)] == "a"
        pair = pair.place(Exchange(int(number * seconds * SECOND_US), f"m{number}", side, abuse))
    return pair


@pytest.mark.parametrize(
    ("text", "heat"),
    [
        ("今天天气不错", 0.0),
        ("你好", 0.0),
        ("太好了！！", 0.1),
        ("真的吗??!!", 0.2),
        ("你你你", 0.1),
        ("你就是个骗子", 0.4),
        ("you are an idiot!!", 0.5),
        ("骗 子", 0.4),
    ],
)
def test_heat_is_a_sum_of_signs(text: str, heat: float) -> None:
    assert heat_of(message(text)) == pytest.approx(heat)


def test_six_heated_answers_are_a_dispute_five_are_none() -> None:
    assert not quarrel(*[0.5] * 5).is_dispute
    assert quarrel(*[0.5] * 6).is_dispute


def test_both_must_take_part() -> None:
    assert not quarrel(*[0.5] * 8, sides="a").is_dispute
    assert not quarrel(*[0.5] * 7, sides="aaaaaab").is_dispute
    assert quarrel(*[0.5] * 6, sides="aab").is_dispute


def test_what_cools_down_is_none() -> None:
    assert not quarrel(0.9, 0.9, 0.5, 0.4, 0.0, 0.0).is_dispute
    assert quarrel(0.4, 0.0, 0.0, 0.4, 0.5, 0.9).is_dispute


def test_excited_friends_are_none() -> None:
    assert quarrel(*[0.3] * 12) == NOTHING
    assert not quarrel(0.4, *[0.3] * 10).is_dispute


def test_what_is_older_than_ten_minutes_does_not_count() -> None:
    assert not quarrel(*[0.5] * 6, seconds=120).is_dispute
    assert quarrel(*[0.5] * 6, seconds=119).is_dispute


def test_calm_answers_open_nothing_and_an_old_quarrel_is_forgotten() -> None:
    calm = Exchange(WINDOW_US * 2, "late", True, 0.0)
    assert NOTHING.place(calm) is NOTHING
    assert quarrel(0.5, 0.5).place(calm).recent == ()


def test_a_pair_is_told_once_an_hour() -> None:
    told = quarrel(*[0.5] * 6).tell(0)
    assert told is not None
    assert told.tell(QUIET_US - 1) is None
    assert told.tell(QUIET_US) is not None


def test_those_addressed_are_the_answered_and_the_mentioned_but_never_the_author() -> None:
    assert partners(message("x", reply_to_member="bob", mentions=("cat", "ann"))) == ["bob", "cat"]
    assert partners(message("x", reply_to_member="ann")) == []


@given(st.permutations(range(8)))
def test_the_order_of_arrival_does_not_matter(order: list[int]) -> None:
    exchanges = [Exchange(n * SECOND_US, f"m{n}", n % 2 == 0, 0.4) for n in range(8)]
    pair = NOTHING
    for number in order:
        pair = pair.place(exchanges[number])
    again = pair.place(exchanges[order[0]])
    assert again is pair
    assert pair.recent == tuple(exchanges)


def test_of_the_shipped_rules_those_about_the_tone_count_and_none_about_ads() -> None:
    counting = {rule.id for rule in default_policy().rules if is_about_abuse(rule)}
    assert counting == {"attack", "vulgarity", "incitement"}


@pytest.mark.parametrize(
    ("lists", "counts"),
    [(("abuse",), True), (("abuse", "spam"), False), (("illegal",), False), (("ours",), False)],
)
def test_a_rule_of_words_counts_when_all_of_its_lists_are_rude(lists: tuple[str, ...], counts: bool) -> None:
    assert is_about_abuse(Rule("words", "lexicon", LexiconParams(lists))) is counts
