"""The back-test: what a candidate would catch, lose and do, however the record is cut or dealt out."""

from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.moderation.domain.backtest import Backtest, Comparison, Run, compare, merge
from services.moderation.domain.policy import Policy, Step
from services.moderation.domain.recorded import Recorded
from services.moderation.domain.rulebook import RuleBook
from services.moderation.domain.rules import Resources
from services.moderation.domain.verdict import Verdict
from services.moderation.store.models import shipped_model
from services.moderation.store.policy_documents import PolicyDocument, compose, default_policy

AD = "兼职日结，加微信 abc12345"
TEXTS = ["哈哈", "大家晚上好呀今天吃什么", "大家晚上好呀今天吃什么1", AD, "", "😀" * 30]
DAY = 24 * 3600.0


FEW = ("contact_ad", "flood", "wall")
SHIPPED = Policy(tuple(rule for rule in default_policy().rules if rule.id in FEW))
"""So that a text breaks one rule only."""


def book(*rules: dict[str, Any], ladder: dict[str, int] | None = None) -> RuleBook:
    """Some shipped rules with these changes."""
    document = PolicyDocument.model_validate({"rules": list(rules), "ladder": ladder or {}})
    return RuleBook.compile(compose(SHIPPED, document, version=1), Resources(model=shipped_model()))


ACTIVE = book()


def said(text: str, seconds: float, member: str = "ann", **fields: Any) -> Recorded:
    """A message; its id tells when and by whom."""
    posted_us = 10**15 + round(seconds * 1e6)
    return Recorded("tea", member, f"{member}-{seconds:.1f}", "hall", posted_us, text, **fields)


def run(
    record: Sequence[Recorded], candidate: RuleBook, active: RuleBook | None = None, size: int = 500
) -> Run:
    """The record in batches of one size."""
    test = Backtest.of(active or ACTIVE, candidate)
    for start in range(0, len(record), size):
        test.read(record[start : start + size])
    return test.run()


def compared(record: Sequence[Recorded], candidate: RuleBook, **more: Any) -> Comparison:
    """The candidate against the shipped rules."""
    return compare(run(record, candidate), ACTIVE.policy, candidate.policy, **more)


def test_a_rule_that_is_switched_off_loses_what_it_caught() -> None:
    record = [said("大家好", 0), said(AD, 10, "bob"), said(AD, 20, "cat")]
    result = compared(record, book({"id": "contact_ad", "mode": "off"}))
    assert result.newly_lost.message_ids == ("bob-10.0", "cat-20.0")
    assert result.newly_caught.count == 0
    assert result.active.verdicts[Verdict.REMOVE] == 2
    assert result.candidate.verdicts[Verdict.REMOVE] == 0
    assert [each.rule for each in result.candidate.rules] == ["flood", "wall"]


def test_a_stricter_rule_catches_more_and_shows_the_earliest() -> None:
    record = [said("😀" * 9, n * 100.0) for n in range(30)]
    result = compared(record, book({"id": "wall", "params": {"emoji_max": 8}}), samples=3)
    assert result.newly_caught.count == 30
    assert result.newly_caught.message_ids == ("ann-0.0", "ann-100.0", "ann-200.0")
    (wall,) = (each for each in result.candidate.rules if each.rule == "wall")
    assert wall.verdicts[Verdict.REMOVE] == wall.messages == 30


def test_another_mode_is_a_change_and_neither_new_nor_lost() -> None:
    result = compared([said(AD, 0)], book({"id": "contact_ad", "mode": "review"}))
    assert (result.newly_caught.count, result.newly_lost.count) == (0, 0)
    assert result.changed["remove to review"].message_ids == ("ann-0.0",)
    assert result.candidate.cases == 1
    assert not any(result.candidate.sanctions.values())


def test_what_is_only_observed_is_not_caught() -> None:
    result = compared([said(AD, 0)], book({"id": "contact_ad", "mode": "observe"}))
    assert result.newly_lost.count == 1
    assert result.candidate.verdicts[Verdict.OBSERVE] == 1
    assert result.candidate.cases == 0


def test_a_flood_counts_with_all_its_messages_and_once_on_the_ladder() -> None:
    result = compared([said(f"第{n}句不同的话{n * 7919}", n) for n in range(9)], ACTIVE)
    assert result.active.verdicts[Verdict.REMOVE] == 9
    assert result.active.cases == 1
    assert result.active.sanctions[Step.REMINDER] == 1


def test_the_ladder_rises_with_each_burst_and_falls_with_time() -> None:
    soon = compared([said(AD, n * 600.0) for n in range(3)], ACTIVE).candidate.sanctions
    assert (soon[Step.WARNING], soon[Step.LONG_MUTE], soon[Step.REMOVAL]) == (1, 1, 1)
    late = compared([said(AD, n * 61 * DAY) for n in range(3)], ACTIVE).candidate.sanctions
    assert late[Step.WARNING] == 3


def test_a_candidate_has_its_own_ladder() -> None:
    ladder = {"reminder_from": 2, "warning_from": 9, "short_mute_from": 10, "long_mute_from": 11,
              "removal_from": 12}  # fmt: skip
    result = compared([said(AD, 0)], book(ladder=ladder))
    assert result.active.sanctions[Step.WARNING] == result.candidate.sanctions[Step.REMINDER] == 1


def test_operators_are_let_be() -> None:
    record = [said(AD, 0, roles=("operator",)), said(AD, 5, is_edit=True)]
    assert compared(record, ACTIVE).active.verdicts[Verdict.REMOVE] == 0


def test_an_edit_is_read_again() -> None:
    record = [said("大家好", 0), said(AD, 0, is_edit=True)]
    assert compared(record, ACTIVE).active.verdicts[Verdict.REMOVE] == 1


def test_repeated_mistakes_are_told() -> None:
    record = [said(AD, 0), said(AD, 100, "bob")]
    overturned = ("bob-100.0", "somebody's")
    result = compared(record, book({"id": "contact_ad", "mode": "off"}), overturned=overturned).overturned
    assert (result.given, result.active.message_ids, result.candidate.count) == (2, ("bob-100.0",), 0)


def test_a_test_that_finds_too_much_ends_and_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("services.moderation.domain.backtest.NOTED_MAX", 10)
    result = run([said(AD, n * 100.0) for n in range(50)], ACTIVE, size=5)
    assert (result.messages, result.is_whole) == (15, False)


MOMENTS = st.integers(0, 200).map(lambda n: n * 1.5)
RECORDS = st.lists(
    st.builds(
        lambda text, moment, member, edit: said(text, moment, member, is_edit=edit),
        st.sampled_from(TEXTS),
        MOMENTS,
        st.sampled_from(["ann", "bob", "cat"]),
        st.sampled_from([False] * 6 + [True]),
    ),
    max_size=50,
)
CANDIDATE = book(
    {"id": "flood", "mode": "review", "params": {"messages_max": 3}},
    {"id": "wall", "newcomer_mode": "review", "mode": "observe", "params": {"emoji_max": 5}},
)


@settings(max_examples=60)
@given(RECORDS, st.integers(1, 20))
def test_the_cut_into_batches_changes_nothing(record: list[Recorded], size: int) -> None:
    assert run(record, CANDIDATE, size=size) == run(record, CANDIDATE)


@settings(max_examples=60)
@given(RECORDS)
def test_members_may_be_dealt_out(record: list[Recorded]) -> None:
    parts = [[each for each in record if each.member_id in names] for names in (("ann",), ("bob", "cat"))]
    assert merge(run(part, CANDIDATE) for part in parts) == run(record, CANDIDATE)
