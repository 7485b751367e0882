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


_POISON_CLASS = "22"
NOT_NULL, CHECK = "23502", "23514"


def is_poison(error: BaseException) -> bool:
    """Whether the error is on the closed list of those that can never succeed; all others are transient.

    The list: `Poison`, pydantic's ValidationError, SQLSTATE class 22 (data exception), 23502 (not null) and
    23514 (check).
    """
    if isinstance(error, Poison | ValidationError):
        return True
    if isinstance(error, asyncpg.PostgresError):
        state = error.sqlstate or ""
        return state[:2] == _POISON_CLASS or state == NOT_NULL or _is_check(error)
    return isinstance(error, asyncpg.DataError | UnicodeEncodeError)


def _is_check(error: asyncpg.PostgresError) -> bool:
    """A row without a partition has the state of a check too, but names no constraint: it is our omission."""
    return error.sqlstate == CHECK and bool(getattr(error, "constraint_name", None))


OUTAGE_CLASSES = frozenset({"08", "53", "57"})
"""SQLSTATE: connection exception, insufficient resources, operator intervention."""
QUERY_CANCELLED = "57014"


def is_outage(error: BaseException) -> bool:
    """Whether the database is away or in trouble for all lanes alike; else the failure is one lane's own."""
    if isinstance(error, asyncpg.PostgresError):
        state = error.sqlstate or ""
        return state[:2] in OUTAGE_CLASSES and state != QUERY_CANCELLED
    return isinstance(error, OSError | TimeoutError | asyncpg.InterfaceError | asyncpg.InternalClientError)
