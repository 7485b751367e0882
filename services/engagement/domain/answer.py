"""What a member is told after a check-in."""

from typing import Literal, NamedTuple

from services.engagement.domain.book import Recorded, Repeated

MILESTONES_DAYS = frozenset({7, 30, 100})

AnswerKind = Literal["first", "one_day", "streak", "milestone", "already"]


class Answer(NamedTuple):
    """Which text, and the days of the streak that it names."""

    kind: AnswerKind
    days: int


def answer_to(change: Recorded | Repeated) -> Answer:
    """The words for a check-in that counts, or for one more on the same date."""
    days = change.streak_days
    if isinstance(change, Repeated):
        return Answer("already", days)
    if days in MILESTONES_DAYS:
        return Answer("milestone", days)
    if days > 1:
        return Answer("streak", days)
    return Answer("first" if change.is_first else "one_day", days)
