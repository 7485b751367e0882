"""The accounts of a community and of its members, and what each kind of transaction moves between them."""

from collections.abc import Mapping
from enum import StrEnum


class AccountKind(StrEnum):
    """What an account is for."""

    ISSUER = "issuer"
    """Points come from here and go back to it; minus what was issued."""
    REDEEMED = "redeemed"
    """What was spent on gifts."""
    EXPIRED = "expired"
    BUDGET = "gift_budget"
    """What operators may give away: red packets, lotteries, compensation."""
    PROMISED = "promised"
    """What of the budget is set aside for a red packet or a lottery."""
    TRANSIT = "transit"
    """Empty but on the way between two accounts of one person."""
    WALLET = "wallet"
    DEBT = "debt"
    PENDING = "pending"
    """Set aside for a redemption that is not confirmed."""
    HELD = "held"
    """Set aside while somebody looks at how it was earned."""


class TransactionKind(StrEnum):
    """What a transaction does."""

    AWARD = "award"
    REVERSAL = "reversal"
    RESERVE = "reserve"
    CONFIRM = "confirm"
    CANCEL = "cancel"
    FUND = "fund"
    DEFUND = "defund"
    PROMISE = "promise"
    RETURN = "return"
    GRANT = "grant"
    COMPENSATE = "compensate"
    DEDUCT = "deduct"
    HOLD = "hold"
    RELEASE = "release"
    VOID = "void"
    EXPIRE = "expire"
    LEAVE = "leave"
    ARRIVE = "arrive"
    ASSUME = "assume"
    """A debt of another account of the same person is taken over."""


MEMBER = None
"""Given: the debt first, then the wallet. Taken: the wallet first, then what is held, the rest as debt."""
PATHS: Mapping[TransactionKind, tuple[AccountKind | None, AccountKind | None]] = {
    TransactionKind.AWARD: (AccountKind.ISSUER, MEMBER),
    TransactionKind.REVERSAL: (MEMBER, AccountKind.ISSUER),
    TransactionKind.RESERVE: (AccountKind.WALLET, AccountKind.PENDING),
    TransactionKind.CONFIRM: (AccountKind.PENDING, AccountKind.REDEEMED),
    TransactionKind.CANCEL: (AccountKind.PENDING, MEMBER),
    TransactionKind.FUND: (AccountKind.ISSUER, AccountKind.BUDGET),
    TransactionKind.DEFUND: (AccountKind.BUDGET, AccountKind.ISSUER),
    TransactionKind.PROMISE: (AccountKind.BUDGET, AccountKind.PROMISED),
    TransactionKind.RETURN: (AccountKind.PROMISED, AccountKind.BUDGET),
    TransactionKind.GRANT: (AccountKind.PROMISED, MEMBER),
    TransactionKind.COMPENSATE: (AccountKind.BUDGET, MEMBER),
    TransactionKind.DEDUCT: (AccountKind.WALLET, AccountKind.ISSUER),
    TransactionKind.HOLD: (AccountKind.WALLET, AccountKind.HELD),
    TransactionKind.RELEASE: (AccountKind.HELD, MEMBER),
    TransactionKind.VOID: (AccountKind.HELD, AccountKind.ISSUER),
    TransactionKind.EXPIRE: (AccountKind.WALLET, AccountKind.EXPIRED),
    TransactionKind.LEAVE: (AccountKind.WALLET, AccountKind.TRANSIT),
    TransactionKind.ARRIVE: (AccountKind.TRANSIT, MEMBER),
    TransactionKind.ASSUME: (MEMBER, AccountKind.TRANSIT),
}
"""From which account to which."""
OF_MEMBERS = frozenset({AccountKind.WALLET, AccountKind.DEBT, AccountKind.PENDING, AccountKind.HELD})
AMONG_OWN = frozenset(
    kind for kind, path in PATHS.items() if all(each is MEMBER or each in OF_MEMBERS for each in path)
)
"""What moves points between accounts of one member only."""


def needs(kind: TransactionKind) -> frozenset[AccountKind]:
    """The accounts beyond issuer, wallet and debt that a kind of transaction needs."""
    ordinary = {AccountKind.ISSUER, AccountKind.WALLET}
    return frozenset(each for each in PATHS[kind] if each is not MEMBER and each not in ordinary)
