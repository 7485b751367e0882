"""A channel as it is heard: its last messages, how its pauses usually end, and what follows a call."""

from bisect import insort
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from typing import Literal, NamedTuple

from services.engagement.domain.hours import is_between

RECENT_KEPT = 50
PAUSES = (45, 60, 90, 120, 180, 240, 360, 540)
"""Minutes of silence at which a pause is looked at."""
PAUSE_DECAY = 0.5 ** (1 / 200)
RESUMES_WITHIN = timedelta(minutes=30)
WATCHED = timedelta(minutes=30)
"""How long it is counted what follows a call."""
MEMBERS_COUNTED_MAX = 200

ChannelKey = tuple[str, str]
"""community_id, channel_id."""
WatchKind = Literal["warmup", "held_out", "seed", "post"]


class Said(NamedTuple):
    """A message, in the order of a channel."""

    at: datetime
    message_id: str


@dataclass(slots=True)
class Watch:
    """What people say in a span after a call, without whoever made it."""

    subject_id: str
    channel: ChannelKey
    kind: WatchKind
    since: datetime
    until: datetime
    topic_id: str | None = None
    messages: int = 0
    members: set[str] = field(default_factory=set)

    def hear(self, at: datetime, member_id: str) -> bool:
        """Count a message if it lies in the span; both ends are left out."""
        if not self.since < at < self.until:
            return False
        self.messages += 1
        if len(self.members) < MEMBERS_COUNTED_MAX:
            self.members.add(member_id)
        return True


@dataclass(slots=True)
class Pulse:
    """One channel's state; a function of its messages in log order.

    A message counts unless it is older than the last `RECENT_KEPT`, among which repeats are told apart.
    """

    recent: list[Said] = field(default_factory=list)
    reached: list[float] = field(default_factory=lambda: [0.0] * len(PAUSES))
    """Decayed number of pauses in active hours that lasted so long."""
    resumed: list[float] = field(default_factory=lambda: [0.0] * len(PAUSES))
    """Of those, the ones that people ended within the next half hour."""
    look_at: datetime | None = None
    """When silence is looked at next; None: at the next message plus its wait."""
    wait_minutes: float = float(PAUSES[0])
    """No earlier than this after a message can the channel be cold."""

    @property
    def last_at(self) -> datetime | None:
        """The newest message."""
        return self.recent[-1].at if self.recent else None

    def hear(self, said: Said, active: tuple[time, time], local: Callable[[datetime], time]) -> bool:
        """A message of a person; returns whether it counts."""
        last = self.recent[-1] if self.recent else None
        if last is None or said > last:
            if last is not None and said.at - last.at >= timedelta(minutes=PAUSES[0]):
                self._learn_pause(last.at, said.at, active, local)
            self.recent.append(said)
        elif said in self.recent or (len(self.recent) == RECENT_KEPT and said < self.recent[0]):
            return False
        else:
            insort(self.recent, said)
        if len(self.recent) > RECENT_KEPT:
            del self.recent[0]
        return True

    def _learn_pause(
        self,
        begins: datetime,
        ends: datetime,
        active: tuple[time, time],
        local: Callable[[datetime], time],
    ) -> None:
        lasted = ends - begins
        for place, minutes in enumerate(PAUSES):
            mark = timedelta(minutes=minutes)
            if lasted < mark:
                return
            if is_between(local(begins + mark), *active):
                self.reached[place] = self.reached[place] * PAUSE_DECAY + 1.0
                self.resumed[place] *= PAUSE_DECAY
                self.resumed[place] += lasted < mark + RESUMES_WITHIN
