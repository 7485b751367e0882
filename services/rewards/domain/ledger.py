"""Double entry: the lines of each transaction, and what the accounts hold while a batch is folded.

Every transaction's amounts sum to zero. Only the issuer and a debt are ever below zero. What a member cannot
pay back becomes a debt, and whatever the member is given later repays the debt first; so a member with debt
has an empty wallet, and wallet + held + debt is what was given less what was taken, in whatever order.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import blake2b
from typing import NamedTuple

from services.rewards.domain.accounts import MEMBER, OF_MEMBERS, PATHS, AccountKind, TransactionKind

Owner = tuple[str, str]
"""community_id, member_id; the community's own accounts have no member id."""


class NotEnough(Exception):
    """An account does not hold what a transaction takes from it."""

    def __init__(self, kind: str, held: int, needed: int) -> None:
        super().__init__(f"{kind} holds {held}, {needed} are needed")
        self.kind, self.held, self.needed = kind, held, needed


class Movement(NamedTuple):
    """Points that move in a community: an award, with `reverses` its reversal, or what `does` says."""

    transaction_id: str
    community_id: str
    member_id: str
    points: int
    """Above zero."""
    rule: str
    rule_version: int
    cause_id: str
    """The event that moves the points."""
    occurred_at: datetime
    announced_at: datetime
    reverses: str | None = None
    reason: str = ""
    does: TransactionKind | None = None

    @property
    def kind(self) -> TransactionKind:
        """What it does."""
        if self.does is not None:
            return self.does
        return TransactionKind.REVERSAL if self.reverses else TransactionKind.AWARD

    @property
    def fingerprint(self) -> bytes:
        """Hash of what caused it, not of what came out: the same id with another one is a broken promise."""
        inputs = [self.community_id, self.member_id, self.rule, self.cause_id, self.reverses or ""]
        if self.does is not None:
            inputs += [self.does, str(self.points)]
        return blake2b("\x1f".join(inputs).encode("utf-8", "surrogatepass"), digest_size=16).digest()


class Entry(NamedTuple):
    """One line of a transaction."""

    account_id: int
    transaction_id: str
    amount: int


@dataclass(slots=True)
class Balance:
    """An account while a batch is folded."""

    id: int
    points: int = 0


@dataclass(slots=True)
class Purse:
    """A member's accounts while a batch is folded: wallet (≥ 0), debt (≤ 0), and those opened on need."""

    wallet_id: int
    debt_id: int
    wallet: int = 0
    debt: int = 0
    others: dict[str, Balance] = field(default_factory=dict)
    earned: int = 0
    """All that was ever earned before this batch, less what was taken back."""
    earning: int = 0
    """What of it this batch adds."""
    least: int = 0
    """The least that `earning` is on the way."""
    most: int = 0

    @property
    def lowest(self) -> int:
        """The least that was ever earned at any time of the batch."""
        return self.earned + self.least

    @property
    def highest(self) -> int:
        """The most."""
        return self.earned + max(self.most, self.earning)

    def earn(self, points: int) -> None:
        """Earn so much, or lose it when it is below zero."""
        self.most = max(self.most, self.earning)
        self.earning += points
        self.least = min(self.least, self.earning)


@dataclass(slots=True)
class Till:
    """A community's own accounts while a batch is folded."""

    issuer_id: int
    others: dict[str, Balance] = field(default_factory=dict)


Change = tuple[AccountKind, int]


def given(points: int, debt: int) -> list[Change]:
    """What a member with this debt (≤ 0) is given: the debt is repaid first."""
    repaid = min(points, -debt)
    return [(AccountKind.WALLET, points - repaid), (AccountKind.DEBT, repaid)]


def taken(points: int, wallet: int, held: int = 0) -> list[Change]:
    """What is taken from a member, more than there is as a debt."""
    paid = min(points, wallet)
    from_held = min(points - paid, held)
    return [
        (AccountKind.WALLET, -paid),
        (AccountKind.HELD, -from_held),
        (AccountKind.DEBT, paid + from_held - points),
    ]


def changes(kind: TransactionKind, points: int, purse: Purse | None, till: Till | None) -> list[Change]:
    """What a transaction adds to each account; the sum is zero. Raises `NotEnough`."""
    source, target = PATHS[kind]
    lines: list[Change] = []
    if source is MEMBER:
        assert purse is not None
        held = purse.others.get(AccountKind.HELD)
        lines += taken(points, purse.wallet, held.points if held else 0)
    else:
        has = _has(source, purse, till)
        if has is not None and has < points:
            raise NotEnough(source, has, points)
        lines.append((source, -points))
    if target is MEMBER:
        assert purse is not None
        lines += given(points, purse.debt)
    else:
        lines.append((target, points))
    return [line for line in lines if line[1]]


def _has(kind: AccountKind, purse: Purse | None, till: Till | None) -> int | None:
    """What the account holds; None: without limit."""
    if kind is AccountKind.ISSUER:
        return None
    if kind is AccountKind.WALLET and purse is not None:
        return purse.wallet
    found = _others(kind, purse, till).get(kind)
    return found.points if found else 0


def _others(kind: AccountKind, purse: Purse | None, till: Till | None) -> dict[str, Balance]:
    """Where an account that only some transactions need is, if it is open."""
    owner = purse if kind in OF_MEMBERS else till
    return owner.others if owner is not None else {}


def enter(
    movements: Iterable[Movement], purses: Mapping[Owner, Purse], tills: Mapping[str, Till]
) -> list[Entry]:
    """The entries of the movements in their order; purses and tills are brought up to date.

    A community's till is needed unless all is `AMONG_OWN`. Raises `NotEnough`.
    """
    entries: list[Entry] = []
    for movement in movements:
        identifier, community_id, points = movement[0], movement[1], movement.points
        purse, till = purses.get((community_id, movement.member_id)), tills.get(community_id)
        # nearly all: an award to a member without debt
        if movement.does is None and movement.reverses is None and purse is not None and not purse.debt:
            assert till is not None
            purse.wallet += points
            purse.earning += points
            entries.append(Entry(till.issuer_id, identifier, -points))
            entries.append(Entry(purse.wallet_id, identifier, points))
            continue
        if purse is not None and movement.does is None:
            purse.earn(-points if movement.reverses is not None else points)
        for kind, amount in changes(movement.kind, points, purse, till):
            entries.append(Entry(_book(kind, amount, purse, till), identifier, amount))
    return entries


def _book(kind: AccountKind, amount: int, purse: Purse | None, till: Till | None) -> int:
    """Change the balance; returns the account's id."""
    if kind is AccountKind.ISSUER:
        assert till is not None
        return till.issuer_id
    if kind is AccountKind.WALLET and purse is not None:
        purse.wallet += amount
        return purse.wallet_id
    if kind is AccountKind.DEBT and purse is not None:
        purse.debt += amount
        return purse.debt_id
    balance = _others(kind, purse, till)[kind]
    balance.points += amount
    return balance.id


def changes_of(entries: Iterable[Entry]) -> dict[int, int]:
    """What the entries add to each account."""
    sums: dict[int, int] = {}
    for account_id, _, amount in entries:
        sums[account_id] = sums.get(account_id, 0) + amount
    return sums
