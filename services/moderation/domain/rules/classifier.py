"""Statistical spam (垃圾信息): a trained classifier's probability, from a threshold on."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from services.moderation.domain.classifier import Classifier
from services.moderation.domain.message import SPANS_MAX, Match, Message
from services.moderation.domain.rules.kind import Kind, Resources

REVIEW_AT = 0.8
SURE_AT = 0.97
"""Where a second rule may begin that enforces; the README says what it takes of a clean year."""


@dataclass(frozen=True, slots=True)
class ClassifierParams:
    """From which probability on a message is found."""

    score_min: float = REVIEW_AT

    def __post_init__(self) -> None:
        if not 0.5 <= self.score_min <= 1:
            raise ValueError(f"score_min is {self.score_min}, but must be between 0.5 and 1")


@dataclass(frozen=True, slots=True)
class ClassifierRule:
    """Matches what the model holds for spam with at least this probability."""

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
            if chance >= self.params.score_min
        }


def _build(params: ClassifierParams, resources: Resources) -> ClassifierRule:
    return ClassifierRule(params, resources.model)


CLASSIFIER = Kind("classifier", ClassifierParams, _build)
