"""Text as rules read it: normalised with a way back, patterns and words in linear time, likeness."""

from shared.text.lexicon import Place, Word, WordIndex, is_spaced_letter
from shared.text.likeness import Fingerprint, fingerprint_all, similarity
from shared.text.normalise import Normalised, normalise, normalise_all
from shared.text.pattern import Pattern
from shared.text.pattern_set import PatternSet

__all__ = [
    "Fingerprint",
    "Normalised",
    "Pattern",
    "PatternSet",
    "Place",
    "Word",
    "WordIndex",
    "fingerprint_all",
    "is_spaced_letter",
    "normalise",
    "normalise_all",
    "similarity",
]
