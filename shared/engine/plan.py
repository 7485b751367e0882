"""What a batch means before it is applied: each record's end, each event's time, each community's clock."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, NamedTuple

from shared.contracts.chat import ClockSet
from shared.contracts.profiles import CommunityProfile
from shared.contracts.progress import CommunityProgress, LaneProgress
from shared.contracts.topics import CHAT_EVENTS
from shared.engine.community import Community
from shared.engine.event import Event
from shared.engine.lane import Lane, Tally
from shared.engine.record import Dead, Decoded, Incoming, Raw, Skipped, recorded_at
from shared.engine.settings import EngineSettings
from shared.engine.watermark import Mark, Place, read_progress

SETTINGS_OF_ENGINE = frozenset({ClockSet, CommunityProfile, LaneProgress, CommunityProgress})
YEAR_MIN, YEAR_MAX = 1990, 2100
"""No chat is older, no simulation later: what lies outside is a broken clock, whatever the community's."""


@dataclass(slots=True)
class Parcel:
    """What one poll brought for one lane: records from its next offsets on, in log order per topic."""

    lane: Lane
    decoded: list[Decoded]


class Planned(NamedTuple):
    """A valid event, its lane and its record."""

    lane: Lane
    record: Raw
    event: Event[Any]


@dataclass(slots=True)
class Plan:
    """The batch of several lanes, sorted out; nothing of it has touched the database or the lanes yet."""

    events: list[Planned] = field(default_factory=list)
    dead: list[Dead] = field(default_factory=list)
    tallies: dict[tuple[str, int], Tally] = field(default_factory=dict)
    communities: dict[str, tuple[Lane, Community]] = field(default_factory=dict)
    """Changed communities as they will be after the batch."""
    reached: dict[str, datetime] = field(default_factory=dict)
    """The furthest event clock of each community on event clock within the batch."""
    turned: set[str] = field(default_factory=set)
    marks: dict[Place, Mark] = field(default_factory=dict)
    read_until: dict[int, datetime] = field(default_factory=dict)
    """By lane: the log's time of the newest record."""
    skipped: dict[str, int] = field(default_factory=dict)
    gaps: dict[tuple[str, int], int] = field(default_factory=dict)
    """Records missing from the log, by topic and partition."""

    def tally(self, record: Raw) -> Tally:
        """The counts of the record's topic and partition."""
        return self.tallies[(record.topic, record.partition)]

    def bury(self, dead: Dead) -> None:
        """Give a record its end as a dead letter."""
        self.dead.append(dead)
        self.tally(dead.record).dead_lettered += 1


def make_plan(parcels: Iterable[Parcel], wall: datetime, settings: EngineSettings) -> Plan:
    """Sort out the records of several lanes."""
    plan = Plan()
    seen: set[str] = set()
    for parcel in parcels:
        _count(plan, parcel)
        for decoded in parcel.decoded:
            if isinstance(decoded, Incoming):
                _place(plan, parcel.lane, decoded, wall, settings, seen)
            elif isinstance(decoded, Skipped):
                plan.tally(decoded.record).skipped += 1
                plan.skipped[decoded.reason] = plan.skipped.get(decoded.reason, 0) + 1
            else:
                plan.bury(decoded)
    _settle_clocks(plan)
    return plan


def _count(plan: Plan, parcel: Parcel) -> None:
    """Open a tally per topic, from where the lane stood to behind its last record; holes count as skipped."""
    lane, newest = parcel.lane, None
    counts: dict[str, int] = {}
    for decoded in parcel.decoded:
        record = decoded.record
        key = (record.topic, record.partition)
        tally = plan.tallies.get(key)
        if tally is None:
            start = lane.next_offset.get(record.topic, record.offset)
            tally = plan.tallies[key] = Tally(record.topic, record.partition, start, start)
        tally.next_offset = record.offset + 1
        counts[record.topic] = counts.get(record.topic, 0) + 1
        newest = record if newest is None or record.timestamp > newest.timestamp else newest
    for topic, count in counts.items():
        tally = plan.tallies[(topic, lane.partition)]
        hole = tally.next_offset - tally.first_offset - count
        if hole:
            tally.skipped += hole
            plan.gaps[(topic, lane.partition)] = hole
    if newest is not None:
        plan.read_until[lane.partition] = recorded_at(newest)


def _place(
    plan: Plan, lane: Lane, incoming: Incoming, wall: datetime, settings: EngineSettings, seen: set[str]
) -> None:
    """Give one valid event its time, or its end."""
    record, envelope, data = incoming
    community_id = data.community_id
    held = plan.communities.get(community_id)
    before = held[1] if held else lane.community(community_id)
    if record.topic == CHAT_EVENTS:
        untimely = _untimely(envelope.time, before, data, wall, settings)
        if untimely:
            plan.bury(Dead(record, untimely, f"occurred at {envelope.time.isoformat()}", envelope.id))
            return
    after = before
    if type(data) in SETTINGS_OF_ENGINE:
        after = _set(plan, incoming, before)
        if after is not before:
            plan.communities[community_id] = (lane, after)
    elif after.mode == "event" and record.topic == CHAT_EVENTS:
        clock = plan.reached.get(community_id) or after.event_clock
        if clock is None or envelope.time > clock:
            plan.reached[community_id] = envelope.time
            plan.communities[community_id] = (lane, after)
    if envelope.id in seen:
        plan.tally(record).duplicates += 1
        return
    seen.add(envelope.id)
    now = wall if after.mode == "wall" else plan.reached.get(community_id) or after.now(wall)
    event = Event(envelope.id, envelope.source, envelope.time, now, data, after.profile)
    plan.events.append(Planned(lane, record, event))


def _set(plan: Plan, incoming: Incoming, before: Community) -> Community:
    """The community after a record that the engine itself obeys; notes what others told of their progress."""
    data = incoming.data
    if isinstance(data, CommunityProfile):
        return before.told(data)
    if isinstance(data, LaneProgress | CommunityProgress):
        place, mark = read_progress(data, incoming.record.partition)
        plan.marks[place] = max(mark, plan.marks.get(place, mark))
        return before
    assert isinstance(data, ClockSet)
    return _turn(plan, data, before)


def _turn(plan: Plan, clock: ClockSet, before: Community) -> Community:
    community_id = clock.community_id
    reached = plan.reached.get(community_id)
    if reached is not None and before.mode == "event":
        before = replace(before, event_clock=reached)
    after = before.turned(clock)
    if after.turns != before.turns:
        plan.turned.add(community_id)
        if after.mode == "event":
            plan.reached.pop(community_id, None)
    if after.event_clock is not None:
        plan.reached[community_id] = after.event_clock
    return after


def _settle_clocks(plan: Plan) -> None:
    """Give every community on event clock the furthest moment that the batch has reached."""
    for community_id, reached in plan.reached.items():
        lane, community = plan.communities[community_id]
        if community.mode == "event":
            plan.communities[community_id] = (lane, replace(community, event_clock=reached))


def _untimely(
    occurred_at: datetime, community: Community, data: object, wall: datetime, settings: EngineSettings
) -> str | None:
    """Why a chat event is outside the time that its community can take; a history may have any age."""
    if type(data) in SETTINGS_OF_ENGINE:
        return None
    if occurred_at.year < YEAR_MIN:
        return "too_old"
    if occurred_at > wall + settings.future_limit:
        return "in_future" if community.mode == "wall" or occurred_at.year > YEAR_MAX else None
    if community.mode == "wall" and occurred_at < wall - settings.dedup_horizon:
        return "too_old"
    return None


def without_repeats(plan: Plan, repeats: set[str]) -> Sequence[Planned]:
    """The events that the inbox had not seen; the others are counted as duplicates."""
    if not repeats:
        return plan.events
    fresh = []
    for planned in plan.events:
        if planned.event.id in repeats:
            plan.tally(planned.record).duplicates += 1
        else:
            fresh.append(planned)
    return fresh
