"""Follows channels: counts people's messages, notes when to look at a silence, hears answers to posts."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from functools import partial
from typing import Any, TypeAlias, TypeGuard

from services.engagement.domain.hours import DAY, hour_of, midnight
from services.engagement.domain.pulse import ChannelKey, Pulse, Said
from services.engagement.domain.silence import first_look
from services.engagement.handlers.answer_silence import AnswerSilence
from services.engagement.handlers.foreseeing import LOOK_FOR_SILENCE, Cold, Foresight, foresee
from services.engagement.handlers.measuring import measure_ended
from services.engagement.handlers.telling import hear_told
from services.engagement.handlers.watching import Watching
from services.engagement.store import channels as store
from services.engagement.store.channels import Heard, Loaded
from shared.contracts.chat import MemberJoined, MemberLeft, MessagePosted
from shared.contracts.moderation import JoinWaveNoticed
from shared.engine import Event, Timer, UnitOfWork
from shared.i18n import Catalogue

Passing: TypeAlias = MessagePosted | MemberJoined | MemberLeft | JoinWaveNoticed

LEARN_HOURS = "learn_hours"


@dataclass(slots=True)
class Ledger:
    """Channels and communities of a batch, changed message by message."""

    pulses: dict[ChannelKey, Pulse]
    heard: dict[str, Heard]
    watching: Watching
    foresight: Foresight
    hours: Counter[tuple[str, datetime, str]] = field(default_factory=Counter)
    changed: set[ChannelKey] = field(default_factory=set)
    told: dict[str, Heard] = field(default_factory=dict)
    """Communities whose looks or lessons changed."""

    def hear(self, event: Event[Any]) -> None:
        """One message of a person."""
        data = event.data
        key = data.community_id, data.channel_id
        pulse = self.pulses.get(key)
        if pulse is None:
            pulse = self.pulses[key] = Pulse()
        community = self.heard[data.community_id]
        cold = community.choices.cold
        local = partial(_local_time, event)
        if not pulse.hear(Said(event.occurred_at, data.message_id), cold.active, local):
            return
        self.changed.add(key)
        zone = event.profile.time_zone
        self.hours[data.community_id, hour_of(event.occurred_at, zone).starts_at, data.channel_id] += 1
        self.watching.hear(key, event)
        if pulse.look_at is None or community.learns_at is None:
            self._plan(event, pulse, community)

    def _plan(self, event: Event[MessagePosted], pulse: Pulse, community: Heard) -> None:
        """Somebody will have to look at this channel, and to learn this day when it is over."""
        zone = event.profile.time_zone
        if pulse.look_at is None:
            pulse.look_at = max(first_look(pulse, event.occurred_at), event.now)
            self.foresight.plan(event.community_id, pulse.look_at)
        looks = pulse.look_at if community.look_at is None else min(community.look_at, pulse.look_at)
        learned, learns = community.learned_day, community.learns_at
        if learns is None:
            today = hour_of(event.now, zone).day
            learns = midnight(today + DAY, zone)
            learned = learned or hour_of(event.occurred_at, zone).day - timedelta(days=1)
        self.heard[event.community_id] = self.told[event.community_id] = Heard(
            looks, learned, learns, community.choices
        )


def _local_time(event: Event[MessagePosted], moment: datetime) -> time:
    local: datetime = moment.astimezone(event.profile.zone)
    return local.time()


@dataclass(frozen=True, slots=True)
class FollowChannels:
    """A few statements a batch, and some more for each look of a history that finds channels cold."""

    texts: Catalogue
    answer: AnswerSilence

    async def __call__(self, batch: Sequence[Event[Passing]], work: UnitOfWork) -> None:
        """Fold the messages of people into their channels; time passes with every event."""
        ledger = await _load(batch, work)
        told = 0
        for number, event in enumerate(batch):
            while cold := ledger.foresight.find_cold(event):
                # who volunteered before is asked to open
                await hear_told(batch[told:number], self.texts, work)
                told = number
                await self._answer(cold, ledger, work)
            if _is_of_person(event.data):
                ledger.hear(event)
        await hear_told(batch[told:], self.texts, work)
        await _save(ledger, work)

    async def _answer(self, cold: Cold, ledger: Ledger, work: UnitOfWork) -> None:
        moments = {cold.due.community_id: cold.due}
        await ledger.watching.save()
        await measure_ended(moments, work)
        for key in await self.answer(cold.looks, moments, work):
            ledger.foresight.spend(key, cold.due.now)
        await ledger.watching.load([key for key in ledger.pulses if key[0] in moments])


async def _load(batch: Sequence[Event[Passing]], work: UnitOfWork) -> Ledger:
    keys = {(event.data.community_id, event.data.channel_id) for event in batch if _is_of_person(event.data)}
    passed = {event.data.community_id for event in batch} & set(work.histories)
    loaded = await store.load_channels(work.connection, keys) if keys else Loaded({}, {}, [])
    if unheard := sorted(passed - loaded.heard.keys()):
        loaded.heard.update(await store.load_heard(work.connection, unheard))
    watching = Watching(work.connection)
    await watching.load(loaded.watched)
    return Ledger(
        loaded.pulses, loaded.heard, watching, await foresee(batch, loaded.heard, loaded.pulses, work)
    )


def _is_of_person(data: Passing) -> TypeGuard[MessagePosted]:
    return type(data) is MessagePosted and not data.is_bot


async def _save(ledger: Ledger, work: UnitOfWork) -> None:
    connection = work.connection
    await store.save_channels(connection, {key: ledger.pulses[key] for key in ledger.changed}, ledger.hours)
    await ledger.watching.save()
    looked = ledger.foresight.moved
    for community_id in {key[0] for key in looked}:
        known = ledger.heard[community_id]
        ledger.heard[community_id] = ledger.told[community_id] = known._replace(
            look_at=ledger.foresight.first_of_all(community_id)
        )
    elsewhere = {key: ledger.pulses[key].look_at for key in looked - ledger.changed}
    if elsewhere:
        await store.save_looks(connection, elsewhere, {})
    await store.save_heard(connection, ledger.told)
    for community_id, known in ledger.told.items():
        if known.look_at is not None:
            work.set_timer(Timer(community_id, LOOK_FOR_SILENCE, known.look_at))
        elif community_id in {key[0] for key in looked}:
            work.cancel_timer(community_id, LOOK_FOR_SILENCE)
        if known.learns_at is not None:
            work.set_timer(Timer(community_id, LEARN_HOURS, known.learns_at))
