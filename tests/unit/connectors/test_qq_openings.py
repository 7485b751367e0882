"""QQ's bots answer: which message a text may answer, and for how long."""

from dataclasses import dataclass

import pytest

from connectors.qq.openings import ANSWERS_MAX, OPEN_SECONDS, Openings
from connectors.sdk.outcomes import NotYet


@dataclass(slots=True)
class Clock:
    now: float = 0.0

    def __call__(self) -> float:
        return self.now


def test_the_wanted_message_is_answered_else_the_newest() -> None:
    openings = Openings(Clock())
    openings.note("g", "one", 0)
    openings.note("g", "two", 0)
    assert openings.take("g", "one") == ("one", 1)
    assert openings.take("g", "gone") == ("two", 1)
    assert openings.take("g", None) == ("two", 2)
    with pytest.raises(NotYet):
        openings.take("another", None)


def test_a_message_is_answered_five_times_in_five_minutes() -> None:
    clock = Clock()
    openings = Openings(clock)
    openings.note("g", "one", 0)
    openings.note("g", "old", OPEN_SECONDS)
    assert [openings.take("g", None)[1] for _ in range(ANSWERS_MAX)] == [1, 2, 3, 4, 5]
    with pytest.raises(NotYet):
        openings.take("g", "one")
    openings.note("g", "two", 10)
    clock.now = OPEN_SECONDS - 10.5
    assert openings.take("g", None) == ("two", 1)
    clock.now = OPEN_SECONDS - 9.5
    with pytest.raises(NotYet):
        openings.take("g", None)
