"""What rewards answers of its books."""

from collections.abc import Mapping
from datetime import date, datetime

import asyncpg
from pydantic import BaseModel

from services.rewards.handlers.seal_books import Verified


class LiabilityDocument(BaseModel):
    """What a community owes its members; `issued` is the sum of all others."""

    community_id: str
    issued: int
    """All points ever issued, less what was taken back."""
    redeemed: int
    expired: int
    outstanding: int
    """What members hold: wallets, pending and held, less their debts."""
    wallets: int
    pending: int
    held: int
    debts: int
    budget: int
    """What operators may still give away."""
    promised: int
    """What of it is set aside for red packets and lotteries."""

    @classmethod
    def of(cls, community_id: str, sums: Mapping[str, int]) -> "LiabilityDocument":
        """From the sums of balances by kind of account."""
        held = {name: sums.get(name, 0) for name in ("wallet", "pending", "held", "debt")}
        return cls(
            community_id=community_id,
            issued=-sums.get("issuer", 0),
            redeemed=sums.get("redeemed", 0),
            expired=sums.get("expired", 0),
            outstanding=sum(held.values()),
            wallets=held["wallet"],
            pending=held["pending"],
            held=held["held"],
            debts=-held["debt"],
            budget=sums.get("gift_budget", 0),
            promised=sums.get("promised", 0),
        )


class SealDocument(BaseModel):
    """The books of a day, as SHA-256 over all its transactions and the seal before."""

    day: date
    transactions: int
    previous: str
    hash: str
    sealed_at: datetime

    @classmethod
    def of(cls, row: asyncpg.Record) -> "SealDocument":
        """A seal's row."""
        hashes = {"previous": row["previous"].hex(), "hash": row["hash"].hex()}
        return cls(day=row["day"], transactions=row["transactions"], sealed_at=row["sealed_at"], **hashes)


class DifferenceDocument(BaseModel):
    """Something that is not what it must be."""

    kind: str
    subject: str
    found: str
    expected: str


class VerifiedDocument(BaseModel):
    """What was recomputed from the entries, and every difference (at most 100 of each kind)."""

    community_id: str
    consistent: bool
    transactions: int
    seals: int
    months: int
    differences: list[DifferenceDocument]

    @classmethod
    def of(cls, community_id: str, found: Verified) -> "VerifiedDocument":
        """The result of a verification."""
        return cls(
            community_id=community_id,
            consistent=not found.differences,
            transactions=found.transactions,
            seals=found.seals,
            months=found.months,
            differences=[
                DifferenceDocument(
                    kind=each.kind, subject=each.subject, found=each.found, expected=each.expected
                )
                for each in found.differences
            ],
        )
