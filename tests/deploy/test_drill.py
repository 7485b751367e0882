"""The drill's judgement and its stream; the drill itself is `make drill`."""

from dataclasses import replace
from itertools import islice

import pytest

from deploy.drill.__main__ import misses, report
from deploy.drill.rolling import Books, Outcome, Restart
from deploy.drill.traffic import Traffic
from shared.contracts.partitioning import partition_of
from shared.contracts.topics import PARTITIONS

RESTART = Restart("rewards", 0, 3.2, (0.4, 2.0, 2.5), 50, 0)
BOOKS = Books("rewards", 1000, 0, reconciles=True)
WELL = Outcome(100.0, 1000, 20, 900, 900, 10.0, (RESTART,), (BOOKS,))


def test_a_drill_that_went_well_misses_nothing() -> None:
    assert misses(WELL) == []
    assert "| rewards | 0 | 3.2 | 0.4 s | 2.0 s | 2.5 s | 50 | 0 |" in report(WELL)


def test_what_was_asked_held_lost_and_doubled_is_told_line_by_line() -> None:
    assert report(WELL).splitlines()[:6] == [
        "rate asked: 100 events a second",
        "rate held: 98 events a second",
        "published: 1000 events in 10 s (100 a second); 20 waited when the stream ended",
        "lost: 0",
        "doubled: 0",
        "kept by reporting: 900 of 900 messages",
    ]


def test_lost_and_doubled_are_told_even_of_services_that_differ() -> None:
    books = (replace(BOOKS, handled=997), replace(BOOKS, handled=1002))
    told = report(replace(WELL, books=books)).splitlines()
    assert {"lost: 3", "doubled: 2"} <= set(told)


@pytest.mark.parametrize(
    "slow",
    [replace(WELL, behind=300), replace(WELL, published=600, books=(replace(BOOKS, handled=600),), behind=0)],
    ids=["services", "stream"],
)
def test_on_a_machine_that_does_not_hold_the_rate_seconds_are_told_and_not_judged(slow: Outcome) -> None:
    restart = replace(RESTART, stop_seconds=41.0, pauses=(9.0, 15.0, 20.0))
    slow = replace(slow, restarts=(restart,))
    assert misses(slow) == []
    assert f"rate held: {slow.held:.0f} events a second" in report(slow)
    assert "told and not judged" in report(slow)
    assert f"`--rate {int(slow.held * 0.8) // 10 * 10}` judges them" in report(slow)
    assert "| rewards | 0 | 41.0 |" in report(slow)


def test_what_is_lost_or_fails_is_missed_at_any_rate() -> None:
    slow = replace(WELL, behind=500)
    assert "1 events lost" in misses(replace(slow, books=(replace(BOOKS, handled=999),)))[0]
    assert "ended with code 1" in misses(replace(slow, restarts=(replace(RESTART, exit_code=1),)))[0]


@pytest.mark.parametrize(
    ("outcome", "told"),
    [
        (replace(WELL, restarts=(replace(RESTART, exit_code=1),)), "ended with code 1"),
        (replace(WELL, restarts=(replace(RESTART, stop_seconds=40.0),)), "took 40.0 s to end"),
        (replace(WELL, restarts=(replace(RESTART, pauses=(1.0, 10.0, 12.0)),)), "stood for 10.0 s"),
        (replace(WELL, restarts=(replace(RESTART, failed=2),)), "2 of 50 requests to rewards failed"),
        (replace(WELL, books=(replace(BOOKS, handled=999),)), "1 events lost, 0 doubled"),
        (replace(WELL, books=(replace(BOOKS, handled=1001),)), "0 events lost, 1 doubled"),
        (replace(WELL, books=(replace(BOOKS, dead=1),)), "set 1 records aside"),
        (replace(WELL, books=(replace(BOOKS, reconciles=False),)), "sums of rewards do not fit"),
        (replace(WELL, kept=899), "reporting has 899 of 900 messages"),
    ],
)
def test_every_bar_that_is_missed_is_told(outcome: Outcome, told: str) -> None:
    (miss,) = misses(outcome)
    assert told in miss


def test_the_stream_feeds_every_lane_and_says_the_same_for_the_same_seed() -> None:
    events = list(islice(Traffic().events(), 3_000))
    assert {partition_of(event.community_id) for event in events} == set(range(PARTITIONS))
    assert events == list(islice(Traffic().events(), 3_000))
    assert events != list(islice(Traffic(seed=8).events(), 3_000))
