"""Laws of the ledger, over any sequence of awards, reversals and spendings."""

from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from services.rewards.domain.accounts import PATHS, TransactionKind
from services.rewards.domain.ledger import (
    Balance,
    Movement,
    NotEnough,
    Purse,
    Till,
    changes,
    changes_of,
    enter,
    taken,
)
from services.rewards.domain.ledger import given as given_lines

NOW = datetime(2024, 3, 5, tzinfo=UTC)
OWNER = ("tea", "ann")
ISSUER, WALLET, DEBT = 1, 2, 3

points = st.integers(1, 50)


def movement(number: int, amount: int, reverses: str | None = None, cause: str = "cause") -> Movement:
    return Movement(f"t{number}", *OWNER, amount, "message", 1, cause, NOW, NOW, reverses)


@given(points, st.integers(0, 100), st.integers(0, 100))
def test_what_is_taken_comes_from_wallet_then_held_and_the_rest_is_a_debt(
    amount: int, wallet: int, held: int
) -> None:
    lines = dict(taken(amount, wallet, held))
    assert sum(lines.values()) == -amount
    assert lines["wallet"] == -min(amount, wallet)
    assert lines["held"] == -min(amount - min(amount, wallet), held)
    assert lines["debt"] == min(0, wallet + held - amount)


@given(points, st.integers(0, 100))
def test_an_award_repays_the_debt_before_it_fills_the_wallet(amount: int, debt: int) -> None:
    lines = dict(given_lines(amount, -debt))
    assert lines["debt"] == min(amount, debt)
    assert lines["wallet"] == amount - lines["debt"]


@given(st.sampled_from(TransactionKind), points, *[st.integers(0, 100)] * 3)
def test_every_kind_of_transaction_sums_to_zero_and_takes_no_more_than_there_is(
    kind: TransactionKind, amount: int, wallet: int, debt: int, other: int
) -> None:
    purse = Purse(1, 2, wallet if not debt else 0, -debt)
    purse.others = {name: Balance(9, other) for name in ("pending", "held")}
    owned = ("gift_budget", "promised", "redeemed", "expired", "transit")
    till = Till(3, {name: Balance(8, other) for name in owned})
    before = {**{name: each.points for name, each in (purse.others | till.others).items()},
              "wallet": purse.wallet, "debt": purse.debt, "issuer": 0}  # fmt: skip
    source = PATHS[kind][0]
    if source not in (None, "issuer") and before[source] < amount:
        with pytest.raises(NotEnough):
            changes(kind, amount, purse, till)
        return
    lines = changes(kind, amount, purse, till)
    assert sum(change for _, change in lines) == 0
    assert all(before[name] + change >= 0 for name, change in lines if name not in ("issuer", "debt"))
    assert all(before[name] + change <= 0 for name, change in lines if name == "debt")


def test_a_fingerprint_is_of_the_cause_and_not_of_the_points() -> None:
    assert movement(1, 2).fingerprint == movement(1, 3).fingerprint
    assert movement(1, 2).fingerprint != movement(1, 2, cause="another").fingerprint
    assert movement(1, 2).fingerprint != movement(1, 2, reverses="t0").fingerprint
    assert movement(1, 2).fingerprint != movement(1, 2)._replace(member_id="ben").fingerprint


class Books(RuleBasedStateMachine):
    """A member who earns, loses and spends in any order, a batch at a time."""

    def __init__(self) -> None:
        super().__init__()
        self.balances = {ISSUER: 0, WALLET: 0, DEBT: 0}
        self.open_awards: dict[str, int] = {}
        self.awarded = self.reversed_points = self.spent = self.number = 0

    def post(self, movements: list[Movement]) -> None:
        purse = Purse(WALLET, DEBT, self.balances[WALLET], self.balances[DEBT])
        entries = enter(movements, {OWNER: purse}, {"tea": Till(ISSUER)})
        for each in movements:
            assert sum(entry.amount for entry in entries if entry.transaction_id == each.transaction_id) == 0
        for account, change in changes_of(entries).items():
            self.balances[account] += change
        assert (purse.wallet, purse.debt) == (self.balances[WALLET], self.balances[DEBT])

    def next(self) -> int:
        self.number += 1
        return self.number

    @rule(amounts=st.lists(points, min_size=1, max_size=4))
    def award(self, amounts: list[int]) -> None:
        movements = [movement(self.next(), amount) for amount in amounts]
        self.open_awards |= {each.transaction_id: each.points for each in movements}
        self.awarded += sum(amounts)
        self.post(movements)

    @precondition(lambda self: self.open_awards)
    @rule(data=st.data())
    def reverse(self, data: st.DataObject) -> None:
        identifier = data.draw(st.sampled_from(sorted(self.open_awards)))
        amount = self.open_awards.pop(identifier)
        self.reversed_points += amount
        self.post([movement(self.next(), amount, reverses=identifier)])

    @precondition(lambda self: self.balances[WALLET] > 0)
    @rule(data=st.data())
    def spend(self, data: st.DataObject) -> None:
        amount = data.draw(st.integers(1, self.balances[WALLET]))
        self.balances[WALLET] -= amount
        self.balances[ISSUER] += amount
        self.spent += amount

    @rule(amount=points)
    def award_and_reverse_in_one_batch(self, amount: int) -> None:
        award = movement(self.next(), amount)
        self.awarded += amount
        self.reversed_points += amount
        self.post([award, movement(self.next(), amount, reverses=award.transaction_id)])

    @invariant()
    def books_are_right(self) -> None:
        assert sum(self.balances.values()) == 0
        assert self.balances[WALLET] >= 0 >= self.balances[DEBT]
        assert self.balances[WALLET] == 0 or self.balances[DEBT] == 0
        assert self.balances[WALLET] + self.balances[DEBT] == (
            self.awarded - self.reversed_points - self.spent
        )


TestBooks = Books.TestCase
TestBooks.settings = settings(max_examples=40, stateful_step_count=20, deadline=None)
