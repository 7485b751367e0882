"""Rows as `unnest` wants them."""

from collections.abc import Iterable


def columns_of(rows: Iterable[tuple[object, ...]], width: int) -> list[list[object]]:
    """Rows turned into one list for each column."""
    columns: list[list[object]] = [list(column) for column in zip(*rows, strict=True)]
    return columns or [[] for _ in range(width)]
