"""Many texts as one array of code points that remembers where each came from: what the steps work on."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from shared.text.tables import CODE_POINTS, DROPPED, EXPANDED, folding_table

SEPARATOR = 0xFFFF
"""Stands between texts; a noncharacter, so that no step joins two texts over it."""


@dataclass(frozen=True, slots=True)
class Flow:
    """Code points, and for each the range of the joined original that it stands for."""

    points: NDArray[np.uint32]
    starts: NDArray[np.int64]
    ends: NDArray[np.int64]

    def keep(self, mask: NDArray[np.bool_]) -> "Flow":
        """Only the marked ones."""
        return Flow(self.points[mask], self.starts[mask], self.ends[mask])

    def text(self) -> str:
        """The code points as one string."""
        return self.points.astype("<u4", copy=False).tobytes().decode("utf-32-le", "replace")


def join(texts: Sequence[str]) -> Flow:
    """The texts with a SEPARATOR behind each."""
    joined = "\uffff".join(texts) + "\uffff"
    points = np.frombuffer(joined.encode("utf-32-le", "surrogatepass"), dtype=np.uint32)
    starts = np.arange(len(points), dtype=np.int64)
    return Flow(points, starts, starts + 1)


def fold(flow: Flow) -> Flow:
    """Every code point through the folding table; some vanish, some become several."""
    table = folding_table()
    folded = table.folded[flow.points]
    highest = int(folded.max(initial=0))
    if highest < CODE_POINTS:
        return Flow(folded, flow.starts, flow.ends)
    if highest >= EXPANDED:
        flow, folded = _expand(flow, folded)
    kept = folded != DROPPED
    return Flow(folded[kept], flow.starts[kept], flow.ends[kept])


def _expand(flow: Flow, folded: NDArray[np.uint32]) -> tuple[Flow, NDArray[np.uint32]]:
    table = folding_table()
    where = np.flatnonzero(folded >= EXPANDED)
    which = (folded[where] - np.uint32(EXPANDED)).astype(np.int64)
    lengths = table.expansion_length[which]
    counts = np.ones(len(folded), dtype=np.int64)
    counts[where] = lengths
    before = np.cumsum(lengths) - lengths
    steps = np.arange(int(lengths.sum())) - np.repeat(before, lengths)
    places = np.repeat(where + before - np.arange(len(where)), lengths) + steps
    result = np.repeat(folded, counts)
    result[places] = table.expansion_points[np.repeat(table.expansion_start[which], lengths) + steps]
    return Flow(result, np.repeat(flow.starts, counts), np.repeat(flow.ends, counts)), result
