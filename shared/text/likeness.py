"""How alike two texts are, told from short fingerprints that do not hold the text."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from rapidfuzz import process
from rapidfuzz.distance import Indel

HEAD_CHARACTERS = 96
TAIL_CHARACTERS = 64
ROUNDING = 1e-6
SKETCH_CHARACTERS_MAX = HEAD_CHARACTERS + TAIL_CHARACTERS

_ALPHABET = np.frombuffer(b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz-", dtype=np.uint8)
_MULTIPLIER = np.uint32(2_654_435_761)
"""Knuth's multiplicative hash; its upper six bits choose the letter."""


class Fingerprint(NamedTuple):
    """One letter of 64 for each character: order is kept, the text is not."""

    length: int
    """Characters of the text."""
    sketch: str
    """Of its head and, when it is long, its tail."""


def fingerprint_all(texts: Sequence[str]) -> list[Fingerprint]:
    """Fingerprints of normalised texts."""
    cut = [
        text if len(text) <= SKETCH_CHARACTERS_MAX else text[:HEAD_CHARACTERS] + text[-TAIL_CHARACTERS:]
        for text in texts
    ]
    points = np.frombuffer("".join(cut).encode("utf-32-le", "surrogatepass"), dtype=np.uint32)
    letters = _ALPHABET[(points * _MULTIPLIER) >> np.uint32(26)].tobytes().decode("ascii")
    prints = []
    start = 0
    for text, part in zip(texts, cut, strict=True):
        end = start + len(part)
        prints.append(Fingerprint(len(text), letters[start:end]))
        start = end
    return prints


def similarity(one: Fingerprint, other: Fingerprint, least: float = 0.0) -> float:
    """0 to 1: the share of characters in a longest common subsequence (rapidfuzz's `Indel`).

    For texts beyond the sketch also bounded by their lengths, since the middle is not known. 0 when it is
    below `least`, which is faster to tell.
    """
    if one == other:
        return 1.0
    bound = 2 * min(one.length, other.length) / ((one.length + other.length) or 1)
    if bound < least:
        return 0.0
    alike: float = Indel.normalized_similarity(one.sketch, other.sketch, score_cutoff=least)
    if one.length <= SKETCH_CHARACTERS_MAX and other.length <= SKETCH_CHARACTERS_MAX:
        return alike
    return min(alike, bound)


def like_any(sketch: str, others: Sequence[str], least: float) -> bool:
    """Whether the sketch shares so much (0 to 1, as `similarity`) with one of the others."""
    # a share of exactly `least` counts, whatever its floating point says
    least -= ROUNDING
    similar = Indel.normalized_similarity
    return process.extractOne(sketch, others, scorer=similar, score_cutoff=least, processor=None) is not None
