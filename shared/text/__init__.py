"""Text as rules read it: normalised with a way back to the original, patterns in linear time, likeness."""

from shared.text.likeness import Fingerprint, fingerprint_all, similarity
from shared.text.linear import Linear
from shared.text.normalise import Normalised, normalise, normalise_all
from shared.text.pattern import Pattern

__all__ = [
    "Fingerprint",
    "Linear",
    "Normalised",
    "Pattern",
    "fingerprint_all",
    "normalise",
    "normalise_all",
    "similarity",
]
