"""Text as rules read it: normalised with a way back, patterns in linear time, likeness, sound."""

from shared.text.likeness import Fingerprint, fingerprint_all, similarity
from shared.text.normalise import Normalised, normalise, normalise_all
from shared.text.pattern import Pattern
from shared.text.pinyin import Spoken, spoken_all

__all__ = [
    "Fingerprint",
    "Normalised",
    "Pattern",
    "Spoken",
    "fingerprint_all",
    "normalise",
    "normalise_all",
    "similarity",
    "spoken_all",
]
