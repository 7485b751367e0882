"""Takes back what a removed message earned, and gives it again when the message is restored."""

from collections.abc import Sequence
from dataclasses import dataclass

from services.rewards.domain.calendar import month_of
from services.rewards.domain.earning import Earning
from services.rewards.domain.facts import FactChanges
from services.rewards.domain.ledger import Movement
from services.rewards.domain.message import Message, MessageKey, Ruling
from services.rewards.domain.reason import Reason
from services.rewards.domain.rules import RuleName
from services.rewards.domain.transaction_id import award_id, reversal_id
from services.rewards.handlers.counting import count
from services.rewards.handlers.opening import FROZEN_STATES
from services.rewards.handlers.posting import post
from services.rewards.handlers.settling import Cause, settle
from services.rewards.store.earnings import load_about, save_earnings
from services.rewards.store.messages import load_messages, save_messages
from services.rewards.store.months import load_states
from shared.contracts.chat import MessageDeleted
from shared.contracts.moderation import MessageRemoved, MessageRestored
from shared.engine import Event, UnitOfWork

Judgement = MessageRemoved | MessageRestored | MessageDeleted


@dataclass(frozen=True, slots=True)
class JudgeMessages:
    """Rulings about messages; they may be here before the messages themselves, and then wait for them."""

    async def __call__(self, batch: Sequence[Event[Judgement]], work: UnitOfWork) -> None:
        """Load the messages, fold the rulings, save, post."""
        words = [
            (event, key, word) for event in batch if (key := _key(event.data)) and (word := _word(event))
        ]
        if not words:
            return
        messages = await load_messages(work.connection, dict.fromkeys(key for _, key, _ in words))
        months = {(each.key[0], month_of(each.day)) for each in messages.values() if each.day}
        states = await load_states(work.connection, months) if months else {}
        changes = FactChanges(frozenset(key for key, state in states.items() if state in FROZEN_STATES))
        earnings = await load_about(work.connection, dict.fromkeys(key for _, key, _ in words))
        movements: list[Movement] = []
        for event, key, word in words:
            before = messages.get(key) or Message(key)
            messages[key], moved = _settle(before, event, word)
            _count(before, messages[key], changes)
            movements += moved
            if key in earnings and messages[key].ruling.stands != before.ruling.stands:
                earnings[key], moved = _resettle(earnings[key], messages[key], event, word)
                movements += moved
        await save_earnings(work.connection, (each for about in earnings.values() for each in about))
        await save_messages(work.connection, messages.values())
        await count(work, changes)
        await post(work, movements)


def _key(data: Judgement) -> MessageKey | None:
    return (data.community_id, data.member_id, data.message_id) if data.member_id else None


def _word(event: Event[Judgement]) -> Ruling | None:
    """What the event says about its message, or None when it changes nothing for rewards."""
    match event.data:
        case MessageRemoved(decision=decision):
            return Ruling(removed=decision)
        case MessageRestored(decision=decision):
            return Ruling(restored=decision)
        case MessageDeleted(member_id=author, deleted_by=actor):
            return Ruling(is_deleted=True) if actor and actor != author else None


def _settle(before: Message, event: Event[Judgement], word: Ruling) -> tuple[Message, list[Movement]]:
    """The message with one more word about it, and the points that move because of it."""
    after = before._replace(ruling=before.ruling.also(word))
    if after.ruling.stands == before.ruling.stands or not after.points:
        return after, []
    at = event.occurred_at
    shared = (*after.key[:2], after.points, RuleName.MESSAGE, after.rule_version, event.id, at, event.now)
    if after.ruling.stands:
        identifier = award_id(event.id, RuleName.MESSAGE, after.ruling.restored)
        return after._replace(award_id=identifier), [Movement(identifier, *shared)]
    assert before.award_id is not None
    reason = Reason.MESSAGE_DELETED if word.is_deleted else Reason.MESSAGE_REMOVED
    identifier = reversal_id(event.id, before.award_id)
    return after._replace(award_id=None), [Movement(identifier, *shared, before.award_id, reason)]


def _resettle(
    about: Sequence[Earning], message: Message, event: Event[Judgement], word: Ruling
) -> tuple[list[Earning], list[Movement]]:
    """What was earned by a message goes and comes back with it: reactions to it, thanks for it."""
    reason = Reason.MESSAGE_DELETED if word.is_deleted else Reason.MESSAGE_REMOVED
    settled: list[Earning] = []
    movements: list[Movement] = []
    for earning in about:
        after, moved = settle(earning, earning.is_given and message.ruling.stands, Cause.of(event), reason)
        settled.append(after)
        movements += moved
    return settled, movements


def _count(before: Message, after: Message, changes: FactChanges) -> None:
    """What the word changes in the month's facts; a message that is not here yet changes nothing."""
    if after.day is None or after.posted_at is None or before.ruling.stands == after.ruling.stands:
        return
    community_id, member_id, _ = after.key
    key = (community_id, after.day, member_id)
    if after.ruling.stands:
        changes.add_message(key, after.posted_at, after.partners)
    else:
        changes.take_message(key, after.partners)
