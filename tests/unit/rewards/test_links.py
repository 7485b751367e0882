"""What a linked account is given or loses is its main account's; who is whose person, and when."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.rewards.domain.ledger import Balance, Movement, Purse, Till, enter
from services.rewards.domain.link import TRIES_WITHIN, Link, Tries, carried_on, code_of, link_asked, others
from services.rewards.domain.people import Same, excluded_people
from services.rewards.domain.transaction_id import award_id, reversal_id

NOON = datetime(2024, 3, 5, 4, 0, tzinfo=UTC)
CAUSE = "018e0cc4-b263-8c1d-8755-3d685f791eea"
QQ, TG, SLACK = ("tea", "qq:1"), ("tea", "tg:1"), ("tea", "slack:1")
LINK = Link("018e0cc4-b263-8c1d-8755-000000000000", "tea", "qq:1", "tg:1", NOON)
OTHER = LINK._replace(account_id="slack:1", linked_at=NOON + timedelta(hours=1))


def moved(number: int, points: int, member: str) -> Movement:
    """An award, or below zero the reversal of one."""
    identifier = award_id(CAUSE, "message", number)
    award = Movement(identifier, "tea", member, abs(points), "message", 1, CAUSE, NOON, NOON)
    if points > 0:
        return award
    return award._replace(transaction_id=reversal_id(CAUSE, identifier), reverses=identifier)


@given(st.lists(st.tuples(st.integers(-9, 9).filter(bool), st.sampled_from(["qq:1", "tg:1"])), max_size=12))
def test_a_linked_account_is_empty_and_the_main_one_has_what_both_have(
    steps: list[tuple[int, str]],
) -> None:
    purses = {QQ: Purse(1, 2), TG: Purse(3, 4)}
    tills = {"tea": Till(5, {"transit": Balance(6)})}
    movements = [moved(number, points, member) for number, (points, member) in enumerate(steps)]
    followed, sums = carried_on(movements, {QQ: LINK})
    entries = enter(followed, purses, tills)
    assert (purses[QQ].wallet, purses[QQ].debt, tills["tea"].others["transit"].points) == (0, 0, 0)
    assert purses[TG].wallet + purses[TG].debt == sum(points for points, _ in steps)
    assert sums.get(LINK.link_id, 0) == sum(points for points, member in steps if member == "qq:1")
    ids = [each.transaction_id for each in followed]
    assert len(set(ids)) == len(ids)
    for identifier in ids:
        assert sum(each.amount for each in entries if each.transaction_id == identifier) == 0


def test_movements_of_others_are_followed_by_nothing() -> None:
    movements = [moved(1, 2, "tg:1"), moved(2, 2, "ann")]
    assert carried_on(movements, {QQ: LINK}) == (movements, {})


@pytest.mark.parametrize("owner", [QQ, TG, SLACK])
def test_accounts_are_one_person_from_the_moment_of_their_link(owner: tuple[str, str]) -> None:
    names = {"qq:1", "tg:1", "slack:1"}
    links = [LINK, OTHER]
    assert others(owner, links, NOON - timedelta(seconds=1)) == []
    first = {"qq:1", "tg:1"} - {owner[1]} if owner is not SLACK else set()
    assert set(others(owner, links, NOON)) == first
    assert set(others(owner, links, OTHER.linked_at)) == names - {owner[1]}


def test_a_code_is_six_digits_that_only_the_secret_tells() -> None:
    codes = [code_of(b"secret", TG, f"m{number}", 0) for number in range(200)]
    assert all(len(code) == 6 and code.isdecimal() for code in codes)
    assert len(set(codes)) > 190
    assert code_of(b"secret", TG, "m1", 0) == codes[1]
    seen = {codes[1], code_of(b"other", TG, "m1", 0), code_of(b"secret", QQ, "m1", 0)}
    assert len(seen | {code_of(b"secret", TG, "m1", 1)}) == 4
    assert all(link_asked(f"绑定{code}") == code for code in codes)


def test_wrong_codes_are_forgotten_after_an_hour() -> None:
    tries = Tries(NOON, 0)
    for number in range(5):
        tries = tries.also(NOON + timedelta(minutes=number), f"m{number}")
    assert tries.are_too_many(NOON + timedelta(minutes=59), 5)
    assert not tries.are_too_many(NOON + timedelta(minutes=59), 6)
    assert not tries.are_too_many(NOON + TRIES_WITHIN, 5)
    assert tries.also(NOON + TRIES_WITHIN).tries == 1


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        ({"qq:1": "left"}, {}),
        ({"qq:1": "left", "tg:1": "left"}, {"tg:1": "left"}),
        ({"qq:1": "sanctioned"}, {"tg:1": "sanctioned"}),
        ({"tg:1": "left", "qq:1": "held"}, {"tg:1": "held"}),
        ({"ann": "staff"}, {"ann": "staff"}),
    ],
)
def test_a_person_is_no_candidate_for_what_any_account_did(
    told: dict[str, str], expected: dict[str, str]
) -> None:
    assert excluded_people(told, [Same("qq:1", "tg:1")]) == expected


def test_ids_that_follow_a_movement_begin_with_its_time() -> None:
    followed, _ = carried_on([moved(1, 3, "qq:1")], {QQ: LINK})
    assert all(one.transaction_id[:13] == other.transaction_id[:13] for one, other in pairwise(followed))
