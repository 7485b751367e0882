"""The monthly score: parts, order, and the hash that shows any change of the evidence."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.rewards.domain.score import MemberFacts, ScoreRule, evidence_hash, parts_of, standings

NOON = datetime(2024, 3, 5, 4, tzinfo=UTC)
MONTH = date(2024, 3, 1)

facts = st.builds(
    MemberFacts,
    member_id=st.text("abc", min_size=1, max_size=2),
    messages=st.integers(0, 5),
    checkins=st.integers(0, 2),
    talked_with=st.integers(0, 3),
    last_at=st.integers(0, 3).map(lambda minutes: NOON + timedelta(minutes=minutes)),
)
candidates = st.lists(facts, max_size=8, unique_by=lambda each: each.member_id)


def member(
    name: str, messages: int = 0, checkins: int = 0, talked_with: int = 0, minute: int = 0
) -> MemberFacts:
    return MemberFacts(name, messages, checkins, talked_with, NOON + timedelta(minutes=minute))


def test_a_score_is_messages_and_five_for_a_checkin_and_two_for_each_person() -> None:
    (standing,) = standings([member("ann", messages=7, checkins=3, talked_with=4)])
    assert standing.parts == {"messages": 7, "checkins": 15, "talked_with": 8}
    assert standing.score == 30


def test_equal_scores_go_to_whoever_had_them_earlier_and_then_by_id() -> None:
    tied = [
        member("dan", 5, minute=2),
        member("ben", 5, minute=1),
        member("ann", 5, minute=2),
        member("cat", 6),
    ]
    assert [each.member_id for each in standings(tied)] == ["cat", "ben", "ann", "dan"]


def test_whoever_has_no_score_does_not_stand() -> None:
    assert standings([member("ann"), member("ben", 1)])[0].member_id == "ben"
    assert len(standings([member("ann"), member("ben", 1)])) == 1


@given(candidates)
def test_parts_sum_to_the_score_and_ranks_follow_it(members: list[MemberFacts]) -> None:
    table = standings(members)
    assert [each.rank for each in table] == list(range(1, len(table) + 1))
    assert all(sum(each.parts.values()) == each.score > 0 for each in table)
    assert [each.score for each in table] == sorted((each.score for each in table), reverse=True)


@given(candidates.flatmap(lambda members: st.tuples(st.just(members), st.permutations(members))))
def test_the_order_in_which_candidates_are_read_does_not_matter(
    orders: tuple[list[MemberFacts], list[MemberFacts]],
) -> None:
    members, shuffled = orders
    assert standings(shuffled) == standings(members)
    assert evidence_hash("tea", MONTH, shuffled) == evidence_hash("tea", MONTH, members)


@pytest.mark.parametrize(
    "change",
    [
        {"messages": 6},
        {"checkins": 1},
        {"talked_with": 1},
        {"last_at": NOON + timedelta(microseconds=1)},
        {"member_id": "ben"},
    ],
)
def test_any_changed_fact_changes_the_hash(change: dict[str, object]) -> None:
    before = member("ann", 5)
    after = replace(before, **change)  # type: ignore[arg-type]
    assert evidence_hash("tea", MONTH, [before]) != evidence_hash("tea", MONTH, [after])


def test_the_hash_names_community_month_and_version_of_the_score() -> None:
    hashes = {
        evidence_hash("tea", MONTH, []),
        evidence_hash("tee", MONTH, []),
        evidence_hash("tea", date(2024, 4, 1), []),
        evidence_hash("tea", MONTH, [], ScoreRule(version=2)),
    }
    assert len(hashes) == 4


def test_weights_are_data() -> None:
    rule = ScoreRule(version=2, checkin_weight=1, talked_with_weight=10)
    assert parts_of(member("ann", 1, 1, 1), rule) == {"messages": 1, "checkins": 1, "talked_with": 10}
