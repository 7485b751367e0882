"""Marks of a long text: texts alike share one or more of them, others hardly ever do.

MinHash over runs of three characters, in bands (Leskovec, Rajaraman, Ullman: Mining of Massive Datasets,
chapter 3): 20 bands of 3 hashes find a pair with half of its runs in common 93 times in 100.
"""

from functools import lru_cache
from hashlib import blake2b

import numpy as np

RUN = 3
BANDS = 20
ROWS = 3
CHARACTERS_MAX = 4000
"""What comes after leaves no mark."""

_SEEDS = np.random.Generator(np.random.PCG64(20_240_305)).integers(1, 1 << 32, 2 * BANDS * ROWS, np.uint64)
_FACTORS = (_SEEDS[: BANDS * ROWS] | np.uint64(1)).astype(np.uint32)[:, None]
_OFFSETS = _SEEDS[BANDS * ROWS :].astype(np.uint32)[:, None]
_PLACES = np.array([0x9E3779B1, 0x85EBCA77, 0xC2B2AE3D], dtype=np.uint32)
_MIX = np.array([0x9E3779B97F4A7C15, 0xC2B2AE3D27D4EB4F, 0x165667B19E3779F9], dtype=np.uint64)
_NUMBERS = np.arange(BANDS, dtype=np.uint64) * np.uint64(0xD6E8FEB86659FD93)
_POSITIVE = np.uint64((1 << 63) - 1)


def marks_of(text: str, salt: str) -> tuple[int, ...]:
    """`BANDS` numbers of 63 bits; the same text has others under another salt. None of a text below `RUN`."""
    points = np.frombuffer(text[:CHARACTERS_MAX].encode("utf-32-le", "surrogatepass"), dtype=np.uint32)
    if len(points) < RUN:
        return ()
    runs = points[:-2] * _PLACES[0] + points[1:-1] * _PLACES[1] + points[2:] * _PLACES[2]
    runs ^= runs >> np.uint32(15)
    lowest = (runs * _FACTORS + _OFFSETS).min(axis=1).astype(np.uint64).reshape(BANDS, ROWS)
    bands = (lowest * _MIX).sum(axis=1, dtype=np.uint64) ^ _NUMBERS ^ _salt(salt)
    return tuple((bands & _POSITIVE).tolist())


@lru_cache(maxsize=10_000)
def _salt(salt: str) -> np.uint64:
    return np.uint64(int.from_bytes(blake2b(salt.encode("utf-8", "replace"), digest_size=8).digest(), "big"))
