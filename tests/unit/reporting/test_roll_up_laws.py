"""Roll-ups are sums, extremes and sets: neither order nor batching can matter."""

from collections import Counter
from datetime import UTC, date, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from services.reporting.domain.fact import Fact
from services.reporting.domain.roll_up import RollUp, roll_up

DAY = date(2024, 3, 5)
facts = st.builds(
    Fact,
    event_id=st.uuids().map(str),
    community_id=st.sampled_from(["tea", "apple"]),
    occurred_at=st.datetimes(datetime(2024, 3, 1), datetime(2024, 3, 9), timezones=st.just(UTC)),
    local_date=st.integers(0, 3).map(lambda days: DAY + timedelta(days=days)),
    type=st.sampled_from(["message.posted", "points.awarded", "member.joined"]),
    member_id=st.sampled_from(["ann", "ben", None]),
    channel_id=st.none(),
    subject_id=st.none(),
    other_member_id=st.none(),
    label=st.none(),
    amount=st.integers(0, 9),
    is_bot=st.booleans(),
    is_late=st.booleans(),
)


def together(parts: list[RollUp]) -> tuple[object, ...]:
    """What several additions make of empty tables."""
    events: Counter[object] = Counter()
    amounts: Counter[object] = Counter()
    days: dict[object, list[tuple[int, int, datetime, datetime]]] = {}
    for part in parts:
        for count in part.counts:
            events[count[:4]] += count.events
            amounts[count[:4]] += count.amount
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
    return events, amounts, summed, {each for part in parts for each in part.active}


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
        [count[:4] for count in added.counts],
        [change[:2] for change in added.days],
        list(added.active),
    )
    for rows in keys:
        assert rows == sorted(set(rows))


def test_bots_and_those_who_only_come_in_are_not_active() -> None:
    common = ("hall", None, None, None, 0)
    moment = datetime(2024, 3, 5, tzinfo=UTC)
    rows = [
        Fact("1", "tea", moment, DAY, "message.posted", "ann", *common, False, False),
        Fact("2", "tea", moment, DAY, "message.posted", "helper", *common, True, False),
        Fact("3", "tea", moment, DAY, "member.joined", "ben", *common, False, False),
    ]
    assert [each.member_id for each in roll_up(rows).active] == ["ann"]
