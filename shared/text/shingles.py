"""Marks of a long text: texts alike share one or more of them, others hardly ever do.

MinHash over runs of twelve letters of the fingerprint's sketch (Leskovec, Rajaraman, Ullman: Mining of
Massive Datasets, chapter 3). Of copies with something put before them, or a part changed, 97 in 100 are found
or more; with every 16th character changed, 7 in 10. Among thousands a text meets about one other by chance.
"""

from collections.abc import Sequence
from functools import lru_cache
from hashlib import blake2b

import numpy as np
from numpy.typing import NDArray

from shared.text.likeness import Fingerprint

RUN = 12
MARKS = 3

_SEEDS = np.random.Generator(np.random.PCG64(20_240_305)).integers(1, 1 << 32, MARKS, np.uint64)
_FACTORS = (_SEEDS | np.uint64(1)).astype(np.uint32)
_BASE = 0x01000193
_POWERS = [np.uint32(pow(_BASE, power, 1 << 32)) for power in range(1, RUN + 1)]
_MIX = np.uint64(0x9E3779B97F4A7C15)
_POSITIVE = np.uint64((1 << 63) - 1)


def marks_all(prints: Sequence[Fingerprint], salts: Sequence[str]) -> list[tuple[int, ...]]:
    """Of each text `MARKS` numbers of 63 bits, the same ones comparable; others under another salt.

    Raises ValueError for a text that is shorter than `RUN`.
    """
    if not prints:
        return []
    lengths = np.array([len(each.sketch) for each in prints])
    if lengths.min() < RUN:
        raise ValueError(f"marks are of texts of {RUN} characters or more")
    letters = np.frombuffer("".join(each.sketch for each in prints).encode("ascii"), dtype=np.uint8)
    runs = _runs(letters.astype(np.uint32))
    ends = np.cumsum(lengths)
    # a run that would cross into the next text belongs to none: it falls into the odd segments
    bounds = np.stack([ends - lengths, ends - RUN + 1], axis=1).ravel()[:-1]
    lowest = np.stack([np.minimum.reduceat(runs * factor, bounds)[::2] for factor in _FACTORS])
    salted = lowest.astype(np.uint64) * _MIX ^ np.array([_salt(salt) for salt in salts], dtype=np.uint64)
    return list(map(tuple, (salted & _POSITIVE).T.tolist()))


def _runs(letters: NDArray[np.uint32]) -> NDArray[np.uint32]:
    last = len(letters) - RUN + 1
    runs = np.zeros(last, dtype=np.uint32)
    for place, power in enumerate(_POWERS):
        runs += letters[place : place + last] * power
    return runs ^ (runs >> np.uint32(15))


@lru_cache(maxsize=10_000)
def _salt(salt: str) -> int:
    return int.from_bytes(blake2b(salt.encode("utf-8", "replace"), digest_size=8).digest(), "big")
