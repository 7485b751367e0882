"""Text as rules read it: normalised with a way back, patterns and words in linear time, likeness."""

from shared.text.emoji import count_emoji
from shared.text.lexicon import Place, Word, WordIndex, is_spaced_letter
from shared.text.likeness import Fingerprint, fingerprint_all, like_any, similarity
from shared.text.linear import Linear
from shared.text.links import Link, host_of, links_of
from shared.text.normalise import Normalised, normalise, normalise_all
from shared.text.pattern import Pattern
from shared.text.pattern_set import PatternSet
from shared.text.pinyin import Spoken, spoken_all
from shared.text.shingles import MARKS, marks_all
from shared.text.sounds import SoundIndex

__all__ = [
    "MARKS",
    "Fingerprint",
    "Linear",
    "Link",
    "Normalised",
    "Pattern",
    "PatternSet",
    "Place",
    "SoundIndex",
    "Spoken",
    "Word",
    "WordIndex",
    "count_emoji",
    "fingerprint_all",
    "host_of",
    "is_spaced_letter",
    "like_any",
    "links_of",
    "marks_all",
    "normalise",
    "normalise_all",
    "similarity",
    "spoken_all",
]
