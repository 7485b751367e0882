"""What rewards answers over HTTP."""

from datetime import datetime
from typing import Literal
from uuid import UUID

import asyncpg
from pydantic import BaseModel

from services.rewards.api.texts import TEXTS
from services.rewards.domain.accounts import TransactionKind
from services.rewards.domain.reason import Reason
from services.rewards.domain.rules import RuleName
from services.rewards.domain.score import Standing

KNOWN = {"award": frozenset({*RuleName, "adjustment"}), "reversal": frozenset(Reason)}


class BalanceDocument(BaseModel):
    """What a member has, and what is repaid first from later earnings; never both above zero."""

    community_id: str
    member_id: str
    balance: int
    debt: int
    pending: int
    """Set aside for redemptions that are not confirmed."""
    held: int
    """Set aside while an operator looks at how it was earned."""


class LineDocument(BaseModel):
    """One transaction of a member's statement."""

    transaction_id: UUID
    kind: TransactionKind
    points: int
    """Below zero when they were taken back."""
    wallet_change: int
    debt_change: int
    """Above zero when a debt grew, below when it was repaid."""
    pending_change: int
    held_change: int
    rule: str
    rule_version: int
    reason: str
    cause_id: str
    """The event that moved the points."""
    reverses: UUID | None
    occurred_at: datetime
    recorded_at: datetime
    text: str
    """The same for the member, in the caller's language."""

    @classmethod
    def of(cls, row: asyncpg.Record, locale: str) -> "LineDocument":
        """A row of the statement."""
        known = dict(row)
        moved = {name: known.pop(name) for name in ("wallet", "debt", "pending", "held")}
        known["points"] = moved["wallet"] + moved["debt"]
        return cls(
            transaction_id=known.pop("id"),
            wallet_change=moved["wallet"],
            debt_change=-moved["debt"],
            pending_change=moved["pending"],
            held_change=moved["held"],
            text=TEXTS.say(locale, _key(row), points=row["points"]),
            **known,
        )


def _key(row: asyncpg.Record) -> str:
    """The text of a transaction; one by a rule that this version does not know has a plain one."""
    kind, why = row["kind"], row["reason"] if row["reverses"] else row["rule"]
    if kind not in KNOWN:
        return f"move.{kind}"
    return f"{kind}.{why}" if why in KNOWN[kind] else f"{kind}.other"


class PartDocument(BaseModel):
    """Where a part of a score comes from."""

    name: str
    score: int
    text: str


class StandingDocument(BaseModel):
    """A member's place in a month; the parts sum to the score."""

    rank: int
    member_id: str
    score: int
    parts: list[PartDocument]
    last_at: datetime
    """The last moment that counts; of equal scores the earlier stands higher."""

    @classmethod
    def of(cls, standing: Standing, locale: str) -> "StandingDocument":
        """A standing in the caller's language."""
        parts = [
            PartDocument(name=name, score=score, text=TEXTS.say(locale, f"part.{name}"))
            for name, score in standing.parts.items()
        ]
        return cls(
            rank=standing.rank,
            member_id=standing.member_id,
            score=standing.score,
            parts=parts,
            last_at=standing.last_at,
        )


class MonthDocument(BaseModel):
    """A calendar month of a community: while it is open its top is how things stand, then it is final."""

    community_id: str
    month: str
    state: Literal["open", "closing", "published", "choosing", "fulfilled", "closed"]
    closes_at: datetime
    """Not before; it also waits until moderation and engagement have told all of their facts."""
    closed_at: datetime | None
    candidates: int
    top: list[StandingDocument]
    evidence_hash: str | None
    score_version: int
    late_facts: int
    """Facts that came after the close and changed nothing."""
    excluded: dict[str, str]
    """By member why they are no candidate: staff, left, sanctioned, held."""
    dead_letters: int
    """Records of the month that were set aside; its close waited for them in vain."""
    honours: dict[str, tuple[str, int]]
    """By part of the score who has most of it, and how much."""
    text: str
    """The honour list, ready for the chat."""


class CheckDocument(BaseModel):
    """The books of a community, added up from its entries."""

    community_id: str
    consistent: bool
    accounts: int
    entries: int
    entries_sum: int
    """Always zero."""
    wrong_balances: int
    """Accounts whose balance is not the sum of their entries; always zero."""
    unpaid_debts: int
    """Members with points and a debt; always zero."""
    outstanding: int
    """Points that members hold, less their debts."""

    @classmethod
    def of(cls, community_id: str, row: asyncpg.Record) -> "CheckDocument":
        """The sums, judged."""
        consistent = not (row["entries_sum"] or row["wrong_balances"] or row["unpaid_debts"])
        return cls(community_id=community_id, consistent=consistent, **row)
