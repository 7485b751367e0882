"""Rows as the columns that statements take through unnest."""

from collections.abc import Iterable, Sequence
from typing import Any


def columns_of(rows: Iterable[Sequence[Any]], width: int) -> list[list[Any]]:
    """A list for each of the first `width` fields of the rows."""
    known = list(rows)
    return [[row[column] for row in known] for column in range(width)]
