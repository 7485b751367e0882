"""Looks at silences that a history passes: each is made at its moment, while messages are heard."""

from collections.abc import Iterable, Mapping, MutableMapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple

from services.engagement.domain.choices import Choices
from services.engagement.domain.pulse import ChannelKey, Pulse
from services.engagement.domain.silence import Pauses
from services.engagement.handlers.judging import judge
from services.engagement.store import baselines
from services.engagement.store.baselines import Look
from services.engagement.store.channels import Heard
from shared.engine import DueTimer, Event, Timer, UnitOfWork

LOOK_FOR_SILENCE = "look_for_silence"


class Cold(NamedTuple):
    """Channels of a community that are cold at the same moment."""

    due: DueTimer
    looks: Sequence[Look]


@dataclass(slots=True)
class Foresight:
    """Of communities in history: which channels are looked at, each at its moment, before what comes behind.

    Elsewhere, and where no event follows, the timer does it.
    """

    pulses: MutableMapping[ChannelKey, Pulse]
    looks: dict[ChannelKey, Look]
    until: Mapping[str, datetime]
    """How far each history has come: what is said live behind it makes no look."""
    others: dict[str, datetime | None]
    """By community in history: when the first of the channels is looked at that are not in `looks`."""
    bounds: dict[str, datetime] = field(default_factory=dict)
    """No look is due before."""
    moved: set[ChannelKey] = field(default_factory=set)

    def plan(self, community_id: str, look_at: datetime) -> None:
        """A channel is to be looked at that was not before."""
        if community_id in self.others:
            self.bounds[community_id] = min(look_at, self.bounds.get(community_id, look_at))

    def find_cold(self, event: Event[Any]) -> Cold | None:
        """Make the looks that are due before an event, up to the first that finds channels cold."""
        name = event.data.community_id
        bound = self.bounds.get(name)
        if bound is None:
            return None
        until = min(event.now, self.until[name])
        while bound <= until:
            bound = self._next_look(name)
            if bound is None or bound > until:
                break
            due = DueTimer(Timer(name, LOOK_FOR_SILENCE, bound), bound, event.profile)
            cold = [look for look in self._looks_of(due) if judge(look, due.now, due.profile)]
            if cold:
                return Cold(due, sorted(cold, key=lambda look: look.channel_id))
        if bound is not None:
            self.bounds[name] = bound
        else:
            self.bounds.pop(name, None)
        return None

    def spend(self, key: ChannelKey, now: datetime) -> None:
        """The channel's budget of warm-ups was drawn on."""
        look = self.looks[key]
        self.looks[key] = look._replace(spent=[*look.spent, now])

    def first_of_all(self, community_id: str) -> datetime | None:
        """The first moment at which any channel is looked at."""
        known = self._next_look(community_id), self.others[community_id]
        return min((each for each in known if each), default=None)

    def _next_look(self, community_id: str) -> datetime | None:
        return min(
            (each.look_at for key, each in self.pulses.items() if key[0] == community_id and each.look_at),
            default=None,
        )

    def _looks_of(self, due: DueTimer) -> Iterable[Look]:
        for key, pulse in self.pulses.items():
            if key[0] == due.community_id and pulse.look_at == due.now:
                self.moved.add(key)
                yield self.looks.get(key) or _young(key, pulse)


def _young(key: ChannelKey, pulse: Pulse) -> Look:
    """Of a channel that is first heard of in this batch."""
    pauses = Pauses(pulse.reached, pulse.resumed, pulse.reached, pulse.resumed)
    return Look(*key, pulse, 0, (), pauses, Choices(), (), None)


async def foresee(
    batch: Sequence[Event[Any]],
    heard: Mapping[str, Heard],
    pulses: MutableMapping[ChannelKey, Pulse],
    work: UnitOfWork,
) -> Foresight:
    """Load what may be looked at while these events are heard."""
    spans: dict[str, tuple[datetime, datetime]] = {}
    for event in batch:
        name = event.community_id
        if name in work.histories:
            spans[name] = spans.get(name, (event.now,))[0], event.now
    others = {name: heard[name].look_at for name in spans}
    looks = await baselines.looks_ahead(work.connection, spans, pulses) if spans else []
    for look in looks:
        pulses[look.community_id, look.channel_id] = look.pulse
        others[look.community_id] = look.others
    known = {(look.community_id, look.channel_id): look for look in looks}
    foresight = Foresight(pulses, known, work.histories, others)
    for key, pulse in pulses.items():
        if pulse.look_at is not None:
            foresight.plan(key[0], pulse.look_at)
    return foresight
