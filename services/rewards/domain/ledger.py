"""Double entry: how an award or a reversal moves points between issuer, wallet and debt.

Every transaction's amounts sum to zero. A wallet is never below zero. What a wallet cannot pay back becomes a
debt (an account at or below zero), and whatever is earned later repays the debt first; so a member with debt
has an empty wallet, and wallet + debt is what was awarded less what was reversed, in whatever order.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from hashlib import blake2b
from typing import NamedTuple

Owner = tuple[str, str]
"""community_id, member_id."""


class AccountKind(StrEnum):
    """What an account is for."""

    ISSUER = "issuer"
    """One per community, without a member: points come from here and go back to it."""
    WALLET = "wallet"
    DEBT = "debt"


class TransactionKind(StrEnum):
    """What a transaction does."""

    AWARD = "award"
    REVERSAL = "reversal"


class Reason(StrEnum):
    """Why points are taken back."""

    MESSAGE_REMOVED = "message_removed"
    MESSAGE_DELETED = "message_deleted"
    CHECKIN_REVOKED = "checkin_revoked"


class Movement(NamedTuple):
    """Points that go to a member, or, with `reverses`, are taken back."""

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

    @property
    def kind(self) -> TransactionKind:
        """Award or reversal."""
        return TransactionKind.REVERSAL if self.reverses else TransactionKind.AWARD

    @property
    def fingerprint(self) -> bytes:
        """Hash of what caused it, not of what came out: the same id with another one is a broken promise."""
        inputs = (self.community_id, self.member_id, self.rule, self.cause_id, self.reverses or "")
        return blake2b("\x1f".join(inputs).encode("utf-8", "surrogatepass"), digest_size=16).digest()


class Amounts(NamedTuple):
    """What one transaction adds to each account; the sum is zero."""

    issuer: int
    wallet: int
    debt: int


class Entry(NamedTuple):
    """One line of a transaction."""

    account_id: int
    transaction_id: str
    amount: int


@dataclass(slots=True)
class Purse:
    """A member's wallet (≥ 0) and debt (≤ 0) while a batch is folded."""

    wallet_id: int
    debt_id: int
    wallet: int = 0
    debt: int = 0


def amounts_of(points: int, is_reversal: bool, wallet: int, debt: int) -> Amounts:
    """The amounts of an award or reversal for a member who has this wallet and debt."""
    if is_reversal:
        paid = min(points, wallet)
        return Amounts(points, -paid, paid - points)
    repaid = min(points, -debt)
    return Amounts(-points, points - repaid, repaid)


def enter(
    movements: Iterable[Movement], purses: Mapping[Owner, Purse], issuers: Mapping[str, int]
) -> list[Entry]:
    """The entries of the movements in their order; the purses are brought up to date."""
    entries: list[Entry] = []
    for movement in movements:
        identifier, community_id = movement.transaction_id, movement.community_id
        purse = purses[community_id, movement.member_id]
        issuer, wallet, debt = amounts_of(
            movement.points, movement.reverses is not None, purse.wallet, purse.debt
        )
        entries.append(Entry(issuers[community_id], identifier, issuer))
        if wallet:
            purse.wallet += wallet
            entries.append(Entry(purse.wallet_id, identifier, wallet))
        if debt:
            purse.debt += debt
            entries.append(Entry(purse.debt_id, identifier, debt))
    return entries


def changes_of(entries: Iterable[Entry]) -> dict[int, int]:
    """What the entries add to each account."""
    changes: dict[int, int] = {}
    for account_id, _, amount in entries:
        changes[account_id] = changes.get(account_id, 0) + amount
    return changes
