"""Labelled texts, one half learned and the other judged, and the other way round."""

from collections.abc import Iterator, Sequence
from hashlib import sha256
from typing import NamedTuple

from services.moderation.domain.classifier import Classifier
from services.moderation.training.fit import fit
from services.moderation.training.samples import Sample, distinct

Score = tuple[float, bool]
"""How sure, and whether it is so."""


class Round(NamedTuple):
    """What is learned, and what is judged."""

    known: list[Sample]
    unseen: list[Sample]


def digest(text: str, salt: object = "") -> str:
    """Says which text without quoting it."""
    return sha256(f"{salt}{text}".encode()).hexdigest()


def rounds_of(samples: Sequence[Sample], split: int) -> Iterator[Round]:
    """Both ways of a split; another number splits otherwise."""
    halves: tuple[list[Sample], list[Sample]] = [], []
    for sample in samples:
        halves[int(digest(sample.text, split), 16) % 2].append(sample)
    yield Round(halves[1], halves[0])
    yield Round(halves[0], halves[1])


def learned(*sources: Sequence[Sample]) -> Classifier:
    """The model of these, the first of which everybody has."""
    return fit(*distinct(sources)).model


def recall_at(scores: Sequence[Score], false_share: float) -> float:
    """The share found above the lowest limit that takes no larger share of the others: a point of the ROC."""
    others = sorted((score for score, is_so in scores if not is_so), reverse=True)
    limit = others[int(len(others) * false_share)]
    return share([score > limit for score, is_so in scores if is_so])


def share(each: Sequence[bool]) -> float:
    """Of the true ones; 0 of nothing."""
    return sum(each) / len(each) if each else 0.0
