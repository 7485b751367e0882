"""Tells two members who go at each other in private to cool down, and operators to have a look."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from services.moderation import metrics
from services.moderation.domain.dispute import (
    NOTHING,
    Exchange,
    Pair,
    PairKey,
    heat_of,
    is_about_abuse,
    pair_of,
    partners,
)
from services.moderation.domain.docket import Docket
from services.moderation.domain.message import Message
from services.moderation.store import disputes as store
from services.moderation.store.disputes import Dispute
from shared.contracts.chat import MessagePosted
from shared.contracts.commands import SendMessage
from shared.engine import Event, UnitOfWork
from shared.i18n import Catalogue

DISPUTE_NOTICE = "dispute_notice"
DISPUTE_ALERT = "dispute_alert"
COMMAND_VALID = timedelta(minutes=10)
IDS_TOLD = 3


async def watch_disputes(
    docket: Docket,
    batch: Sequence[Event[Any]],
    messages: Mapping[int, Message],
    texts: Catalogue,
    work: UnitOfWork,
) -> None:
    """Place each answer in its pair's window, in the order of the log; tell of those that became disputes."""
    answers = [
        (number, message, other)
        for number, message in messages.items()
        if (message.reply_to_member or message.mentions) and isinstance(batch[number].data, MessagePosted)
        for other in partners(message)
    ]
    if not answers:
        return
    keys = {pair_of(message.community_id, message.member_id, other) for _, message, other in answers}
    pairs = await store.load_pairs(work.connection, keys)
    scores = _scores(docket)
    changed: dict[PairKey, Pair] = {}
    disputes: list[Dispute] = []
    for number, message, other in answers:
        key = pair_of(message.community_id, message.member_id, other)
        before = pairs.get(key, NOTHING)
        abuse = max(scores.get((number, message.message_id), 0.0), heat_of(message))
        is_firsts = key[1] == message.member_id
        after = before.place(Exchange(message.posted_us, message.message_id, is_firsts, abuse))
        if after is before:
            continue
        if not batch[number].is_stale and after.is_dispute and (told := after.tell(message.posted_us)):
            after = told
            disputes.append(_dispute(key, message, after, batch[number]))
            _tell(disputes[-1], batch[number], texts, work)
        pairs[key] = changed[key] = after
    if changed:
        await store.save_pairs(work.connection, changed, work.now)
    if disputes:
        await store.save_disputes(work.connection, disputes)


def _scores(docket: Docket) -> dict[tuple[int, str], float]:
    """The highest score of a finding about abuse, by event and message, whatever becomes of it."""
    scores: dict[tuple[int, str], float] = {}
    for found in docket.found.values():
        if is_about_abuse(found.rule):
            place = found.cause, found.message.message_id
            scores[place] = max(found.finding.score, scores.get(place, 0.0))
    return scores


def _dispute(key: PairKey, message: Message, pair: Pair, event: Event[Any]) -> Dispute:
    ids = tuple(each.message_id for each in pair.recent)
    return Dispute(*key, event.occurred_at, message.channel_id, len(ids), round(pair.abuse, 3), ids)


def _tell(dispute: Dispute, event: Event[Any], texts: Catalogue, work: UnitOfWork) -> None:
    """Both in private, or not at all: a word in the channel would only feed it."""
    profile = event.profile
    metrics.CARE.labels("dispute").inc()
    if profile.can(dispute.channel_id, "direct"):
        text = texts.say(profile.locale, "dispute.notice")
        for member_id in (dispute.member_a, dispute.member_b):
            _say(text, DISPUTE_NOTICE, event, work, member_id=member_id)
    if profile.operators_channel_id:
        names = {channel.channel_id: channel.name for channel in profile.channels}
        text = texts.say(
            profile.locale,
            "dispute.alert",
            one=dispute.member_a,
            other=dispute.member_b,
            channel=names.get(dispute.channel_id) or dispute.channel_id,
            count=dispute.exchanges,
            abuse=f"{dispute.abuse:.2f}",
            ids=texts.say(profile.locale, "warning.between").join(dispute.message_ids[-IDS_TOLD:]),
        )
        _say(text, DISPUTE_ALERT, event, work, channel_id=profile.operators_channel_id)


def _say(
    text: str,
    purpose: str,
    event: Event[Any],
    work: UnitOfWork,
    *,
    channel_id: str | None = None,
    member_id: str | None = None,
) -> None:
    command = SendMessage(
        community_id=event.community_id,
        channel_id=channel_id,
        member_id=member_id,
        text=text,
        purpose=purpose,
        cause_id=event.id,
        expires_at=event.now + COMMAND_VALID,
    )
    work.publish(command, event.now)
