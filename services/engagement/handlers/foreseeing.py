"""Looks at silences that a history passes: those that find nothing cold are made while messages are heard."""

from collections.abc import Mapping, MutableMapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from services.engagement.domain.choices import Choices
from services.engagement.domain.pulse import ChannelKey, Pulse
from services.engagement.domain.silence import Pauses
from services.engagement.handlers.judging import judge
from services.engagement.store import baselines
from services.engagement.store.baselines import Look
from services.engagement.store.channels import Heard
from shared.engine import Event, Timer, UnitOfWork

LOOK_FOR_SILENCE = "look_for_silence"


@dataclass(slots=True)
class Foresight:
    """Of communities in history: which channels are looked at, each at its moment, before what comes behind.

    Elsewhere, and before a first event, the timer does it.
    """

    work: UnitOfWork
    heard: Mapping[str, Heard]
    pulses: MutableMapping[ChannelKey, Pulse]
    looks: dict[ChannelKey, Look]
    others: dict[str, datetime | None]
    """When the first of the channels is looked at that are not in `looks`."""
    bounds: dict[str, datetime] = field(default_factory=dict)
    """No look is due before."""
    begun: set[str] = field(default_factory=set)
    moved: set[ChannelKey] = field(default_factory=set)

    def plan(self, community_id: str, look_at: datetime) -> None:
        """A channel is to be looked at that was not before."""
        if community_id in self.others:
            self.bounds[community_id] = min(look_at, self.bounds.get(community_id, look_at))

    def reach(self, event: Event[Any]) -> bool:
        """Make the looks that are due before an event.

        False where one finds a channel cold: the history is cut, and the event is not heard yet.
        """
        name = event.data.community_id
        if name in self.work.cuts:
            return False
        bound = self.bounds.get(name)
        while bound is not None and bound <= event.now:
            bound = self.next_look(name)
            if bound is None or bound > event.now:
                break
            timer = Timer(name, LOOK_FOR_SILENCE, bound)
            if name not in self.begun:
                self.work.set_timer(timer)
                bound = None
            elif not self._is_calm(event, bound):
                self.work.cut_at(event, timer)
                return False
        if bound is not None:
            self.bounds[name] = bound
        else:
            self.bounds.pop(name, None)
        self.begun.add(name)
        return True

    def next_look(self, community_id: str) -> datetime | None:
        """The first moment at which a known channel is looked at."""
        return min(
            (each.look_at for key, each in self.pulses.items() if key[0] == community_id and each.look_at),
            default=None,
        )

    def first_of_all(self, community_id: str) -> datetime | None:
        """The same of all channels."""
        known = self.next_look(community_id), self.others[community_id]
        return min((each for each in known if each), default=None)

    def _is_calm(self, event: Event[Any], moment: datetime) -> bool:
        """Whether no channel that is looked at then is cold."""
        for key, pulse in self.pulses.items():
            if key[0] == event.community_id and pulse.look_at == moment:
                if judge(self._look(key, pulse), moment, event.profile):
                    pulse.look_at = moment
                    return False
                self.moved.add(key)
        return True

    def _look(self, key: ChannelKey, pulse: Pulse) -> Look:
        known = self.looks.get(key)
        if known is not None:
            return known
        pauses = Pauses(pulse.reached, pulse.resumed, pulse.reached, pulse.resumed)
        return Look(*key, pulse, 0, (), pauses, self.heard[key[0]].choices or Choices(), (), None)


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
    foresight = Foresight(
        work, heard, pulses, {(look.community_id, look.channel_id): look for look in looks}, others
    )
    for name in spans:
        bound = foresight.next_look(name)
        if bound is not None:
            foresight.bounds[name] = bound
    return foresight
