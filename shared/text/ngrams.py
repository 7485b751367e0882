"""Which character n-grams a text holds, as numbers of hash buckets: what a linear classifier reads.

Two views of each text: its normalised characters (1 to 3 together), and the kinds of characters that the
original is written with (3 together), since `Зapaбoтoк` in two scripts and `🔥🔥 90%` tell by their looks.
Hashing as in Weinberger et al., Feature Hashing for Large Scale Multitask Learning (2009). A feature is there
or not: counting would let a line of `=====` outweigh all words.
"""

from collections.abc import Iterator, Sequence
from functools import cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from shared.text.flow import SEPARATOR
from shared.text.normalise import Normalised

BUCKET_BITS = 16
BUCKETS = 1 << BUCKET_BITS
HEAD_CHARACTERS = 160
TAIL_CHARACTERS = 96
"""Of a longer text its head and its tail are read."""
GRAM_CHARACTERS_MAX = 3
GRAMS = (1, 2, 3)
SHAPES = (3,)
TEXTS_MAX = 160
"""Read in one go: what is sorted stays in the cache, and a text's number leaves bits for the bucket."""

_SEPARATOR = chr(SEPARATOR)
_STEP = np.uint32(0x01000193)
_SPREAD = np.uint32(2_654_435_761)
_SHIFT = np.uint32(32 - BUCKET_BITS)
_BITS = np.uint32(BUCKET_BITS)
_BUCKET = np.uint32(BUCKETS - 1)
_SEED_GRAMS, _SEED_SHAPES = np.uint32(0x9E37), np.uint32(0x51ED27)
_KINDS = (
    (0x00, 0x20, 12), (0x0A, 0x0B, 2), (0x20, 0x21, 1), (0x21, 0x7F, 8), (0x30, 0x3A, 5), (0x41, 0x5B, 4),
    (0x61, 0x7B, 3), (0xA0, 0xA1, 1), (0xC0, 0x250, 3), (0x250, 0x2B0, 11), (0x370, 0x400, 11),
    (0x400, 0x530, 6), (0x13A0, 0x1400, 11), (0x1D00, 0x1DC0, 11), (0x200B, 0x2010, 12), (0x2010, 0x2028, 10),
    (0x2060, 0x2070, 12), (0x2190, 0x2460, 9), (0x2460, 0x2500, 11), (0x2500, 0x2C00, 9),
    (0x3000, 0x3040, 10), (0x3040, 0x3100, 7), (0x3400, 0xA000, 7), (0xFE00, 0xFE10, 12),
    (0xFF00, 0xFFF0, 10), (0x1D400, 0x1D800, 11),
    (0x1F000, 0x20000, 9), (0x20000, 0x30000, 7), (SEPARATOR, SEPARATOR + 1, 0),
)  # fmt: skip
"""From, below, kind: 1 blank, 2 line end, 3 Latin, 4 its capitals, 5 digit, 6 Cyrillic, 7 Han and kana,
8 ASCII punctuation, 9 emoji and symbols, 10 other punctuation, 11 look-alike letters, 12 invisible."""
_OTHER_KIND = 13


class Features(NamedTuple):
    """The n-grams of one view and size of several texts: each text's buckets, ascending and distinct."""

    buckets: NDArray[np.int32]
    starts: NDArray[np.int64]
    """Where each text's buckets begin, and behind the last where they end: one longer than the texts."""


def features(reads: Sequence[Normalised]) -> Iterator[list[Features]]:
    """All views, of at most TEXTS_MAX texts at a time; an empty text has some of each, too."""
    for first in range(0, len(reads), TEXTS_MAX):
        part = reads[first : first + TEXTS_MAX]
        points, lengths = _points([_cut(read.text) for read in part])
        keys = _keys(points, lengths, GRAMS, _SEED_GRAMS)
        points, lengths = _points([_cut(read.original) for read in part])
        keys += _keys(_kinds()[points], lengths, SHAPES, _SEED_SHAPES)
        yield [_distinct(each, len(part)) for each in keys]


def grams(text: str) -> Iterator[tuple[int, int, int]]:
    """(start, end, bucket) of every n-gram of 2 or more characters that is read of a normalised text."""
    cut = _cut(text)
    points = _points([cut])[0]
    moved = len(text) - len(cut)
    for size, buckets in zip(GRAMS, _hashes(points, len(cut) + 2, GRAMS, _SEED_GRAMS), strict=True):
        for place, bucket in enumerate(buckets[2:].tolist()):
            if size > 1 and place + size <= len(cut) and _SEPARATOR not in cut[place : place + size]:
                start = place + moved if moved and place > HEAD_CHARACTERS else place
                yield start, start + size, bucket


def _distinct(keys: NDArray[np.uint32], texts: int) -> Features:
    keys.sort()
    first_of_its_kind = np.empty(len(keys), dtype=bool)
    first_of_its_kind[0] = True
    np.not_equal(keys[1:], keys[:-1], out=first_of_its_kind[1:])
    distinct = keys[first_of_its_kind]
    bounds = np.arange(texts, dtype=np.uint32) << _BITS
    starts = np.append(np.searchsorted(distinct, bounds), len(distinct))
    return Features((distinct & _BUCKET).view(np.int32), starts)


def _cut(text: str) -> str:
    if len(text) <= HEAD_CHARACTERS + TAIL_CHARACTERS:
        return text
    return text[:HEAD_CHARACTERS] + _SEPARATOR + text[-TAIL_CHARACTERS:]


def _points(texts: Sequence[str]) -> tuple[NDArray[np.uint32], NDArray[np.int64]]:
    """Code points, with separators so that no n-gram holds characters of two texts; and the lengths."""
    between = _SEPARATOR * GRAM_CHARACTERS_MAX
    joined = between[1:] + between.join(texts) + between
    points = np.frombuffer(joined.encode("utf-32-le", "surrogatepass"), dtype=np.uint32)
    return points, np.fromiter(map(len, texts), dtype=np.int64, count=len(texts))


def _keys(
    points: NDArray[np.uint32], lengths: NDArray[np.int64], sizes: Sequence[int], seed: np.uint32
) -> list[NDArray[np.uint32]]:
    """The text's number and the bucket in one number, for every place and size."""
    numbers = np.arange(len(lengths), dtype=np.uint32) << _BITS
    texts = np.repeat(numbers, lengths + GRAM_CHARACTERS_MAX)
    return [np.bitwise_or(each, texts, out=each) for each in _hashes(points, len(texts), sizes, seed)]


def _hashes(
    points: NDArray[np.uint32], places: int, sizes: Sequence[int], seed: np.uint32
) -> Iterator[NDArray[np.uint32]]:
    """The buckets of the n-grams that begin at each of the first places, size by size."""
    rolling = points[:places] + seed
    for size in range(1, max(sizes) + 1):
        if size > 1:
            rolling *= _STEP
            rolling += points[size - 1 : size - 1 + places]
        if size in sizes:
            buckets = rolling * _SPREAD
            buckets >>= _SHIFT
            yield buckets


@cache
def _kinds() -> NDArray[np.uint32]:
    kinds = np.full(0x110000, _OTHER_KIND, dtype=np.uint32)
    for start, end, kind in _KINDS:
        kinds[start:end] = kind
    return kinds
