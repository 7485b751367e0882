"""Statistical spam (垃圾信息): a trained classifier's probability, reviewed or, if asked for, enforced."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from services.moderation.domain.classifier import Classifier
from services.moderation.domain.message import SPANS_MAX, Match, Message

REVIEW_AT = 0.8
ENFORCE_AT = 0.97
"""What operators are offered who want to enforce: see the README for what it takes of a clean community."""


@dataclass(frozen=True, slots=True)
class ClassifierParams:
    """From which probability a message goes to the review queue, and from which it is acted upon."""

    review_at: float = REVIEW_AT
    enforce_at: float | None = None
    """None: people decide on all of them."""

    def __post_init__(self) -> None:
        if not 0.5 <= self.review_at <= 1:
            raise ValueError(f"review_at is {self.review_at}, but must be between 0.5 and 1")
        if self.enforce_at is not None and not self.review_at <= self.enforce_at <= 1:
            raise ValueError(f"enforce_at is {self.enforce_at}, but must be between review_at and 1")

    def enforces(self, score: float) -> bool:
        """Whether a match of this score is acted upon before anybody has seen it."""
        return self.enforce_at is not None and score >= self.enforce_at


@dataclass(frozen=True, slots=True)
class ClassifierRule:
    """Matches what the model holds for spam with at least the probability for review."""

    params: ClassifierParams
    model: Classifier

    def match(self, messages: Sequence[Message]) -> Mapping[int, Match]:
        """By index in the batch: the probability, and where the n-grams stand that weighed most."""
        chances = self.model.probabilities([message.text for message in messages])
        return {
            index: Match(
                round(chance, 3),
                self.model.linear.heaviest(messages[index].text, SPANS_MAX),
                f"p={chance:.2f}, model {self.model.version}",
            )
            for index, chance in enumerate(chances)
            if chance >= self.params.review_at
        }
