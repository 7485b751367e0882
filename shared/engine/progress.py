"""Announces how far this service is, on its own topic, behind the facts that it speaks of."""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from shared.contracts.contract import Contract
from shared.contracts.envelope import headers_of, seal
from shared.contracts.progress import CommunityProgress, LaneProgress
from shared.engine.lane import Lane
from shared.engine.plan import Plan
from shared.engine.settings import EngineSettings
from shared.engine.work import Outgoing

INSTANT = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class Announcer:
    """Decides when a lane speaks; a service without a topic of its own never does."""

    service: str
    source: str
    topic: str | None
    settings: EngineSettings

    def announce(
        self, lane: Lane, plan: Plan, clock: datetime | None, waiting: Mapping[str, datetime], wall: datetime
    ) -> list[Outgoing]:
        """Progress records of a lane, to be sent behind the batch's facts.

        `waiting`: by community, the moment of its earliest timer that is due but waits for another service;
        what such a timer will announce is not out yet, so progress stays before it.
        """
        moved = {name for name, (owner, _) in plan.communities.items() if owner is lane}
        lane.unannounced |= moved
        if self.topic is None or not (
            moved & plan.turned or self.is_due(lane, lane.partition in plan.read_until)
        ):
            return []
        lane.announced_at = time.monotonic()
        records = [self._of_community(lane, plan, name, waiting, wall) for name in sorted(lane.unannounced)]
        lane.unannounced = set()
        if clock is not None:
            held = min([moment - INSTANT for moment in waiting.values()], default=clock)
            record = LaneProgress(
                community_id=f"lane-{lane.partition}", service=self.service, partition=lane.partition,
                clock=min(clock, held),
            )  # fmt: skip
            records.append(self._outgoing(record, lane.partition, wall))
        return records

    def is_due(self, lane: Lane, is_busy: bool = False) -> bool:
        """Whether the lane has been quiet for long enough; a change of clock is told at once, besides."""
        if self.topic is None:
            return False
        busy = is_busy or bool(lane.unannounced)
        limit = self.settings.progress_seconds if busy else self.settings.idle_progress_seconds
        return time.monotonic() - lane.announced_at >= limit

    def _of_community(
        self, lane: Lane, plan: Plan, community_id: str, waiting: Mapping[str, datetime], wall: datetime
    ) -> Outgoing:
        held = plan.communities.get(community_id)
        community = held[1] if held else lane.community(community_id)
        clock = community.now(wall)
        if community_id in waiting:
            clock = min(clock, waiting[community_id] - INSTANT)
        record = CommunityProgress(
            community_id=community_id,
            service=self.service,
            mode=community.mode,
            turns=community.turns,
            clock=clock,
        )
        return self._outgoing(record, lane.partition, wall)

    def _outgoing(self, record: Contract, partition: int, wall: datetime) -> Outgoing:
        envelope = seal(record, self.source, wall)
        payload = record.to_json()
        assert self.topic is not None
        return Outgoing(
            envelope.id, self.topic, partition, record.community_id, headers_of(envelope), payload
        )
