"""What is kept of each contract, and what never is."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from services.reporting.domain.fact import Fact
from services.reporting.handlers.read_facts import AMOUNT, FACTS, read_facts
from shared.contracts.chat import MemberJoined, MessagePosted, ReactionAdded
from shared.contracts.commands import SendMessage
from shared.contracts.contract import Contract
from shared.contracts.engagement import CheckinRecorded
from shared.contracts.moderation import MessageRemoved, MessageRestored
from shared.contracts.registry import CONTRACTS
from shared.contracts.rewards import PointsAwarded
from shared.engine import Poison
from tests.builders import NOON, at, event, posted, profile

CANARY = "canary-2f8a"
WORDS = ("text", "reason", "evidence", "detail", "title", "member_name", "reaction", "thread", "tags")
CLOSED: dict[str, Any] = {"attachments": (), "reply_to": None}
NO_FACTS = {
    "clock.set", "member.forgotten", "community.profile", "connector.state", "progress.lane",
    "progress.community",
}  # fmt: skip


def read(data: Contract, occurred_at: datetime = NOON, **fields: Any) -> Fact:
    (fact,) = read_facts([event(data, occurred_at, **fields)])
    return fact


def example(contract: type[Contract]) -> Contract:
    """One whose free words all are the canary; nothing else of it matters."""
    values: dict[str, Any] = {
        name: CANARY if name in WORDS else f"some-{name}" for name in contract.model_fields
    }
    known = CLOSED | {
        "local_date": date(2024, 3, 1),
        "posted_at": NOON,
        "is_bot": False,
        **dict.fromkeys(AMOUNT, 1),
    }
    values |= {name: value for name, value in known.items() if name in values}
    return contract.model_construct(**values)


def test_every_contract_that_tells_of_a_community_is_read() -> None:
    assert {each.TYPE for each in FACTS} == {each.TYPE for each in CONTRACTS} - NO_FACTS


@pytest.mark.parametrize("contract", FACTS, ids=lambda contract: contract.TYPE)
def test_a_fact_holds_no_words_of_people(contract: type[Contract]) -> None:
    data = example(contract)
    fact = read(data)
    assert fact.type == contract.TYPE
    assert CANARY not in str(fact)
    assert fact.member_id == getattr(data, "member_id", None)
    assert fact.channel_id == getattr(data, "channel_id", None)


def test_a_message_keeps_its_length_and_whom_it_answers() -> None:
    (fact,) = read_facts([posted("你好呀", message="m1", reply_to_member="ben")])
    assert (fact.subject_id, fact.other_member_id, fact.amount, fact.is_bot) == ("m1", "ben", 3, False)


def test_an_award_keeps_its_points_and_rule() -> None:
    award = PointsAwarded(
        community_id="tea", transaction_id="t", member_id="ann", points=7, rule="checkin", cause_id="c"
    )
    fact = read(award)
    assert (fact.subject_id, fact.label, fact.amount) == ("t", "checkin", 7)


def test_a_command_keeps_its_purpose() -> None:
    command = SendMessage(
        community_id="tea", purpose="flood", cause_id="c", expires_at=at(minutes=5), member_id="ann", text="x"
    )
    assert read(command).label == "flood"


def test_reactions_and_joins_keep_the_second_person() -> None:
    reaction = ReactionAdded(
        community_id="tea", channel_id="hall", message_id="m", member_id="ben", reaction="👍", author_id="ann"
    )
    joined = MemberJoined(community_id="tea", member_id="ben", invited_by="ann", is_bot=True)
    assert read(reaction).other_member_id == read(joined).other_member_id == "ann"
    assert read(joined).is_bot


def test_a_check_in_counts_for_its_own_date() -> None:
    data = CheckinRecorded(
        community_id="tea",
        member_id="ann",
        local_date=date(2024, 3, 4),
        message_id="m",
        channel_id="hall",
        streak_days=9,
    )
    fact = read(data)
    assert (fact.local_date, fact.amount, fact.is_late) == (date(2024, 3, 4), 9, True)


def test_a_removal_and_its_undoing_count_for_the_day_of_the_message() -> None:
    posted_at = at(days=-1)
    common: dict[str, Any] = {
        "community_id": "tea", "message_id": "m", "member_id": "ann", "channel_id": "hall",
        "posted_at": posted_at,
    }  # fmt: skip
    removed = read(MessageRemoved(**common, rule="flood"))
    restored = read(MessageRestored(**common, restored_by="op"), at(days=3))
    assert removed.local_date == restored.local_date == date(2024, 3, 4)


def test_a_fact_is_late_when_its_day_is_over_on_the_communitys_clock() -> None:
    evening = datetime(2024, 3, 5, 15, 59, 59, tzinfo=UTC)
    in_time = read_facts([posted("x", evening, now=evening)])
    after_midnight = read_facts([posted("x", evening, now=evening + timedelta(seconds=1))])
    assert [fact.is_late for fact in in_time + after_midnight] == [False, True]


def test_the_zone_is_that_of_each_community() -> None:
    late = datetime(2024, 3, 5, 20, tzinfo=UTC)
    batch = [
        posted("x", late),
        posted("x", late, community="apple", about=profile("apple", time_zone="America/New_York")),
    ]
    assert [fact.local_date for fact in read_facts(batch)] == [date(2024, 3, 6), date(2024, 3, 5)]


def test_a_time_that_the_calendar_lacks_is_poison() -> None:
    with pytest.raises(Poison):
        read_facts([posted("x", datetime(9999, 12, 31, 20, tzinfo=UTC))])


def test_only_messages_have_a_length() -> None:
    fact = read(MessagePosted(community_id="tea", channel_id="c", message_id="m", member_id="a", text=""))
    assert fact.amount == 0
