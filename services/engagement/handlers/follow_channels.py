"""Follows channels: counts people's messages, notes when to look at a silence, hears answers to posts."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from functools import partial

from services.engagement.domain.hours import DAY, hour_of, midnight
from services.engagement.domain.pulse import ChannelKey, Pulse, Said, Watch
from services.engagement.domain.silence import first_look
from services.engagement.store import channels as store
from services.engagement.store.channels import Heard
from shared.contracts.chat import MessagePosted
from shared.engine import Event, Timer, UnitOfWork

LOOK_FOR_SILENCE = "look_for_silence"
LEARN_HOURS = "learn_hours"


@dataclass(slots=True)
class Ledger:
    """Channels and communities of a batch, changed message by message."""

    pulses: dict[ChannelKey, Pulse]
    heard: dict[str, Heard]
    watches: Mapping[ChannelKey, Sequence[Watch]]
    hours: Counter[tuple[str, datetime, str]] = field(default_factory=Counter)
    answered: dict[str, Watch] = field(default_factory=dict)
    changed: set[ChannelKey] = field(default_factory=set)
    told: dict[str, Heard] = field(default_factory=dict)
    """Communities whose looks or lessons changed."""

    def hear(self, event: Event[MessagePosted]) -> None:
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
        for watch in self.watches.get(key, ()):
            if watch.hear(event.occurred_at, data.member_id):
                self.answered[watch.subject_id] = watch
        if pulse.look_at is None or community.learns_at is None:
            self._plan(event, pulse, community)

    def _plan(self, event: Event[MessagePosted], pulse: Pulse, community: Heard) -> None:
        """Somebody will have to look at this channel, and to learn this day when it is over."""
        zone = event.profile.time_zone
        if pulse.look_at is None:
            pulse.look_at = max(first_look(pulse, event.occurred_at), event.now)
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
    """Two statements a batch, and a few more where an answer is counted or a look is planned."""

    async def __call__(self, batch: Sequence[Event[MessagePosted]], work: UnitOfWork) -> None:
        """Fold the messages of people into their channels."""
        people = [event for event in batch if not event.data.is_bot]
        if not people:
            return
        keys = {(event.data.community_id, event.data.channel_id) for event in people}
        connection = work.connection
        loaded = await store.load_channels(connection, keys)
        watches: dict[ChannelKey, list[Watch]] = {}
        for watch in await store.load_watches(connection, loaded.watched) if loaded.watched else ():
            watches.setdefault(watch.channel, []).append(watch)
        ledger = Ledger(loaded.pulses, loaded.heard, watches)
        for event in people:
            ledger.hear(event)
        changed = {key: ledger.pulses[key] for key in ledger.changed}
        await store.save_channels(connection, changed, ledger.hours)
        await store.save_watches(connection, ledger.answered.values())
        await store.save_heard(connection, ledger.told)
        for community_id, known in ledger.told.items():
            if known.look_at is not None:
                work.set_timer(Timer(community_id, LOOK_FOR_SILENCE, known.look_at))
            if known.learns_at is not None:
                work.set_timer(Timer(community_id, LEARN_HOURS, known.learns_at))
