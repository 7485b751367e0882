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
    last = _last_before(pending, moments)
    first = min(last.get(name, -1) for name in moments) + 1
    rest = pending[first:]
    if len({planned.event.data.community_id for planned in rest}) <= 1:  # as where one history is read
        return pending[:first], rest
    now: list[Planned] = list(pending[:first])
    later: list[Planned] = []
    for number, planned in enumerate(rest, first):
        name = planned.event.data.community_id
        (now if name not in moments or number <= last.get(name, -1) else later).append(planned)
    return now, later


def premature(
    events: Sequence[Planned], asked: Mapping[str, datetime], reached: Mapping[str, datetime]
) -> tuple[list[Planned], list[Planned]]:
    """Split a segment that has set a timer inside its own span: what may stay, and what the timer precedes.

    Only communities on event clock (those in `reached`) are cut; the first event of each always stays, so
    that a timer asked for at or before its own moment does not stop the batch.
    """
    moments = {name: moment for name, moment in asked.items() if name in reached}
    if not moments:
        return list(events), []
    last = _last_before(events, moments)
    keep: list[Planned] = []
    cut: list[Planned] = []
    begun: set[str] = set()
    for number, planned in enumerate(events):
        name = planned.event.data.community_id
        if name not in moments or number <= last.get(name, -1) or name not in begun:
            begun.add(name)
            keep.append(planned)
        else:
            cut.append(planned)
    return keep, cut


def _last_before(events: Sequence[Planned], moments: Mapping[str, datetime]) -> dict[str, int]:
    """Where the last event of each community stands that precedes its moment.

    All before that one precede the moment too, whatever their own times: what was said live before a history
    began carries the real time.
    """
    last: dict[str, int] = {}
    for number in range(len(events) - 1, -1, -1):
        event = events[number].event
        name = event.data.community_id
        moment = moments.get(name)
        if moment is not None and name not in last and event.now < moment:
            last[name] = number
            if len(last) == len(moments):
                break
    return last
