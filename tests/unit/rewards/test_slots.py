"""Cap and cooldown in event time."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from services.rewards.domain.rules import MessageRule
from services.rewards.domain.slots import NoSlot, refuse_slot

RULE = MessageRule(points=2, cooldown_seconds=60, paid_per_day_max=3)
MINUTE = 60_000


def give(moments: list[int]) -> list[int]:
    """The slots that messages at these moments win, in the order of arrival."""
    slots: list[int] = []
    for moment in moments:
        if refuse_slot(moment, slots, (), RULE) is None:
            slots.append(moment)
    return slots


def test_a_message_a_minute_after_a_paid_one_is_paid_and_one_sooner_is_not() -> None:
    assert refuse_slot(MINUTE, [0], (), RULE) is None
    assert refuse_slot(MINUTE - 1, [0], (), RULE) is NoSlot.COOLDOWN


def test_a_late_message_just_before_a_paid_one_is_not_paid() -> None:
    assert refuse_slot(0, [MINUTE - 1], (), RULE) is NoSlot.COOLDOWN
    assert refuse_slot(0, [MINUTE], (), RULE) is None


def test_the_cooldown_reaches_over_midnight() -> None:
    assert refuse_slot(0, [], [[-MINUTE + 1]], RULE) is NoSlot.COOLDOWN
    assert refuse_slot(0, [], [[-MINUTE], []], RULE) is None


def test_an_unpaid_message_starts_no_cooldown() -> None:
    assert give([0, MINUTE - 1, MINUTE]) == [0, MINUTE]


def test_the_fourth_of_three_is_refused_by_the_cap() -> None:
    assert refuse_slot(9 * MINUTE, [0, MINUTE, 2 * MINUTE], (), RULE) is NoSlot.CAP


@given(st.lists(st.integers(0, 10 * MINUTE), max_size=30))
def test_paid_messages_are_a_cooldown_apart_and_within_the_cap_in_whatever_order(moments: list[int]) -> None:
    slots = give(moments)
    assert len(slots) <= RULE.paid_per_day_max
    ordered = sorted(slots)
    assert all(later - earlier >= MINUTE for earlier, later in pairwise(ordered))


@given(st.lists(st.integers(0, 40), max_size=3, unique=True))
def test_without_a_conflict_the_order_of_arrival_does_not_matter(minutes: list[int]) -> None:
    moments = [minute * MINUTE for minute in minutes]
    shuffled = sorted(moments, key=lambda moment: (moment * 7_919) % 41)
    assert sorted(give(moments)) == sorted(give(shuffled)) == sorted(moments)
