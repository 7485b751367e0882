"""Draws that anyone can repeat: a number from a seed and a name, the same for ever."""

from hashlib import sha256
from typing import Protocol

_SPAN = 2**64


class Chance(Protocol):
    """What a draw of a topic needs; `random.Random(seed)` has it."""

    def betavariate(self, alpha: float, beta: float, /) -> float:
        """A number of a beta distribution."""


def uniform(seed: str, *names: str) -> float:
    """A number in [0, 1): SHA-256 of the seed and the names, each with its length; its first 64 bits."""
    parts = "".join(f"{len(part)}:{part}" for part in (seed, *names))
    digest = sha256(parts.encode("utf-8", "surrogatepass")).digest()
    return int.from_bytes(digest[:8], "big") / _SPAN


def is_held_out(warmup_id: str, share: float, seed: str = "hold-out") -> bool:
    """Whether a cold spell is left alone, to compare with."""
    return uniform(seed, warmup_id) < share
