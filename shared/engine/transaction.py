"""One transaction: a batch of one or several lanes with inbox, effects, timers, outbox and fence."""

import sys
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from shared.contracts.partitioning import partition_of
from shared.engine.community import save_communities
from shared.engine.dead_letters import set_aside
from shared.engine.effects import Effects, Item, dead_event, dead_timer, isolate
from shared.engine.event import DueTimer, Timer
from shared.engine.inbox import give_back, take_in, take_in_but_repeats
from shared.engine.lane import Lane, advance_lanes
from shared.engine.outbox import target_partition, write_outbox
from shared.engine.plan import Plan, Planned, without_repeats
from shared.engine.progress import Announcer
from shared.engine.rounds import (
    View,
    before_timers,
    premature,
    ready_timers,
    without_foreseen,
)
from shared.engine.timers import cancel_timers, due_of_communities, due_of_lanes, set_timers
from shared.engine.watermark import save_watermarks
from shared.engine.work import Outgoing, TimerName, UnitOfWork
from shared.postgres.connection import Connection

ROUNDS_MAX = 10_000
"""A timer that sets itself again in its own past would run for ever."""
EVENTS_AHEAD_MIN = 8
"""Of a history in which many timers are set inside a batch, each small part is a dozen statements."""


@dataclass(slots=True)
class Transaction:
    """What one transaction is about, and what its owner must remember once it has committed."""

    group: str
    source: str
    lanes: Sequence[Lane]
    plan: Plan
    wall: datetime
    clocks: Mapping[int, datetime]
    """By lane: real time up to which its log is read; absent while that is not known."""
    is_tick: bool = False
    """Whether timers of all communities of the lanes are looked at, not only those on event clock."""
    isolated: bool = False
    """Whether there is poison in the batch, to be found."""
    has_repeats: bool = False
    """Whether events of the batch were taken before."""
    fired: int = 0
    added: dict[int, int] = field(default_factory=dict)
    """By lane: rows added to its outbox."""
    written: list[tuple[int, int, Outgoing]] = field(default_factory=list)
    """Those rows: lane, number, event."""
    _buried: set[str] = field(default_factory=set)
    _waiting: dict[str, datetime] = field(default_factory=dict)
    _ahead: int = sys.maxsize
    """Events of a history that are applied at once, as many as lately went without a cut, and twice that."""
    _ready_names: set[TimerName] = field(default_factory=set)
    """Timers that fire after the events in hand."""

    async def run(self, connection: Connection, effects: Effects, announcer: Announcer) -> None:
        """Everything between BEGIN and COMMIT.

        Raises what a handler or the database raises, `Fenced`, and `Repeated` unless it knows of repeats.
        """
        work = UnitOfWork(
            connection, self.wall, self.source, uncut=effects.uncut, histories=self.plan.reached
        )
        fresh = await self._take_in(connection)
        await self._apply(fresh, work, effects)
        for planned in fresh:
            if planned.event.id not in self._buried:
                self.plan.tally(planned.record).applied += 1
        await self._save(work, announcer)

    async def _take_in(self, connection: Connection) -> Sequence[Planned]:
        """Note the events as taken; returns those that had not been."""
        ids = [planned.event.id for planned in self.plan.events]
        if self.has_repeats:
            return without_repeats(self.plan, await take_in_but_repeats(connection, ids))
        await take_in(connection, ids)
        return self.plan.events

    async def _apply(self, fresh: Sequence[Planned], work: UnitOfWork, effects: Effects) -> None:
        """Events and timers in the order of their communities' clocks, then timers that cut nothing."""
        view = View({lane.partition: lane for lane in self.lanes}, self.plan)
        pending: Sequence[Planned] = fresh
        timers = await self._ready(view, work, effects, pending)
        for _ in range(ROUNDS_MAX):
            before, after = before_timers(pending, timers)
            is_part = len(before) > self._ahead
            if is_part:
                before, after = before[: self._ahead], [*before[self._ahead :], *after]
            self._ready_names = {(timer.community_id, timer.kind, timer.key) for timer in timers}
            cut, has_touched_due = await self._segment(before, work, effects)
            pending = [*cut, *after] if cut else after
            # one that handlers foresee may come between the last event and these timers
            may_be_late = bool(before and effects.foreseen)
            if not cut and not is_part and not has_touched_due and not may_be_late:
                if not timers and not (before and work.uncut):
                    return
                await self._fire([view.due(timer, self.wall) for timer in timers], work, effects)
            timers = await self._ready(view, work, effects, pending)
        raise RuntimeError(f"the timers of lanes {[lane.partition for lane in self.lanes]} never end")

    async def _ready(
        self, view: View, work: UnitOfWork, effects: Effects, pending: Sequence[Planned]
    ) -> list[Timer]:
        """Timers to fire next; those that cut nothing only behind the last event."""
        if self.is_tick:
            due = await due_of_lanes(work.connection, self.clocks)
        else:
            but = work.uncut if pending else ()
            due = await due_of_communities(work.connection, self.plan.reached, but)
            due = without_foreseen(due, effects.foreseen, pending)
        ready = ready_timers(view, due, () if pending else effects.together)
        self._waiting = {}
        for timer in reversed(due):
            if not view.is_ready(timer):
                self._waiting[timer.community_id] = timer.due_at
        return ready

    async def _segment(
        self, events: Sequence[Planned], work: UnitOfWork, effects: Effects
    ) -> tuple[Sequence[Planned], bool]:
        """Apply events between timers.

        Returns those that come after a timer which these have set or met, and whether a due one was touched.
        """
        if not events:
            return (), False
        if not self.plan.reached:
            await self._guarded(events, work, effects.apply)
            return (), await self._save_timers(work)
        savepoint = work.connection.transaction()
        await savepoint.start()
        mark, buried = work.mark(), set(self._buried)
        work.earliest_asked.clear()
        await self._guarded(events, work, effects.apply)
        keep, cut = premature(events, work.earliest_asked, self.plan.reached)
        if not cut:
            await savepoint.commit()
            self._ahead = min(2 * self._ahead, sys.maxsize)
            return (), await self._save_timers(work)
        await savepoint.rollback()
        work.rewind(mark)
        self._unbury(buried)
        self._ahead = max(len(keep), EVENTS_AHEAD_MIN)
        again, has_touched_due = await self._segment(keep, work, effects)
        return [*again, *cut], has_touched_due

    async def _fire(self, due: Sequence[DueTimer], work: UnitOfWork, effects: Effects) -> None:
        if not due:
            return
        await cancel_timers(
            work.connection, [(each.timer.community_id, each.timer.kind, each.timer.key) for each in due]
        )
        await self._guarded(due, work, effects.fire)
        await self._save_timers(work)
        self.fired += len(due)

    async def _save_timers(self, work: UnitOfWork) -> bool:
        """Write what the handlers asked for; whether it changes which timers are due now."""
        reached = self.plan.reached
        is_due = any(
            timer.community_id in reached and timer.due_at <= reached[timer.community_id]
            for timer in work.timers_set.values()
            if timer.kind not in work.uncut
        )
        moved = self._ready_names & (work.timers_set.keys() | work.timers_cancelled)
        await cancel_timers(work.connection, work.timers_cancelled)
        await set_timers(work.connection, work.timers_set.values())
        work.timers_cancelled.clear()
        work.timers_set.clear()
        return is_due or bool(moved)

    async def _guarded(
        self,
        items: Sequence[Item],
        work: UnitOfWork,
        apply: Callable[[Sequence[Item], UnitOfWork], Awaitable[None]],
    ) -> None:
        """Apply, and when the batch is known to hold poison, bury the culprits and keep the rest."""
        if not self.isolated:
            await apply(items, work)
            return
        for item, error in await isolate(items, work, apply):
            if isinstance(item, Planned):
                self.plan.bury(dead_event(item, error))
                self._buried.add(item.event.id)
            else:
                self.plan.dead.append(dead_timer(item, partition_of(item.community_id), error))

    def _unbury(self, buried: set[str]) -> None:
        """Take back the dead letters of a segment that is applied again in smaller parts."""
        for dead in [each for each in self.plan.dead if each.event_id in self._buried - buried]:
            self.plan.dead.remove(dead)
            self.plan.tally(dead.record).dead_lettered -= 1
        self._buried = buried

    async def _save(self, work: UnitOfWork, announcer: Announcer) -> None:
        """All that the engine itself writes, the fence last."""
        connection, plan = work.connection, self.plan
        if plan.communities:
            changed = {name: (lane.partition, held) for name, (lane, held) in plan.communities.items()}
            await save_communities(connection, changed)
        if plan.marks:
            await save_watermarks(connection, plan.marks.items())
        await set_aside(connection, self.group, plan.dead)
        await give_back(connection, sorted(self._buried))
        self.written = self._number(work.outgoing, announcer)
        await write_outbox(connection, self.wall.astimezone(UTC).date(), self.written)
        lanes = [
            (lane, self.added.get(lane.partition, 0), self.clocks.get(lane.partition)) for lane in self.lanes
        ]
        await advance_lanes(connection, self.group, lanes, list(plan.tallies.values()))

    def _number(self, outgoing: Sequence[Outgoing], announcer: Announcer) -> list[tuple[int, int, Outgoing]]:
        """Give each event its lane's next number; one for a community elsewhere rides on the first lane."""
        lanes = {lane.partition: lane for lane in self.lanes}
        spoken = list(outgoing)
        for lane in self.lanes:
            clock = self.clocks.get(lane.partition)
            waiting = {
                name: due for name, due in self._waiting.items() if partition_of(name) == lane.partition
            }
            spoken += announcer.announce(lane, self.plan, clock, waiting, self.wall)
        rows = []
        for event in spoken:
            wanted = target_partition(event)
            lane = lanes.get(wanted, self.lanes[0])
            added = self.added.get(lane.partition, 0) + 1
            self.added[lane.partition] = added
            rows.append((lane.partition, lane.outbox_seq + added, event))
        return rows

    def remember(self) -> None:
        """After the commit: bring the owner's lanes to where the database is."""
        for lane in self.lanes:
            lane.outbox_seq += self.added.get(lane.partition, 0)
            lane.clock = self.clocks.get(lane.partition, lane.clock)
        by_partition = {lane.partition: lane for lane in self.lanes}
        for (topic, partition), tally in self.plan.tallies.items():
            by_partition[partition].next_offset[topic] = tally.next_offset
        for community_id, (lane, community) in self.plan.communities.items():
            lane.communities[community_id] = community
        for place, mark in self.plan.marks.items():
            lane = by_partition[place[1]]
            lane.marks[place] = max(mark, lane.marks.get(place, mark))
