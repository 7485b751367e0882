"""What becomes of a message, in one word."""

from enum import StrEnum

from services.moderation.domain.policy import Action, Mode, Rule


class Verdict(StrEnum):
    """From the mildest to the gravest."""

    ALLOW = "allow"
    OBSERVE = "observe"
    REMIND = "remind"
    REVIEW = "review"
    REMOVE = "remove"

    @property
    def weight(self) -> int:
        """Of two verdicts about a message the one that weighs more holds."""
        return _WEIGHTS[self]

    @property
    def is_caught(self) -> bool:
        """Whether anybody is told of it."""
        return self.weight >= _WEIGHTS[Verdict.REMIND]


_WEIGHTS = {verdict: weight for weight, verdict in enumerate(Verdict)}


def verdict_of(rule: Rule, mode: Mode) -> Verdict:
    """What a rule's finding in a mode leads to."""
    if mode is Mode.ENFORCE:
        return Verdict.REMOVE if rule.action is Action.REMOVE else Verdict.REMIND
    return {Mode.OFF: Verdict.ALLOW, Mode.OBSERVE: Verdict.OBSERVE, Mode.REVIEW: Verdict.REVIEW}[mode]
