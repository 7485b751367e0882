"""How evenly members write: Gini, the share of the top tenth, the contributor absence factor."""

from collections.abc import Sequence


def gini(counts: Sequence[int]) -> float | None:
    """The Gini coefficient of positive counts, 0 to 1; None of nobody.

    For counts in ascending order x1..xn: 2 * sum(i * xi) / (n * sum(xi)) - (n + 1) / n.
    """
    total = sum(counts)
    if total <= 0:
        return None
    number = len(counts)
    weighed = sum(place * count for place, count in enumerate(sorted(counts), start=1))
    return 2 * weighed / (number * total) - (number + 1) / number


def top_tenth_share(counts: Sequence[int]) -> float | None:
    """The part of the sum that the largest tenth has, rounded up to whole members; None of nobody."""
    total = sum(counts)
    if total <= 0:
        return None
    return sum(sorted(counts, reverse=True)[: -(-len(counts) // 10)]) / total


def absence_factor(counts: Sequence[int]) -> int | None:
    """How few together have at least half of the sum (CHAOSS: contributor absence factor)."""
    half, gathered = sum(counts) / 2, 0
    if half <= 0:
        return None
    for place, count in enumerate(sorted(counts, reverse=True), start=1):
        gathered += count
        if gathered >= half:
            return place
    return len(counts)
