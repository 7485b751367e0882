"""The fold over a batch: who is exempt, what edits and deletions change, whom to tell."""

from hypothesis import given
from hypothesis import strategies as st

from services.moderation.domain.docket import Docket
from services.moderation.domain.message import Message
from services.moderation.domain.window import BURST_GAP_US, NOTHING, SECOND_US, Window
from shared.text import fingerprint_all, normalise
from tests.moderation_desk import judge_edited, judge_posted

AD = "兼职日结，加微信 abc12345"


def message(text: str, seconds: float = 0, name: str = "m", member: str = "ann") -> Message:
    """In the hall."""
    read = normalise(text)
    return Message(
        "tea", member, name, "hall", round(seconds * SECOND_US), read, fingerprint_all([read.text])[0]
    )


def test_an_ad_is_found_and_removed_once() -> None:
    docket = Docket({})
    judge_posted(docket, message(AD), 0)
    judge_edited(docket, message(AD), 1)
    assert [(each.finding.rule, each.cause) for each in docket.removals.values()] == [("contact_ad", 0)]
    assert len([each for each in docket.found.values() if each.finding.rule == "contact_ad"]) == 1


def test_an_edit_that_makes_an_ad_is_removed_with_the_time_of_the_original() -> None:
    docket = Docket({})
    judge_posted(docket, message("大家好", 0), 0)
    judge_edited(docket, message(AD, 90), 1)
    (removal,) = docket.removals.values()
    assert removal.message.posted_us == 0
    assert docket.windows["tea", "ann"].recent[0].removed


def test_an_edit_is_no_message_more() -> None:
    docket = Docket({})
    judge_posted(docket, message("大家好"), 0)
    for number in range(1, 20):
        judge_edited(docket, message("大家好", number), number)
    assert not docket.removals


def test_an_operator_may_and_may_edit() -> None:
    docket = Docket({})
    judge_posted(docket, message("大家好"), 0)
    docket.excuse("tea", "ann")
    judge_edited(docket, message(AD), 1)
    assert not docket.removals
    assert docket.windows["tea", "ann"].recent == ()


def test_one_who_is_no_operator_any_more_is_judged_again() -> None:
    docket = Docket({})
    docket.excuse("tea", "ann")
    judge_posted(docket, message("大家好"), 1)
    judge_edited(docket, message(AD), 2)
    assert len(docket.removals) == 1


def test_members_are_judged_apart() -> None:
    docket = Docket({})
    for number in range(12):
        judge_posted(docket, message("一起来抢红包", number, f"m{number}", f"member{number % 4}"), number)
    assert not docket.removals


def test_what_was_deleted_before_is_known_as_gone() -> None:
    docket = Docket({})
    docket.bury("tea", "m")
    judge_posted(docket, message(AD), 1)
    judge_posted(docket, message(AD, 1, "n"), 2)
    docket.bury("tea", "n")
    assert [each.was_gone for each in docket.removals.values()] == [True, False]


def test_both_rules_are_found_and_the_first_is_the_reason() -> None:
    docket = Docket({})
    for number in range(4):
        judge_posted(docket, message(AD, number, f"m{number}"), number)
    rules = {(each.message.message_id, each.finding.rule) for each in docket.found.values()}
    assert ("m3", "flood") in rules
    assert ("m3", "contact_ad") in rules
    assert {each.finding.rule for each in docket.removals.values()} == {"contact_ad"}


@given(st.lists(st.integers(0, 10 * BURST_GAP_US), min_size=1, max_size=30))
def test_a_burst_is_told_once(moments: list[int]) -> None:
    window, told = NOTHING, []
    for moment in sorted(moments):
        window, begins = window.tell(moment)
        if begins:
            told.append(moment)
    gaps = [later - earlier for earlier, later in zip(sorted(moments), sorted(moments)[1:], strict=False)]
    assert len(told) == 1 + sum(gap > BURST_GAP_US for gap in gaps)


def test_telling_members_and_alerting_operators_are_apart() -> None:
    window, _ = Window().tell(5)
    _, begins = window.alert(5)
    assert begins
