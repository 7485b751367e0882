"""Splits and draws that anybody can compute again from a seed, whose hash was told before.

A stream of numbers comes from SHA-256 over the seed and a counter; a number below n is taken by rejection, so
that all are equally likely. Shuffling is Fisher and Yates's (Durstenfeld 1964).
"""

from collections.abc import Iterator, Sequence
from hashlib import sha256
from itertools import pairwise


def commitment(seed: bytes) -> str:
    """What is told before: SHA-256 of the seed, in hex."""
    return sha256(b"hearth\x00" + seed).hexdigest()


def split(seed: bytes, points: int, shares: int) -> list[int]:
    """Points in so many shares of at least one: between the cuts at `shares - 1` different places."""
    numbers = _numbers(seed)
    cuts: set[int] = set()
    while len(cuts) < shares - 1:
        cuts.add(1 + _below(numbers, points - 1))
    edges = [0, *sorted(cuts), points]
    return [last - first for first, last in pairwise(edges)]


def draw(seed: bytes, members: Sequence[str], winners: int) -> list[str]:
    """So many different members, or all there are: the first of a shuffle of all by their ids."""
    numbers = _numbers(seed)
    left = sorted(members)
    for place in range(len(left) - 1, 0, -1):
        other = _below(numbers, place + 1)
        left[place], left[other] = left[other], left[place]
    return left[:winners]


def _numbers(seed: bytes) -> Iterator[int]:
    counter = 0
    while True:
        yield int.from_bytes(sha256(seed + counter.to_bytes(8, "big")).digest()[:8], "big")
        counter += 1


def _below(numbers: Iterator[int], limit: int) -> int:
    highest = 2**64 - 2**64 % limit
    return next(number for number in numbers if number < highest) % limit
