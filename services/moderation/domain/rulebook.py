"""A policy ready to judge: its rules compiled once, and applied to a batch of texts at a time."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from services.moderation.domain.message import (
    Around,
    Burst,
    Finding,
    Match,
    Message,
    TextRule,
    WindowRule,
    entry_of,
)
from services.moderation.domain.policy import BadPolicy, Policy, Rule
from services.moderation.domain.rules import KINDS, Resources
from services.moderation.domain.rules.listed import LISTED_KIND

Read = tuple[Rule, Mapping[int, Match]]
"""A rule and what it found in a batch, by the message's place."""


class Hit(NamedTuple):
    """A rule's answer to a message: what it found, and the messages that it condemns."""

    rule: Rule
    burst: Burst

    @property
    def finding(self) -> Finding:
        """What it found, under the rule's name."""
        return Finding(self.rule.id, self.rule.version, *self.burst.match)

    def about(self, posted_us: int) -> "Hit":
        """The same of messages that were posted at this time."""
        messages = tuple(each._replace(posted_us=posted_us) for each in self.burst.messages)
        return Hit(self.rule, self.burst._replace(messages=messages))


@dataclass(frozen=True, slots=True)
class RuleBook:
    """The rules of a policy that are not off, by how they read."""

    policy: Policy
    resources: Resources
    """What it was compiled with."""
    texts: tuple[tuple[Rule, TextRule], ...]
    windows: tuple[tuple[Rule, WindowRule], ...]
    crossing: Mapping[str, tuple[tuple[Rule, Any], ...]]
    """Rules that look across members, by kind."""

    @classmethod
    def compile(cls, policy: Policy, resources: Resources) -> "RuleBook":
        """Every rule of the policy with its code. Raises `BadPolicy` with all rules that cannot be built."""
        complaints: list[str] = []
        texts: list[tuple[Rule, Any]] = []
        windows: list[tuple[Rule, Any]] = []
        crossing: dict[str, tuple[tuple[Rule, Any], ...]] = {}
        for rule in policy.rules:
            kind = KINDS[rule.kind]
            if rule.is_off:
                continue
            try:
                code = kind.build(rule.params, resources)
            except ValueError as error:
                complaints.append(f"rule {rule.id}: {error}")
                continue
            if kind.crosses_members:
                crossing[kind.name] = (*crossing.get(kind.name, ()), (rule, code))
            else:
                (windows if kind.counts_messages else texts).append((rule, code))
        if complaints:
            raise BadPolicy(complaints)
        return cls(policy, resources, tuple(texts), tuple(windows), crossing)

    def across(self, kind: str) -> tuple[tuple[Rule, Any], ...]:
        """The rules of a kind that looks across members."""
        return self.crossing.get(kind, ())

    @property
    def listed(self) -> Rule | None:
        """The rule that says how strict lists of the denied are."""
        return next((rule for rule, _ in self.texts if rule.kind == LISTED_KIND), None)

    def binding(self) -> "RuleBook":
        """The rules that hold for members whom a list allows, too."""
        texts = tuple(each for each in self.texts if each[0].binds_everybody)
        windows = tuple(each for each in self.windows if each[0].binds_everybody)
        crossing = {
            kind: tuple(each for each in rules if each[0].binds_everybody)
            for kind, rules in self.crossing.items()
        }
        return RuleBook(self.policy, self.resources, texts, windows, crossing)

    def read(
        self,
        messages: Sequence[Message],
        new: Sequence[int] | None = None,
        read_before: list[Read] | None = None,
    ) -> list[list[Hit]]:
        """What each text shows by itself, in the order of the policy.

        `new`: the places of messages by members who may be new, which alone are read by rules that judge
        nobody else; None: any may be. Books that read the same batch share `read_before`: a rule that they
        have in common is asked once.
        """
        hits: list[list[Hit]] = [[] for _ in messages]
        for rule, code in self.texts:
            places = new if rule.is_of_new else None
            for place, match in _matches(rule, code, messages, places, read_before).items():
                if rule.scope.holds(messages[place]):
                    hits[place].append(Hit(rule, Burst(match, (entry_of(messages[place]),))))
        return hits

    def watch(self, message: Message, around: Around) -> list[Hit]:
        """What a posted message shows among its neighbours."""
        return [
            Hit(rule, found)
            for rule, code in self.windows
            if (found := code.judge(message, around)) and rule.scope.holds(message)
        ]


def _matches(
    rule: Rule,
    code: TextRule,
    messages: Sequence[Message],
    places: Sequence[int] | None,
    read_before: list[Read] | None,
) -> Mapping[int, Match]:
    for other, found in read_before or ():
        if (other.kind, other.params) == (rule.kind, rule.params) and other.is_of_new == rule.is_of_new:
            return found
    if places is None:
        found = code.match(messages)
    elif places:
        matched = code.match([messages[place] for place in places])
        found = {places[index]: match for index, match in matched.items()}
    else:
        found = {}
    if read_before is not None:
        read_before.append((rule, found))
    return found
