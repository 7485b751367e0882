"""Policies as data: what is inherited, what is refused, versions of rules, and the way to YAML and back."""

import pytest

from services.moderation.domain.policy import Action, BadPolicy, Ladder, Mode, Policy, Step
from services.moderation.domain.rules.flood import Flood
from services.moderation.domain.rules.link import Link
from services.moderation.store.policy_documents import (
    PolicyDocument,
    compose,
    default_policy,
    read_yaml,
    write_yaml,
)

DEFAULT = default_policy()


def changed(yaml: str, before: Policy | None = None) -> Policy:
    """The shipped policy with these changes."""
    return compose(DEFAULT, read_yaml(yaml), version=1, before=before)


def test_what_a_community_does_not_say_is_as_shipped() -> None:
    policy = changed("rules: [{id: flood, mode: review, params: {messages_max: 20}}]")
    flood = policy.rule("flood")
    assert flood is not None
    assert flood.params == Flood(messages_max=20)
    assert (flood.mode, flood.action, flood.severity) == (Mode.REVIEW, Action.REMOVE, 1)
    assert policy.rule("contact_ad") == DEFAULT.rule("contact_ad")


def test_a_rule_that_judges_differently_has_the_next_version() -> None:
    first = changed("rules: [{id: flood, params: {messages_max: 20}}]")
    mode_only = changed("rules: [{id: flood, mode: observe, params: {messages_max: 20}}]", first)
    again = changed("rules: [{id: flood, params: {messages_max: 21}}]", first)
    versions = [
        rule.version for policy in (DEFAULT, first, mode_only, again) if (rule := policy.rule("flood"))
    ]
    assert versions == [1, 2, 2, 3]


def test_yaml_there_and_back() -> None:
    policy = changed(
        "ladder: {decay_days: 7}\nrules: [{id: night_flood, kind: flood, params: {rate_seconds: 5}}]"
    )
    again = compose(Policy(()), read_yaml(write_yaml(policy)), version=1)
    assert again.ladder == policy.ladder
    assert [rule.id for rule in again.rules] == [rule.id for rule in policy.rules]
    assert all(ours.params == theirs.params for ours, theirs in zip(again.rules, policy.rules, strict=True))


@pytest.mark.parametrize(
    ("yaml", "complaint"),
    [
        ("rules: [{id: x, kind: nonsense}]", "rule x: no such kind 'nonsense'"),
        ("rules: [{id: x}]", "rule x: its kind is missing"),
        ("rules: [{id: flood, params: {messages: 3}}]", "rule flood: no such parameter: messages"),
        ("rules: [{id: flood, params: {messages_max: many}}]", "rule flood: messages_max"),
        ("rules: [{id: flood, params: {rate_seconds: 3600}}]", "rule flood: a flood's windows last"),
        ("rules: [{id: flood}, {id: flood}]", "rule flood: it is there twice"),
        ("rules: [{id: Flood!, kind: flood}]", "rules.0.id"),
        ("ladder: {warning_from: 9}", "ladder: the ladder's steps"),
        ("ladder: {steps: 9}", "ladder: no such parameter: steps"),
        ("rules: [{id: flood, severity: 99}]", "rules.0.severity"),
        ("nonsense: 1", "nonsense"),
        ("a: [1, 2", "no YAML, line 1"),
        ("a: &x 1\nb: *x", "anchors"),
    ],
)
def test_what_makes_no_sense_is_refused_with_a_sentence(yaml: str, complaint: str) -> None:
    with pytest.raises(BadPolicy) as refusal:
        changed(yaml)
    assert complaint in str(refusal.value)


def test_all_complaints_are_told_at_once() -> None:
    with pytest.raises(BadPolicy) as refusal:
        changed("ladder: {decay_days: 0}\nrules: [{id: a}, {id: b}]")
    assert len(refusal.value.complaints) == 3


def test_every_shipped_rule_is_enforced_or_says_why_not() -> None:
    assert DEFAULT.rules
    assert PolicyDocument().rules == []
    assert DEFAULT.ladder == Ladder()
    assert [Ladder().step(points) for points in range(7)] == [
        None, Step.REMINDER, Step.WARNING, Step.SHORT_MUTE, Step.LONG_MUTE, Step.REMOVAL, Step.REMOVAL,
    ]  # fmt: skip


@pytest.mark.parametrize("written", ["off", '"off"', "'off'"])
def test_a_rule_is_switched_off_with_or_without_quotation_marks(written: str) -> None:
    rule = changed(f"rules: [{{id: flood, mode: {written}, newcomer_mode: {written}}}]").rule("flood")
    assert rule is not None
    assert (rule.mode, rule.newcomer_mode, rule.is_off) == (Mode.OFF, Mode.OFF, True)


@pytest.mark.parametrize("written", ["on", "yes", "true", "false"])
def test_what_is_no_mode_is_refused_with_those_that_are(
    written: str,
) -> None:
    with pytest.raises(BadPolicy, match=r"rules\.0\.mode.*'off', 'observe', 'review' or 'enforce'"):
        changed(f"rules: [{{id: flood, mode: {written}}}]")


def test_a_truth_value_is_still_one() -> None:
    rule = changed("rules: [{id: newcomer_link, params: {only_allowed: false}}]").rule("newcomer_link")
    assert rule is not None
    assert rule.params == Link()
