"""A linear classifier over n-grams: weights in, margins and the places that weighed most out."""

import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from heapq import nlargest

import numpy as np
from numpy.typing import NDArray

from shared.text.ngrams import BUCKETS, features, grams
from shared.text.normalise import Normalised

WEIGHT_MAX = 256.0
GRAMS_SHOWN = 40
"""The heaviest n-grams of a text that are shown; those that touch are one place."""
GAP_SHOWN = 1
"""Places so near to each other are shown as one."""
_SCALE = 4096
_BYTES = 4 * BUCKETS


@dataclass(frozen=True, slots=True, eq=False)
class Linear:
    """Weights as integers, so that a sum is the same in whatever batch and order it is made."""

    weights: NDArray[np.int32]
    """In 1/4096, one a bucket."""

    @classmethod
    def of(cls, weights: NDArray[np.float32]) -> "Linear":
        """Of one weight a bucket; raises ValueError when they are not."""
        if weights.shape != (BUCKETS,) or not (np.abs(weights) <= WEIGHT_MAX).all():
            raise ValueError(f"{BUCKETS} weights of at most {WEIGHT_MAX} are needed")
        return cls(np.rint(weights * _SCALE).astype(np.int32))

    @classmethod
    def unpack(cls, packed: bytes) -> "Linear":
        """Of what `pack` made; raises ValueError when it is anything else."""
        unzip = zlib.decompressobj()
        try:
            plain = unzip.decompress(packed, _BYTES + 1)
        except zlib.error as error:
            raise ValueError(f"the weights cannot be read: {error}") from error
        if len(plain) != _BYTES:
            raise ValueError(f"{BUCKETS} weights are needed")
        return cls.of(np.frombuffer(plain, dtype="<f4"))

    def pack(self) -> bytes:
        """All weights as float32, compressed; equal weights give equal bytes."""
        return zlib.compress((self.weights / _SCALE).astype("<f4").tobytes(), 9)

    def margins(self, reads: Sequence[Normalised]) -> list[float]:
        """For each text the sum of its features' weights, by the square root of their number."""
        margins: list[float] = []
        for views in features(reads):
            sums = sum(np.add.reduceat(self.weights.take(view.buckets), view.starts[:-1]) for view in views)
            numbers = np.sum([np.diff(view.starts) for view in views], axis=0)
            margins += (sums / (_SCALE * np.sqrt(numbers))).tolist()
        return margins

    def heaviest(self, read: Normalised, limit: int) -> tuple[tuple[int, int], ...]:
        """Where the n-grams that speak most for the margin stand in the original: at most `limit` places."""
        weighed = ((int(self.weights[bucket]), start, end) for start, end, bucket in grams(read.text))
        heavy = nlargest(GRAMS_SHOWN, (each for each in weighed if each[0] > 0))
        places: list[tuple[int, int, int]] = []
        for weight, start, end in sorted(heavy, key=lambda each: each[1:]):
            if places and start <= places[-1][2] + GAP_SHOWN:
                before, first, last = places[-1]
                places[-1] = before + weight, first, max(last, end)
            else:
                places.append((weight, start, end))
        return tuple(sorted(read.span(start, end) for _, start, end in nlargest(limit, places)))
