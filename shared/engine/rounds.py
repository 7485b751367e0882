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
    held: set[str] = set()
    first = len(pending)
    for number, planned in enumerate(pending):
        moment = moments.get(planned.event.data.community_id)
        if moment is not None and planned.event.now >= moment:
            first = number
            break
    rest = pending[first:]
    if len({planned.event.data.community_id for planned in rest}) <= 1:  # as where one history is read
        return pending[:first], rest
    now, later = list(pending[:first]), []
    for planned in rest:
        community_id = planned.event.data.community_id
        if community_id not in held:
            moment = moments.get(community_id)
            if moment is None or planned.event.now < moment:
                now.append(planned)
                continue
            held.add(community_id)
        later.append(planned)
    return now, later


def premature(
    events: Sequence[Planned], asked: Mapping[str, datetime], reached: Mapping[str, datetime]
) -> tuple[list[Planned], list[Planned]]:
    """Split a segment that has set a timer inside its own span: what may stay, and what the timer precedes.

    Only communities on event clock (those in `reached`) are cut; the first event of each always stays, so
    that a timer asked for at or before its own moment does not stop the batch.
    """
    if not asked.keys() & reached.keys():
        return list(events), []
    keep: list[Planned] = []
    cut: list[Planned] = []
    begun: set[str] = set()
    for planned in events:
        community_id = planned.event.data.community_id
        moment = asked.get(community_id) if community_id in reached else None
        if moment is None or planned.event.now < moment or community_id not in begun:
            begun.add(community_id)
            keep.append(planned)
        else:
            cut.append(planned)
    return keep, cut
