"""Roll-ups are sums, extremes and sets: neither order nor batching can matter."""

from collections import Counter, defaultdict
from datetime import UTC, date, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from services.reporting.domain.fact import Fact
from services.reporting.domain.roll_up import RollUp, roll_up
from services.reporting.domain.threads import Thread, ThreadName, Voice, merged

DAY = date(2024, 3, 5)
facts = st.builds(
    Fact,
    event_id=st.uuids().map(str),
    community_id=st.sampled_from(["tea", "apple"]),
    occurred_at=st.datetimes(datetime(2024, 3, 1), datetime(2024, 3, 9), timezones=st.just(UTC)),
    local_date=st.integers(0, 3).map(lambda days: DAY + timedelta(days=days)),
    local_hour=st.integers(0, 23),
    type=st.sampled_from(["message.posted", "points.awarded", "member.joined", "member.left"]),
    member_id=st.sampled_from(["ann", "ben", None]),
    channel_id=st.sampled_from(["hall", None]),
    subject_id=st.none(),
    other_member_id=st.none(),
    label=st.sampled_from(["text", "question", None]),
    amount=st.integers(0, 9),
    is_bot=st.booleans(),
    is_late=st.booleans(),
    answers_id=st.sampled_from(["m1", None]),
    thread_key=st.sampled_from([1, 2, None]),
)


def together(parts: list[RollUp]) -> tuple[object, ...]:
    """What several additions make of empty tables."""
    sums: dict[object, Counter[int]] = defaultdict(Counter)
    days: dict[object, list[tuple[int, int, datetime, datetime]]] = {}
    for part in parts:
        for rows, key in ((part.counts, 5), (part.channels, 5), (part.hours, 5), (part.active, 4)):
            for row in rows:
                for place, value in enumerate(row[key:]):
                    sums[(type(row), *row[:key])][place] += value
        for change in part.days:
            days.setdefault(change[:2], []).append(change[2:])
    summed = {
        key: (
            sum(r[0] for r in rows),
            sum(r[1] for r in rows),
            min(r[2] for r in rows),
            max(r[3] for r in rows),
        )
        for key, rows in days.items()
    }
    return sums, summed, {each for part in parts for each in part.presences}


@given(st.lists(facts, max_size=30), st.data())
def test_any_order_and_any_batching_add_up_to_the_same(given_facts: list[Fact], data: st.DataObject) -> None:
    shuffled = data.draw(st.permutations(given_facts))
    cut = data.draw(st.integers(0, len(shuffled)))
    whole = together([roll_up(given_facts)])
    assert together([roll_up(shuffled[:cut]), roll_up(shuffled[cut:])]) == whole
    assert together([roll_up([fact]) for fact in shuffled]) == whole


@given(st.lists(facts, max_size=30))
def test_every_fact_is_counted_once(given_facts: list[Fact]) -> None:
    added = roll_up(given_facts)
    assert sum(count.events for count in added.counts) == len(given_facts)
    assert sum(change.events for change in added.days) == len(given_facts)
    assert sum(change.late_events for change in added.days) == sum(fact.is_late for fact in given_facts)


@given(st.lists(facts, max_size=30))
def test_rows_come_sorted_by_key_so_that_locks_are_taken_in_one_order(given_facts: list[Fact]) -> None:
    added = roll_up(given_facts)
    keys: tuple[list[tuple[object, ...]], ...] = (
        [count[:5] for count in added.counts],
        [count[:5] for count in added.channels],
        [count[:5] for count in added.hours],
        [change[:2] for change in added.days],
        [each[:4] for each in added.active],
        [each[:2] for each in added.members],
        list(added.presences),
    )
    for rows in keys:
        assert rows == sorted(set(rows))


def test_bots_and_those_who_only_come_in_are_not_active() -> None:
    moment = datetime(2024, 3, 5, tzinfo=UTC)

    def fact(number: str, kind: str, member: str, is_bot: bool) -> Fact:
        about = (member, "hall", None, None, None, 0)
        return Fact(number, "tea", moment, DAY, 8, kind, *about, is_bot, False, None, None)

    rows = [
        fact("1", "message.posted", "ann", False),
        fact("2", "message.posted", "helper", True),
        fact("3", "member.joined", "ben", False),
    ]
    added = roll_up(rows)
    assert {each.member_id for each in added.active} == {"ann"}
    assert {each.member_id for each in added.members} == {"ann", "ben"}


voices = st.builds(
    Voice,
    at=st.datetimes(datetime(2024, 3, 5), datetime(2024, 3, 5, 0, 1), timezones=st.just(UTC)),
    member_id=st.sampled_from(["ann", "ben", "cat"]),
    on=st.just(DAY),
)


@given(st.lists(voices, min_size=1, max_size=12), st.data())
def test_a_thread_is_the_same_in_whatever_order_its_messages_come(
    heard: list[Voice], data: st.DataObject
) -> None:
    def state(parts: list[list[Voice]]) -> dict[ThreadName, Thread]:
        known: dict[ThreadName, Thread] = {}
        for part in parts:
            known |= {each[:2]: each for each in merged(known, {("tea", 1): part})}
        return known

    expected = state([heard])
    shuffled = data.draw(st.permutations(heard))
    assert state([[voice] for voice in shuffled]) == expected
    first = min(heard, key=lambda voice: (voice.at, voice.member_id))
    others = [voice.at for voice in heard if voice.member_id != first.member_id]
    assert expected["tea", 1].opened_by == first.member_id
    assert expected["tea", 1].answered_at == min(others, default=None)
