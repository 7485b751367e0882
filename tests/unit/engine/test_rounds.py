"""Which timers fire before which events of a history."""

from datetime import UTC, datetime, timedelta
from typing import Any, cast

from shared.engine.event import Timer
from shared.engine.plan import Plan, Planned
from shared.engine.rounds import View, before_timers, premature, ready_timers, without_foreseen
from tests.builders import posted

NOON = datetime(2024, 3, 5, 12, tzinfo=UTC)


def at(minute: int, community: str = "tea") -> Planned:
    event = posted("hello", NOON + timedelta(minutes=minute), community=community)
    return Planned(cast(Any, None), cast(Any, None), event)


def timer(minute: int, kind: str, community: str = "tea") -> Timer:
    return Timer(community, kind, NOON + timedelta(minutes=minute), key=str(minute))


def test_a_foreseen_timer_fires_only_before_the_first_event_that_is_left() -> None:
    due = [timer(5, "look"), timer(7, "look"), timer(9, "other"), timer(7, "look", "rice")]
    left = without_foreseen(due, {"look"}, [at(6), at(8), at(30, "rice")])
    assert left == [timer(5, "look"), timer(9, "other"), timer(7, "look", "rice")]
    assert without_foreseen(due, {"look"}, []) == due


def test_timers_that_fire_together_wait_for_no_earlier_moment() -> None:
    view = View({}, Plan())
    due = [timer(1, "ask"), timer(2, "look"), timer(3, "look"), timer(4, "ask")]
    assert ready_timers(view, due, {"ask"}) == [timer(1, "ask"), timer(2, "look"), timer(4, "ask")]
    assert ready_timers(view, due) == [timer(1, "ask")]


def test_what_was_said_live_before_a_history_delays_no_part_of_it() -> None:
    """Its time is the real one, years later; in the same batch the history and its end."""
    years = 3 * 365 * 24 * 60
    events = [at(years), at(years + 1), at(1), at(5), at(7), at(years + 2)]
    assert before_timers(events, [timer(5, "look")]) == (events[:3], events[3:])
    asked = {"tea": NOON + timedelta(minutes=6)}
    assert premature(events, asked, asked) == (events[:4], events[4:])
    mixed = [at(years), at(0, "rice"), at(years), at(1), at(9, "rice"), at(7)]
    before, after = before_timers(mixed, [timer(5, "look")])
    assert (list(before), list(after)) == ([*mixed[:4], mixed[4]], [mixed[5]])


def test_a_community_with_timers_and_no_events_left_holds_up_nobody_elses() -> None:
    rice = [at(1, "rice"), at(5, "rice"), at(7, "rice")]
    assert before_timers(rice, [timer(2, "look"), timer(6, "look", "rice")]) == (rice[:2], rice[2:])
    assert before_timers(rice, [timer(2, "look")]) == (rice, [])


def test_events_of_one_community_are_cut_as_those_of_several_are() -> None:
    alone = [at(1), at(5), at(7)]
    assert before_timers(alone, [timer(5, "look")]) == (alone[:1], alone[1:])
    mixed = [at(1), at(5), at(6, "rice"), at(7)]
    before, after = before_timers(mixed, [timer(5, "look")])
    assert (list(before), list(after)) == ([mixed[0], mixed[2]], [mixed[1], mixed[3]])
    assert before_timers(alone, [timer(8, "look")]) == (alone, [])
