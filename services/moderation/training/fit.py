"""Fits the classifier: logistic regression over weighted n-grams, calibrated by cross-validation."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import brier_score_loss, roc_auc_score
from sklearn.model_selection import StratifiedKFold

from services.moderation.domain.classifier import Classifier
from shared.text import Linear, Normalised
from shared.text.ngrams import BUCKETS, features

FOLDS = 5
LABEL_SAMPLES_MIN = 50
"""Of each label; fewer say nothing about what is not among them."""
INVERSE_REGULARISATION = 3.0
RARITY_MIN = 0.3
"""What a feature of every text still weighs before training."""
FALSE_ALARM_SHARE = 0.01
STEPS = FOLDS + 2

Advance = Callable[[int, str], None]


class CannotTrain(ValueError):
    """The samples do not suffice; the message says what is missing."""


@dataclass(frozen=True, slots=True, eq=False)
class Trained:
    """A model and how well it did on samples that it had not seen."""

    model: Classifier
    samples: int
    metrics: dict[str, float]


def fit(
    reads: Sequence[Normalised],
    labels: Sequence[bool],
    weights: Sequence[float],
    advance: Advance = lambda done, note: None,
) -> Trained:
    """The same samples in the same order give the same model; weights are above 0. Raises CannotTrain.

    The calibration sees each sample through a model that was trained without it.
    """
    is_spam, weighing = np.array(labels, dtype=bool), np.array(weights)
    _check(is_spam)
    advance(0, f"{len(reads)} samples")
    counts = _matrix(reads)
    margins = np.zeros(len(reads))
    folds = StratifiedKFold(FOLDS, shuffle=True, random_state=0).split(counts, is_spam)
    for number, (known, unseen) in enumerate(folds, 1):
        linear, intercept = _linear(counts[known], is_spam[known], weighing[known])
        margins[unseen] = np.array(linear.margins([reads[place] for place in unseen])) + intercept
        advance(number, f"fold {number} of {FOLDS}")
    slope, offset = _sigmoid(margins, is_spam, weighing)
    linear, intercept = _linear(counts, is_spam, weighing)
    advance(STEPS, "done")
    model = Classifier(0, linear, slope, slope * intercept + offset)
    return Trained(model, len(reads), _metrics(slope * margins + offset, is_spam))


def _check(is_spam: NDArray[np.bool_]) -> None:
    spam, ham = int(is_spam.sum()), int((~is_spam).sum())
    if min(spam, ham) < LABEL_SAMPLES_MIN:
        raise CannotTrain(
            f"{spam} samples of spam and {ham} of ham are too few, each needs at least {LABEL_SAMPLES_MIN}"
        )


def _matrix(reads: Sequence[Normalised]) -> csr_matrix:
    """One row a text, its distinct features scaled to length 1."""
    rows, columns, values = [], [], []
    first = 0
    for views in features(reads):
        numbers = np.sum([np.diff(view.starts) for view in views], axis=0)
        texts = np.arange(first, first + len(numbers))
        for view in views:
            sizes = np.diff(view.starts)
            rows.append(np.repeat(texts, sizes))
            columns.append(view.buckets)
            values.append(np.repeat(1 / np.sqrt(numbers), sizes))
        first += len(texts)
    places = np.concatenate(rows), np.concatenate(columns)
    return csr_matrix((np.concatenate(values), places), shape=(first, BUCKETS))


def _linear(
    matrix: csr_matrix, is_spam: NDArray[np.bool_], weighing: NDArray[np.float64]
) -> tuple[Linear, float]:
    """Weights with each feature's rarity (the logarithm of its inverse document frequency) multiplied in."""
    holding = np.bincount(matrix.indices, minlength=BUCKETS)
    rarity = np.log((1 + len(is_spam)) / (1 + holding)) + RARITY_MIN
    regression = LogisticRegression(
        C=INVERSE_REGULARISATION, class_weight="balanced", solver="liblinear", random_state=0, max_iter=2000
    )
    scaled = matrix.copy()
    scaled.data *= rarity[scaled.indices]
    regression.fit(scaled, is_spam, sample_weight=weighing)
    weights = (regression.coef_[0] * rarity).astype(np.float32)
    return Linear.of(weights), float(regression.intercept_[0])


def _sigmoid(
    margins: NDArray[np.float64], is_spam: NDArray[np.bool_], weighing: NDArray[np.float64]
) -> tuple[float, float]:
    """Platt's slope and offset: probability = sigmoid(slope x margin + offset)."""
    regression = LogisticRegression(C=1e6, solver="lbfgs").fit(margins[:, None], is_spam, weighing)
    return float(regression.coef_[0][0]), float(regression.intercept_[0])


def _metrics(logits: NDArray[np.float64], is_spam: NDArray[np.bool_]) -> dict[str, float]:
    """Of samples that the model had not seen; `recall` is at one false alarm in a hundred."""
    ham = np.sort(logits[~is_spam])[::-1]
    limit = ham[int(len(ham) * FALSE_ALARM_SHARE)]
    return {
        "area_under_roc": round(float(roc_auc_score(is_spam, logits)), 4),
        "brier_score": round(float(brier_score_loss(is_spam, 1 / (1 + np.exp(-logits)))), 4),
        "recall": round(float((logits[is_spam] > limit).mean()), 4),
        "spam": int(is_spam.sum()),
        "ham": int((~is_spam).sum()),
    }
