"""Text as rules read it: normalised with a way back to the original, patterns in linear time, likeness."""

from shared.text.emoji import count_emoji
from shared.text.likeness import Fingerprint, fingerprint_all, similarity
from shared.text.links import Link, host_of, links_of
from shared.text.normalise import Normalised, normalise, normalise_all
from shared.text.pattern import Pattern
from shared.text.shingles import marks_all

__all__ = [
    "Fingerprint",
    "Link",
    "Normalised",
    "Pattern",
    "count_emoji",
    "fingerprint_all",
    "host_of",
    "links_of",
    "marks_all",
    "normalise",
    "normalise_all",
    "similarity",
]
