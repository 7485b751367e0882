"""What reporting keeps of each contract: which of its fields become a fact's columns."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from xxhash import xxh3_64_intdigest

from services.reporting.domain.fact import Fact
from services.reporting.domain.local_day import Today
from services.reporting.domain.message_form import form_of
from shared.contracts.chat import CHAT_CONTRACTS, ClockSet, MemberForgotten, MessagePosted
from shared.contracts.commands import COMMAND_CONTRACTS, RECEIPT_CONTRACTS
from shared.contracts.connectors import ConnectorGap
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
        ConnectorGap,
    )
    if contract not in (ClockSet, MemberForgotten)
)
"""Every contract that tells of a community; clocks, profiles and progress are the engine's business.

That somebody is forgotten is obeyed, and not kept as a fact that would name them."""

# The first name of each list that is a field of a contract is the one that is kept.
SUBJECT = (
    "message_id", "command_id", "appeal_id", "sanction_id", "case_id", "seed_id", "warmup_id", "event_id",
    "session_id", "transaction_id", "redemption_id", "gift_id", "request_id",
)  # fmt: skip
OTHER_MEMBER = (
    "reply_to_member", "author_id", "invited_by", "removed_by", "deleted_by", "restored_by", "applied_by",
    "lifted_by", "resolved_by", "decided_by", "answered_by", "moved_by", "cancelled_by",
)  # fmt: skip
LABEL = (
    "rule", "purpose", "failure", "verdict", "outcome", "kind", "chosen_by", "held_out", "scale", "currency",
)  # fmt: skip
AMOUNT = (
    "points", "streak_days", "level", "waited_seconds", "candidates", "messages", "silent_minutes",
    "minor_units",
)  # fmt: skip
"""Of a message, which has none of these, the length of its text; its label is its form."""
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

    return Kept(contract.TYPE, first(SUBJECT), first(OTHER_MEMBER), first(LABEL), first(AMOUNT), first(DAY))


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
            read = _message if type(event.data) is MessagePosted else _fact
            facts.append(read(event, zone, today.of(event.now, zone)))
        except OverflowError:
            raise Poison("the date lies outside the calendar") from None
    return facts


def _message(event: Event[MessagePosted], zone: ZoneInfo, today: date) -> Fact:
    """The most frequent of all; what it says remains as its length and form."""
    data = event.data
    local = event.occurred_at.astimezone(zone)
    day = local.date()
    thread = data.thread
    return Fact(
        event.id,
        data.community_id,
        event.occurred_at,
        day,
        local.hour,
        MessagePosted.TYPE,
        data.member_id,
        data.channel_id,
        data.message_id,
        data.reply_to_member,
        form_of(data.text, [each.kind for each in data.attachments] if data.attachments else ()),
        len(data.text),
        data.is_bot,
        day < today,
        data.reply_to,
        None if thread is None else _thread_key(data.channel_id, thread),
    )


def _thread_key(channel_id: str, thread: str) -> int:
    """64 bits, signed as the database has them: the name of a thread is what somebody wrote."""
    name = f"{channel_id}\n{thread}".encode("utf-8", "surrogatepass")
    return xxh3_64_intdigest(name) - (1 << 63)


def _fact(event: Event[Any], zone: ZoneInfo, today: date) -> Fact:
    kept = KEPT[type(event.data)]
    # fields by name, absent ones as None: three times as fast as attributes with defaults
    field = vars(event.data).get
    day = field(kept.day)
    local = (day if isinstance(day, datetime) else event.occurred_at).astimezone(zone)
    if not isinstance(day, date) or isinstance(day, datetime):
        day = local.date()
    return Fact(
        event.id,
        field("community_id"),
        event.occurred_at,
        day,
        local.hour,
        kept.type,
        field("member_id"),
        field("channel_id"),
        field(kept.subject),
        field(kept.other_member),
        _label(field(kept.label)),
        field(kept.amount) or 0,
        field("is_bot", False),
        day < today,
        None,
        None,
    )


def _label(value: Any) -> str | None:
    """A word, or what stands for a yes: `held_out` of a warm-up that was measured."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return None if value is None else str(value)
