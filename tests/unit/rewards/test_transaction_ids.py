"""Ids of transactions: the same for the same cause, others for anything else, in the order of time."""

from datetime import timedelta
from uuid import UUID

from services.rewards.domain.transaction_id import award_id, reversal_id
from tests.builders import NOON, at, posted

CAUSE = posted("茶").id


def test_the_same_cause_rule_and_decision_give_the_same_id_for_ever() -> None:
    assert award_id("018e0cc4-ae00-8ebf-a15e-8410c9367277", "message", 0) == (
        "018e0cc4-ae00-8c39-801a-b48c817e267e"
    )


def test_another_cause_rule_decision_or_act_gives_another_id() -> None:
    ids = {
        award_id(CAUSE, "message", 0),
        award_id(posted("茶", member="ben").id, "message", 0),
        award_id(CAUSE, "checkin", 0),
        award_id(CAUSE, "message", 2),
        reversal_id(CAUSE, award_id(CAUSE, "message", 0)),
        reversal_id(CAUSE, award_id(CAUSE, "message", 2)),
    }
    assert len(ids) == 6


def test_ids_are_uuids_of_version_eight_in_the_order_of_their_causes() -> None:
    ids = [award_id(posted("茶", at(seconds)).id, "message", 0) for seconds in range(5)]
    assert ids == sorted(ids)
    assert {UUID(each).version for each in ids} == {8}
    assert UUID(ids[0]).int >> 80 == (NOON - NOON.fromtimestamp(0, NOON.tzinfo)) // timedelta(milliseconds=1)
