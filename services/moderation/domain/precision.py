"""How often people overturn a rule, and when it must no longer act by itself."""

VERDICTS_MAX = 50
"""Only the newest verdicts count."""
VERDICTS_MIN = 10
"""Fewer say nothing."""
OVERTURNED_SHARE_MAX = 0.2


def must_fall_back(judged: int, overturned: int) -> bool:
    """Whether so many overturned of so many judged are too many."""
    return judged >= VERDICTS_MIN and overturned > OVERTURNED_SHARE_MAX * judged
