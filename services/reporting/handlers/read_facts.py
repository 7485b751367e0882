"""What reporting keeps of each contract: which of its fields become a fact's columns."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from services.reporting.domain.fact import Fact
from services.reporting.domain.local_day import Today, local_date
from shared.contracts.chat import CHAT_CONTRACTS, ClockSet, MessagePosted
from shared.contracts.commands import COMMAND_CONTRACTS, RECEIPT_CONTRACTS
from shared.contracts.contract import Contract
from shared.contracts.engagement import ENGAGEMENT_CONTRACTS
from shared.contracts.moderation import MODERATION_CONTRACTS
from shared.contracts.rewards import REWARDS_CONTRACTS
from shared.engine import Event, Poison

FACTS: tuple[type[Contract], ...] = tuple(
    contract
    for contract in (
        *CHAT_CONTRACTS,
        *COMMAND_CONTRACTS,
        *RECEIPT_CONTRACTS,
        *MODERATION_CONTRACTS,
        *ENGAGEMENT_CONTRACTS,
        *REWARDS_CONTRACTS,
    )
    if contract is not ClockSet
)
"""Every contract that tells of a community; clocks, profiles and progress are the engine's business."""

# The first name of each list that is a field of a contract is the one that is kept.
SUBJECT = (
    "message_id", "command_id", "appeal_id", "sanction_id", "case_id", "seed_id", "warmup_id", "event_id",
    "session_id", "transaction_id", "redemption_id", "gift_id", "request_id",
)  # fmt: skip
OTHER_MEMBER = (
    "reply_to_member", "author_id", "invited_by", "removed_by", "deleted_by", "restored_by", "applied_by",
    "lifted_by", "resolved_by", "decided_by", "answered_by", "moved_by", "cancelled_by",
)  # fmt: skip
LABEL = ("rule", "purpose", "failure", "verdict", "outcome", "kind", "chosen_by")
AMOUNT = ("points", "streak_days", "level", "waited_seconds", "candidates")
"""Of a message, which has none of these, the length of its text."""
DAY = ("local_date", "posted_at")
"""Where a contract says itself which day it changes: a check-in its date, a removal when it was posted."""


@dataclass(frozen=True, slots=True)
class Kept:
    """Names of the fields that are kept of one contract; None where it has none of that sort."""

    type: str
    subject: str | None
    other_member: str | None
    label: str | None
    amount: str | None
    day: str | None


def _kept(contract: type[Contract]) -> Kept:
    def first(names: tuple[str, ...]) -> str | None:
        return next((name for name in names if name in contract.model_fields), None)

    amount = "text" if contract is MessagePosted else first(AMOUNT)
    return Kept(contract.TYPE, first(SUBJECT), first(OTHER_MEMBER), first(LABEL), amount, first(DAY))


KEPT: Mapping[type[Contract], Kept] = {contract: _kept(contract) for contract in FACTS}


def read_facts(batch: Iterable[Event[Any]]) -> list[Fact]:
    """A fact for each event, in order. Raises `Poison` for a time that the community's calendar lacks."""
    zones: dict[str, ZoneInfo] = {}
    today = Today()
    facts = []
    for event in batch:
        name = event.profile.time_zone
        zone = zones.get(name)
        if zone is None:
            zone = zones[name] = ZoneInfo(name)
        try:
            facts.append(_fact(event, zone, today.of(event.now, zone)))
        except OverflowError:
            raise Poison("the date lies outside the calendar") from None
    return facts


def _fact(event: Event[Any], zone: ZoneInfo, today: date) -> Fact:
    kept = KEPT[type(event.data)]
    # fields by name, absent ones as None: three times as fast as attributes with defaults
    field = vars(event.data).get
    occurred_at = event.occurred_at
    day = field(kept.day)
    if not isinstance(day, date) or isinstance(day, datetime):
        day = local_date(day or occurred_at, zone)
    amount = field(kept.amount) or 0
    return Fact(
        event.id,
        field("community_id"),
        occurred_at,
        day,
        kept.type,
        field("member_id"),
        field("channel_id"),
        field(kept.subject),
        field(kept.other_member),
        field(kept.label),
        len(amount) if isinstance(amount, str) else amount,
        field("is_bot", False),
        day < today,
    )
