"""The order of events and timers on event clock: a timer fires before the first event that passes its moment.

Communities on the wall clock take part in the first round only: their timers fire in ticks.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from shared.contracts.partitioning import partition_of
from shared.engine.community import Community
from shared.engine.event import DueTimer, Timer
from shared.engine.lane import Lane
from shared.engine.plan import Plan, Planned
from shared.engine.watermark import Mark, Place, has_passed


@dataclass(slots=True)
class View:
    """Communities and watermarks as they are after the batch's plan."""

    lanes: dict[int, Lane]
    plan: Plan

    def community(self, community_id: str) -> Community:
        """The community with the plan's changes."""
        held = self.plan.communities.get(community_id)
        return held[1] if held else self.lanes[partition_of(community_id)].community(community_id)

    def is_ready(self, timer: Timer) -> bool:
        """Whether the services that the timer waits for have told everything up to its moment."""
        if not timer.after:
            return True
        partition = partition_of(timer.community_id)
        marks: dict[Place, Mark] = {**self.lanes[partition].marks, **self.plan.marks}
        mine = self.community(timer.community_id)
        return all(
            has_passed(marks, service, partition, timer.community_id, mine, timer.due_at)
            for service in timer.after
        )

    def due(self, timer: Timer, wall: datetime) -> DueTimer:
        """The timer in its community's time: its own moment while a history runs, else real time."""
        community = self.community(timer.community_id)
        reached = self.plan.reached.get(timer.community_id, community.event_clock)
        in_history = reached is not None and timer.due_at <= reached
        return DueTimer(timer, timer.due_at if in_history else wall, community.profile)


def ready_timers(view: View, due: Iterable[Timer], together: Collection[str] = ()) -> list[Timer]:
    """Of timers in order of their moments: for each community those of its earliest moment that are ready.

    With them all ready ones of kinds that fire `together`, whatever their moments.
    """
    first: dict[str, datetime] = {}
    ready = []
    for timer in due:
        if timer.kind in together:
            if view.is_ready(timer):
                ready.append(timer)
        elif first.get(timer.community_id, timer.due_at) == timer.due_at and view.is_ready(timer):
            first[timer.community_id] = timer.due_at
            ready.append(timer)
    return ready


def without_foreseen(due: list[Timer], foreseen: Collection[str], pending: Sequence[Planned]) -> list[Timer]:
    """Of kinds that handlers foresee, only those due by the first event that is left of their community."""
    names = {timer.community_id for timer in due if timer.kind in foreseen}
    if not names or not pending:
        return due
    first: dict[str, datetime] = {}
    for planned in pending:
        name = planned.event.data.community_id
        if name in names:
            names.remove(name)
            first[name] = planned.event.now
            if not names:
                break
    return [
        timer
        for timer in due
        if timer.kind not in foreseen or timer.due_at <= first.get(timer.community_id, timer.due_at)
    ]


def before_timers(
    pending: Sequence[Planned], timers: Sequence[Timer]
) -> tuple[Sequence[Planned], Sequence[Planned]]:
    """Split events into those to apply before these timers fire, and those that come after."""
    if not timers:
        return pending, ()
    moments = {timer.community_id: timer.due_at for timer in timers}
    return _split(pending, _last_before(pending, moments))


def premature(
    events: Sequence[Planned], asked: Mapping[str, datetime], reached: Mapping[str, datetime]
) -> tuple[Sequence[Planned], Sequence[Planned]]:
    """Split a segment that has set a timer inside its own span: what may stay, and what the timer precedes.

    Only communities on event clock (those in `reached`) are cut; the first event of each always stays, so
    that a timer asked for at or before its own moment does not stop the batch.
    """
    moments = {name: moment for name, moment in asked.items() if name in reached}
    if not moments:
        return events, ()
    last = _last_before(events, moments)
    for number, planned in enumerate(events):
        if last.get(planned.event.data.community_id) == -1:
            last[planned.event.data.community_id] = number
    return _split(events, last)


def _last_before(events: Sequence[Planned], moments: Mapping[str, datetime]) -> dict[str, int]:
    """Where the last event of each community stands that precedes its moment; -1 where none does.

    All before that one precede the moment too, whatever their own times: what was said live before a history
    began carries the real time.
    """
    last = dict.fromkeys(moments, -1)
    for number, planned in enumerate(events):
        name = planned.event.data.community_id
        moment = moments.get(name)
        if moment is not None and planned.event.now < moment:
            last[name] = number
    return last


def _split(events: Sequence[Planned], last: Mapping[str, int]) -> tuple[list[Planned], list[Planned]]:
    """The events up to the last of their community, all where none is given; and the others."""
    now: list[Planned] = []
    later: list[Planned] = []
    for number, planned in enumerate(events):
        is_now = number <= last.get(planned.event.data.community_id, number)
        (now if is_now else later).append(planned)
    return now, later
