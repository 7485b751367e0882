"""Newcomers: who came, who introduced themselves, who answered them, and who came back."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from services.engagement import metrics
from services.engagement.domain.choices import Choices
from services.engagement.domain.hours import hour_of
from services.engagement.domain.introduction import (
    GREETED_AFTER,
    JOURNEY,
    SIMILAR_MAX,
    UNANSWERED,
    is_introduction,
    words_of,
)
from services.engagement.handlers.answering import answer
from services.engagement.store import newcomers as store
from services.engagement.store.members import Flags
from services.engagement.store.newcomers import Joined, MemberKey, Newcomer
from shared.contracts.chat import MemberJoined, MemberLeft, MessagePosted
from shared.contracts.engagement import IntroductionCompleted
from shared.contracts.moderation import JoinWaveNoticed
from shared.engine import Event, Timer, UnitOfWork
from shared.i18n import Catalogue

GREET_NEWCOMERS = "greet_newcomers"
WATCH_INTRODUCTION = "watch_introduction"


async def follow_newcomers(
    events: Sequence[Event[Any]],
    flags: Mapping[str, Flags],
    chosen: Mapping[str, Choices],
    texts: Catalogue,
    work: UnitOfWork,
) -> None:
    """Runs of one kind of event after the other, in the log's order: the batch may be cut anywhere."""
    waiting = {name for name, each in flags.items() if each.has_waiting}
    known = {name for name, each in flags.items() if each.has_newcomers}
    joined: list[Joined] = []
    run: list[Event[MessagePosted]] = []
    for event in events:
        data = event.data
        if isinstance(data, MessagePosted):
            run.append(event)
            continue
        if run and isinstance(data, MemberJoined | MemberLeft):
            await _messages(run, known, texts, work)
            run = []
        if isinstance(data, MemberJoined):
            joined = [_joined(event)]
            await store.add_newcomers(work.connection, joined)
            known.add(data.community_id)
            if data.community_id not in waiting and chosen[data.community_id].welcome_on:
                waiting.add(data.community_id)
                work.set_timer(Timer(data.community_id, GREET_NEWCOMERS, event.now + GREETED_AFTER))
        elif isinstance(data, MemberLeft):
            await store.leave(work.connection, {(data.community_id, data.member_id): event.occurred_at})
        elif isinstance(data, JoinWaveNoticed):
            await store.pause(work.connection, {data.community_id: data.until})
    await _messages(run, known, texts, work)


def _joined(event: Event[MemberJoined]) -> Joined:
    data = event.data
    return Joined(
        data.community_id, data.member_id, data.member_name or "", data.channel_id, data.invited_by,
        event.occurred_at,
    )  # fmt: skip


async def _messages(
    run: Sequence[Event[MessagePosted]], communities: set[str], texts: Catalogue, work: UnitOfWork
) -> None:
    """Messages of newcomers and answers to them."""
    ours = [event for event in run if event.community_id in communities]
    if not ours:
        return
    named = {(event.community_id, other) for event in ours for other in _people(event)}
    people = await store.load_newcomers(work.connection, named)
    changed: dict[MemberKey, Newcomer] = {}
    for event in ours:
        key = event.community_id, event.data.member_id
        mine = people.get(key)
        if mine is not None and event.occurred_at - mine.joined_at <= JOURNEY:
            after = await _own(event, mine, texts, work)
            if after != mine:
                people[key] = changed[key] = after
        for other in _people(event) - {event.data.member_id}:
            theirs = people.get((event.community_id, other))
            if theirs is not None and _waits(theirs, event.occurred_at):
                answered = theirs._replace(answered_at=event.occurred_at)
                people[event.community_id, other] = changed[event.community_id, other] = answered
                work.cancel_timer(event.community_id, WATCH_INTRODUCTION, other)
    await store.save_newcomers(work.connection, changed.values())


def _people(event: Event[MessagePosted]) -> set[str]:
    data = event.data
    return {data.member_id, *data.mentions, *([data.reply_to_member] if data.reply_to_member else ())}


async def _own(event: Event[MessagePosted], mine: Newcomer, texts: Catalogue, work: UnitOfWork) -> Newcomer:
    """What a newcomer's own message changes."""
    data, zone = event.data, event.profile.time_zone
    today = hour_of(event.occurred_at, zone).day
    if mine.came_back_on is None and today > hour_of(mine.joined_at, zone).day:
        mine = mine._replace(came_back_on=today)
    if mine.introduced_at is not None or not is_introduction(data.text):
        return mine
    words = words_of(data.text)
    mine = mine._replace(introduced_at=event.occurred_at, message_id=data.message_id, words=words)
    fact = IntroductionCompleted(
        community_id=data.community_id, member_id=data.member_id, message_id=data.message_id,
        channel_id=data.channel_id,
    )  # fmt: skip
    work.publish(fact, event.now)
    metrics.NEWCOMERS.labels("introduced").inc()
    due_at: datetime = event.occurred_at + UNANSWERED
    work.set_timer(Timer(data.community_id, WATCH_INTRODUCTION, max(due_at, event.now), key=data.member_id))
    locale = event.profile.locale
    alike = await store.similar(work.connection, data.community_id, data.member_id, words, SIMILAR_MAX)
    said = texts.say(locale, "welcome.thanks")
    if alike:
        between = texts.say(locale, "list.between")
        names = between.join(row["member_name"] or row["member_id"] for row in alike)
        shared = sorted({word for row in alike for word in row["words"]} & set(words))[:3]
        said += texts.say(locale, "welcome.similar", names=names, words=between.join(shared))
    answer(event, said, "introduction_answer", work)
    return mine


def _waits(newcomer: Newcomer, at: datetime) -> bool:
    """Whether somebody who introduced themselves in their first days waits for an answer."""
    is_open = newcomer.introduced_at is not None and newcomer.answered_at is None
    return is_open and at - newcomer.joined_at <= JOURNEY
