"""A trained classifier as data: weights, calibration and where from it comes."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import exp

from shared.text import Linear, Normalised

SHIPPED_VERSION = 0
"""The model that comes with the service; a community's own count from 1."""


@dataclass(frozen=True, slots=True, eq=False)
class Classifier:
    """A linear model and Platt's sigmoid over its margin (Platt, Probabilistic Outputs for SVMs, 1999)."""

    version: int
    linear: Linear
    slope: float
    intercept: float

    def probabilities(self, reads: Sequence[Normalised]) -> list[float]:
        """For each text 0 to 1, calibrated for as much spam as among the samples, more than in a chat."""
        return [_sigmoid(self.slope * margin + self.intercept) for margin in self.linear.margins(reads)]


def _sigmoid(x: float) -> float:
    return 1 / (1 + exp(-x)) if x >= 0 else exp(x) / (1 + exp(x))
