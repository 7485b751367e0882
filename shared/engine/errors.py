"""Which failures can never succeed, and which only need time."""

import asyncpg
from pydantic import ValidationError


class Poison(Exception):
    """Raised by a handler for an event that can never be applied; the event becomes a dead letter."""


class Fenced(Exception):
    """Another process owns the lane by now; this one must forget the batch."""

    def __init__(self, partitions: frozenset[int]) -> None:
        super().__init__(f"lanes {sorted(partitions)} belong to another owner")
        self.partitions = partitions


_POISON_STATES = frozenset({"23502", "23514"})
_POISON_CLASS = "22"


def is_poison(error: BaseException) -> bool:
    """Whether the error is on the closed list of those that can never succeed; all others are transient.

    The list: `Poison`, pydantic's ValidationError, SQLSTATE class 22 (data exception), 23502 (not null) and
    23514 (check).
    """
    if isinstance(error, Poison | ValidationError):
        return True
    if isinstance(error, asyncpg.PostgresError):
        state = error.sqlstate or ""
        return state[:2] == _POISON_CLASS or state in _POISON_STATES
    return isinstance(error, asyncpg.DataError | UnicodeEncodeError)
