"""Digits written otherwise: `壹叁八零零` in a row of digits is 13800."""

import numpy as np

from shared.text.flow import Flow
from shared.text.tables import NO_DIGIT, folding_table

RUN_CHARACTERS_MIN = 5
"""Fewer in a row are words: 三三两两, 一五一十."""


def fold_numerals(flow: Flow) -> Flow:
    """The flow with Han numerals as digits wherever they stand in a run of digits and numerals."""
    digit = folding_table().digit[flow.points]
    numeral = (digit != NO_DIGIT) & (flow.points > 0x7F)
    if not numeral.any():
        return flow
    edges = np.diff(np.concatenate(([0], (digit != NO_DIGIT).astype(np.int8), [0])))
    starts, ends = np.flatnonzero(edges == 1), np.flatnonzero(edges == -1)
    long = ends - starts >= RUN_CHARACTERS_MIN
    depth = np.zeros(len(digit) + 1, dtype=np.int8)
    depth[starts[long]] = 1
    depth[ends[long]] = -1
    written = (np.cumsum(depth[:-1]) > 0) & numeral
    points = np.where(written, digit + np.uint32(ord("0")), flow.points)
    return Flow(points.astype(np.uint32), flow.starts, flow.ends)
