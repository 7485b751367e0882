"""Brings earnings (no messages, no check-ins) to what is known of them, and pays or takes back."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from services.rewards.domain.earning import Claim, Earning, first_word
from services.rewards.domain.ledger import Movement
from services.rewards.domain.link import others
from services.rewards.domain.message import Message, MessageKey
from services.rewards.domain.reason import Reason
from services.rewards.domain.rules import RuleName, RuleSet
from services.rewards.domain.transaction_id import award_id, reversal_id
from services.rewards.handlers.posting import post
from services.rewards.store.earnings import (
    PlaceKey,
    count_paid,
    load_earnings,
    save_earnings,
)
from services.rewards.store.links import of_persons
from services.rewards.store.messages import load_messages
from services.rewards.store.rules import load_books
from shared.engine import Event, UnitOfWork

NO_LIMIT = 1_000_000
"""A rule without a limit of its own for a day."""


class Cause(NamedTuple):
    """What moves points: an event, or a person's act."""

    id: str
    occurred_at: datetime
    now: datetime

    @classmethod
    def of(cls, event: Event[Any]) -> "Cause":
        """An event as a cause."""
        return cls(event.id, event.occurred_at, event.now)


async def settle_claims(claims: Sequence[tuple[Cause, Claim]], work: UnitOfWork) -> None:
    """Fold the claims, in their order, into what is known; save, pay and take back."""
    connection = work.connection
    claims = await _from_others(claims, work)
    if not claims:
        return
    books = await load_books(connection, {claim.key[0] for _, claim in claims})
    earnings = await load_earnings(connection, dict.fromkeys(claim.key for _, claim in claims))
    about = dict.fromkeys(key for _, claim in claims if (key := _message(claim)))
    messages = await load_messages(connection, about) if about else {}
    places = await count_paid(connection, dict.fromkeys(_place(claim) for _, claim in claims))
    movements: list[Movement] = []
    for cause, claim in claims:
        before = earnings.get(claim.key) or first_word(claim)
        after = before.also(claim)
        if after is before:
            continue
        rules = books.at(claim.key[0], claim.occurred_at)
        after = _decide(after, claim, rules, messages, places)
        after, moved = settle(after, _stands(after, messages), cause, Reason.TAKEN_BACK)
        earnings[claim.key] = after
        movements += moved
    await save_earnings(connection, earnings.values())
    await post(work, movements)


async def _from_others(
    claims: Sequence[tuple[Cause, Claim]], work: UnitOfWork
) -> Sequence[tuple[Cause, Claim]]:
    """Without what somebody gives to another account of their own."""
    owners = {claim.key[:2] for _, claim in claims if claim.giver_id and claim.is_given}
    if not (known := await of_persons(work.connection, owners)):
        return claims
    return [
        (cause, claim)
        for cause, claim in claims
        if not claim.is_given
        or claim.giver_id not in others(claim.key[:2], known.get(claim.key[:2], ()), claim.occurred_at)
    ]


def settle(
    earning: Earning, stands: bool, cause: Cause, reason: Reason
) -> tuple[Earning, Sequence[Movement]]:
    """The earning as it stands now, and the points that move because of it."""
    if stands == earning.stands or not earning.points:
        return earning._replace(stands=stands), ()
    community_id, member_id, rule, subject = earning.key
    shared = (community_id, member_id, earning.points, rule, earning.rule_version, *cause)
    if stands:
        identifier = award_id(cause.id, f"{rule}\x1f{subject}", 0)
        return earning._replace(stands=True, award_id=identifier), [Movement(identifier, *shared)]
    assert earning.award_id is not None
    identifier = reversal_id(cause.id, earning.award_id)
    taken = Movement(identifier, *shared, earning.award_id, reason)
    return earning._replace(stands=False, award_id=None), [taken]


def _decide(
    earning: Earning,
    claim: Claim,
    rules: RuleSet,
    messages: Mapping[MessageKey, Message],
    places: dict[PlaceKey, int],
) -> Earning:
    """Whether it wins a place on its day, when it is first given; an answer must be one."""
    if earning.rule_version or not claim.is_given:
        return earning
    if claim.needs:
        message = messages.get((*claim.key[:2], claim.message_id))
        if message is None or claim.needs not in message.partners:
            return earning
    points, most = _worth(claim.key[2], rules)
    place = _place(claim)
    if points and places.get(place, 0) < most:
        places[place] = places.get(place, 0) + 1
        return earning._replace(points=points, rule_version=rules.version)
    return earning._replace(rule_version=rules.version)


def _worth(rule: str, rules: RuleSet) -> tuple[int, int]:
    """Points, and how often a day."""
    match rule:
        case RuleName.THANKS:
            return rules.thanks.points, rules.thanks.paid_per_day_max
        case RuleName.REACTION:
            return rules.reaction.points, rules.reaction.paid_per_day_max
        case RuleName.INTRODUCTION:
            return rules.introduction, NO_LIMIT
        case RuleName.EVENT:
            return rules.event, NO_LIMIT
        case RuleName.IDEA:
            return rules.idea, NO_LIMIT
    raise AssertionError(rule)


def _stands(earning: Earning, messages: Mapping[MessageKey, Message]) -> bool:
    message = messages.get((*earning.key[:2], earning.message_id))
    return earning.is_given and (message is None or message.ruling.stands)


def _place(claim: Claim) -> PlaceKey:
    return (*claim.key[:3], claim.day)


def _message(claim: Claim) -> MessageKey | None:
    return (*claim.key[:2], claim.message_id) if claim.message_id else None
