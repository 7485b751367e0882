"""Contradictions between rules that are each well formed."""

import pytest

from services.moderation.domain.contradictions import contradictions
from services.moderation.domain.policy import Mode, Policy, Rule, Scope
from services.moderation.domain.rules.wall import Wall

CHANNELS = ("hall", "shop")


def rule(
    rule_id: str, mode: Mode = Mode.ENFORCE, params: Wall | None = None, **scope: tuple[str, ...]
) -> Rule:
    return Rule(rule_id, "wall", params or Wall(), mode, scope=Scope(**scope))


def slugs(*rules: Rule, channels: tuple[str, ...] = CHANNELS) -> list[str]:
    return [found.slug for found in contradictions(Policy(rules), channels)]


def test_the_shipped_way_is_free_of_them() -> None:
    assert slugs(rule("a"), rule("b", params=Wall(emoji_max=5))) == []


@pytest.mark.parametrize(
    ("one", "other", "found"),
    [
        (rule("a"), rule("b", Mode.OBSERVE), ["same_rules"]),
        (rule("a"), rule("b"), []),
        (rule("a"), rule("b", Mode.OBSERVE, Wall(lines_max=9)), []),
        (rule("a", channels=("hall",)), rule("b", Mode.OBSERVE, channels=("shop",)), []),
        (rule("a", channels=("hall",)), rule("b", Mode.OBSERVE, channels=CHANNELS), ["same_rules"]),
        (rule("a", channels=("hall",)), rule("b", Mode.OBSERVE, channels_exempt=("hall",)), []),
        (rule("a", channels=("hall",)), rule("b", Mode.OBSERVE), ["same_rules"]),
    ],
)
def test_rules_that_judge_alike_contradict_where_both_apply(one: Rule, other: Rule, found: list[str]) -> None:
    assert slugs(one, other) == slugs(other, one) == found


@pytest.mark.parametrize(
    ("scope", "found"),
    [
        ({"channels": ("hall", "hell")}, ["unknown_channels"]),
        ({"channels_exempt": ("hell",)}, ["unknown_channels"]),
        ({"channels_exempt": CHANNELS}, ["no_channel_left"]),
        ({"channels_exempt": ("hall",)}, []),
        ({"channels": ("hall",), "channels_exempt": ("hall",)}, ["no_channel_left"]),
        ({"roles_exempt": ("operator", "everyone")}, ["everybody_exempt"]),
        ({"roles_exempt": ()}, []),
    ],
)
def test_scopes_that_stray_are_told(scope: dict[str, tuple[str, ...]], found: list[str]) -> None:
    assert slugs(rule("a", **scope)) == found


def test_where_channels_are_not_known_none_is_unknown() -> None:
    assert slugs(rule("a", channels_exempt=("hell",)), channels=()) == []
