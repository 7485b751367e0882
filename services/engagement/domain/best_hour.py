"""The local hour at which a channel answers best, among those at which Hearth may speak."""

from collections.abc import Iterable, Mapping, Sequence

POSTS_MIN = 5
"""Fewer posts of an hour prove nothing about it."""
EVENING = 20
"""When nothing is known."""
Answers = Mapping[int, tuple[int, int, int]]
"""By local hour of the day: posts, those that were answered, replies."""


def share(posts: int, answered: int) -> float:
    """Of posts that were answered, with one answered of two supposed before (Laplace's rule)."""
    return (answered + 1) / (posts + 2)


def best_hour(answers: Answers, rates: Sequence[float], allowed: Iterable[int]) -> int:
    """Where posts are answered most; while no hour is proven, where most is written by hour of week.

    `rates`: usual messages by hour of week, empty while nothing is learned.
    """
    hours = sorted(allowed)
    proven = [hour for hour in hours if answers.get(hour, (0, 0, 0))[0] >= POSTS_MIN]
    if proven:
        return max(proven, key=lambda hour: (share(*answers[hour][:2]), -hour))
    if not rates or not hours:
        return EVENING
    return max(hours, key=lambda hour: (sum(rates[hour::24]), -hour))
