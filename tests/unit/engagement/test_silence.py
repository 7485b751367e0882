"""When a channel is cold, and when it is looked at next."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.engagement.domain.pulse import PAUSES, RECENT_KEPT, Pulse, Said
from services.engagement.domain.silence import (
    ColdRule,
    Pauses,
    expected_between,
    is_cold,
    next_look,
    on_grid,
    step_of,
)

MONDAY = datetime(2024, 3, 4, tzinfo=UTC)
RULE = ColdRule()
NEVER = Pauses([0.0] * 8, [0.0] * 8, [0.0] * 8, [0.0] * 8)
BUSY = [0.0] * 9 + [6.0] * 13 + [0.0] * 2
WEEK = BUSY * 7


def at(hour: float) -> datetime:
    return MONDAY + timedelta(hours=hour)


@pytest.mark.parametrize(
    ("last", "now", "cold"),
    [
        (12.0, 12.70, False),  # 42 minutes
        (12.0, 12.75, True),  # 45 minutes, and more than three gaps
        (21.0, 22.5, False),  # people are not about
        (21.9, 33.1, False),  # a night is no silence of the morning
        (21.9, 33.5, True),
    ],
)
def test_cold_is_silence_at_an_hour_when_people_write(last: float, now: float, cold: bool) -> None:
    assert is_cold(at(last), at(now), WEEK, NEVER, RULE, "UTC") is cold


def test_three_usual_gaps_are_waited_for_where_little_is_written() -> None:
    slow = [0.5] * 168
    assert not is_cold(at(10), at(15.9), slow, NEVER, RULE, "UTC")
    assert is_cold(at(10), at(16), slow, NEVER, RULE, "UTC")


def test_a_pause_that_people_end_themselves_is_let_be() -> None:
    ended = Pauses([100.0] * 8, [90.0] * 2 + [0.0] * 6, [0.0] * 8, [0.0] * 8)
    assert not is_cold(at(12), at(13), WEEK, ended, RULE, "UTC")
    assert is_cold(at(12), at(13.5), WEEK, ended, RULE, "UTC")


@given(st.floats(0, 160), st.lists(st.floats(0, 12), min_size=24, max_size=24))
def test_the_next_look_finds_a_cold_channel_and_none_was_cold_a_step_before(
    last: float, day: list[float]
) -> None:
    rates, last_at = day * 7, at(last)
    look = next_look(last_at, last_at, rates, NEVER, RULE, "UTC")
    if look is None:
        return
    assert is_cold(last_at, look + timedelta(seconds=1), rates, NEVER, RULE, "UTC")
    assert look == on_grid(look, step_of(look - last_at)) or look.minute % 15 == 0


@given(st.floats(0, 100), st.floats(0, 100), st.floats(0, 100))
def test_what_is_expected_adds_up(one: float, two: float, three: float) -> None:
    a, b, c = sorted((one, two, three))
    whole = expected_between(at(a), at(c), WEEK, "UTC")
    parts = expected_between(at(a), at(b), WEEK, "UTC") + expected_between(at(b), at(c), WEEK, "UTC")
    assert whole == pytest.approx(parts)


def test_a_message_counts_once_and_late_ones_as_long_as_they_can_be_told_apart() -> None:
    pulse = Pulse()
    day = RULE.active

    def hear(minute: float, name: str) -> bool:
        return pulse.hear(Said(at(10 + minute / 60), name), day, lambda moment: moment.time())

    assert [hear(0, "a"), hear(5, "b"), hear(0, "a"), hear(3, "late"), hear(3, "late")] == [
        True, True, False, True, False,
    ]  # fmt: skip
    for number in range(RECENT_KEPT):
        hear(10 + number, f"m{number}")
    assert not hear(4, "too late")
    assert [each > 0 for each in pulse.reached] == [False] * len(PAUSES)
    hear(10 + RECENT_KEPT + 70, "after a pause")
    assert [round(each) for each in pulse.reached[:3]] == [1, 1, 0]
    assert [round(each) for each in pulse.resumed[:3]] == [1, 1, 0]
