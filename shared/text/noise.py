"""What is put between characters so that a word is not seen: `加 微 信`, `加薇❤信`, `加，微，信`."""

import numpy as np
from numpy.typing import NDArray

from shared.text.flow import Flow
from shared.text.tables import HAN, HARD, SOFT, folding_table

GAP_CHARACTERS_MAX = 4
"""Longer noise separates."""


def drop_noise(flow: Flow) -> Flow:
    """The flow without short noise between two Han characters.

    Punctuation and line ends go only where a Han character stands alone beside them, as in `加，微，信`; else
    they separate sentences: `多加，微信支付` stays as it is.
    """
    kind = folding_table().kind[flow.points]
    if not (kind == HAN).any():
        return flow
    noise = (kind == SOFT) | (kind == HARD)
    content = np.flatnonzero(~noise)
    dropped = _dropped_gaps(kind, content)
    if not dropped.any():
        return flow
    places = np.flatnonzero(noise)
    gap_of_place = np.searchsorted(content, places) - 1
    inside = (gap_of_place >= 0) & (gap_of_place < len(dropped))
    gone = places[inside][dropped[gap_of_place[inside]]]
    keep = np.ones(len(kind), dtype=bool)
    keep[gone] = False
    return flow.keep(keep)


def _dropped_gaps(kind: NDArray[np.uint8], content: NDArray[np.int64]) -> NDArray[np.bool_]:
    """For each pair of neighbouring content characters: whether the noise between them is dropped."""
    gap = np.diff(content) - 1
    han = kind[content] == HAN
    joined = han[:-1] & han[1:]
    touching = np.concatenate(([False], joined & (gap == 0), [False]))
    left_alone = ~touching[:-2] if len(touching) > 2 else touching[:0]
    right_alone = ~touching[2:] if len(touching) > 2 else touching[:0]
    hard_before = np.concatenate(([0], np.cumsum(kind == HARD)))
    has_hard = hard_before[content[1:]] > hard_before[content[:-1]]
    bridged = joined & (gap > 0) & (gap <= GAP_CHARACTERS_MAX)
    dropped: NDArray[np.bool_] = bridged & (~has_hard | left_alone | right_alone)
    return dropped
