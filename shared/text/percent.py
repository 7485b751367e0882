"""Percent-encoded characters, as in links: `%E5%BE%AE` is 微, `%61` is a."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from shared.text.flow import Flow

_PERCENT = ord("%")
_ROUNDS_MAX = 3
_HEX = np.full(0x80, -1, dtype=np.int64)
_HEX[ord("0") : ord("9") + 1] = range(10)
_HEX[ord("a") : ord("f") + 1] = range(10, 16)
_HEX[ord("A") : ord("F") + 1] = range(10, 16)
_LENGTHS = ((0xC2, 0xE0, 2), (0xE0, 0xF0, 3), (0xF0, 0xF5, 4))
"""Bytes of a UTF-8 sequence by its first byte: from, below, length."""


def decode_percent(flow: Flow) -> Flow:
    """The flow with whole encoded characters decoded, encoded ones that hide in encoded ones too.

    What is no valid UTF-8, or a control character, stays as it stands. Three rounds at most.
    """
    for _ in range(_ROUNDS_MAX):
        decoded = _decode_once(flow)
        if decoded is None:
            break
        flow = decoded
    return flow


def _decode_once(flow: Flow) -> Flow | None:
    at = _encoded_bytes(flow.points)
    if not len(at):
        return None
    digits = flow.points.astype(np.int64)
    values = (_HEX[digits[at + 1]] * 16 + _HEX[digits[at + 2]]).tolist()
    points, starts, ends = flow.points.copy(), flow.starts, flow.ends.copy()
    keep = np.ones(len(points), dtype=bool)
    found = False
    for first, length, character in _characters(at.tolist(), values):
        last = first + 3 * length
        points[first] = ord(character)
        ends[first] = ends[last - 1]
        keep[first + 1 : last] = False
        found = True
    return Flow(points, starts, ends).keep(keep) if found else None


def _encoded_bytes(points: NDArray[np.uint32]) -> NDArray[np.int64]:
    """Where `%` and two hexadecimal digits stand."""
    at = np.flatnonzero(points[:-2] == _PERCENT) if len(points) > 2 else np.empty(0, dtype=np.int64)
    if not len(at):
        return at
    high, low = points[at + 1], points[at + 2]
    ascii_only = (high < 0x80) & (low < 0x80)
    at, high, low = at[ascii_only], high[ascii_only], low[ascii_only]
    return at[(_HEX[high] >= 0) & (_HEX[low] >= 0)]


def _characters(at: list[int], values: list[int]) -> Iterator[tuple[int, int, str]]:
    """(place, bytes, character) of each whole UTF-8 sequence among neighbouring encoded bytes."""
    index = 0
    while index < len(at):
        first = values[index]
        length = next((n for low, below, n in _LENGTHS if low <= first < below), 1)
        last = index + length - 1
        character = ""
        if last < len(at) and at[last] == at[index] + 3 * (length - 1):
            character = bytes(values[index : last + 1]).decode("utf-8", "ignore")
        if character and character >= " ":
            yield at[index], length, character
            index = last + 1
        else:
            index += 1
