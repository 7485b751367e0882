"""What is wrong with a policy although each of its rules is well formed."""

from collections.abc import Collection, Iterator
from itertools import combinations
from typing import NamedTuple

from services.moderation.domain.policy import Policy, Rule, Scope

EVERYBODY = frozenset({"member", "everyone", "everybody", "all", "*"})
"""Names that platforms give to the role that every member has."""


class Contradiction(NamedTuple):
    """One complaint: `slug` names its sentence in the catalogue, whose values follow."""

    slug: str
    rule: str
    other: str = ""
    """The other rule, the channels or the roles of which it speaks."""


def contradictions(policy: Policy, channels: Collection[str]) -> list[Contradiction]:
    """All of them; `channels` are the community's, empty where they are not known."""
    return [
        *_rivals(policy),
        *(found for rule in policy.rules for found in _strayed(rule.id, rule.scope, frozenset(channels))),
    ]


def _rivals(policy: Policy) -> Iterator[Contradiction]:
    """Two rules that judge alike, where both apply, and disagree about what follows."""
    for one, other in combinations(policy.rules, 2):
        same = (one.kind, one.params) == (other.kind, other.params)
        if same and _modes(one) != _modes(other) and _meet(one.scope, other.scope):
            yield Contradiction("same_rules", one.id, other.id)


def _modes(rule: Rule) -> tuple[object, ...]:
    return rule.mode, rule.newcomer_mode


def _meet(one: Scope, other: Scope) -> bool:
    """Whether there may be a channel in which both apply."""
    if one.channels and other.channels:
        shared = set(one.channels) & set(other.channels)
        return bool(shared - set(one.channels_exempt) - set(other.channels_exempt))
    named, free = (one, other) if one.channels else (other, one)
    return not named.channels or bool(
        set(named.channels) - set(named.channels_exempt) - set(free.channels_exempt)
    )


def _strayed(rule_id: str, scope: Scope, channels: frozenset[str]) -> Iterator[Contradiction]:
    """Channels that there are not, and scopes that hold for nobody."""
    unknown = sorted({*scope.channels, *scope.channels_exempt} - channels) if channels else []
    if unknown:
        yield Contradiction("unknown_channels", rule_id, ", ".join(unknown))
    reached = frozenset(scope.channels) or channels
    if reached and reached <= frozenset(scope.channels_exempt):
        yield Contradiction("no_channel_left", rule_id)
    if exempt := sorted(EVERYBODY & frozenset(scope.roles_exempt)):
        yield Contradiction("everybody_exempt", rule_id, ", ".join(exempt))
