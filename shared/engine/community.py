"""A community's clock and profile as this service sees them, kept with the lane that owns it."""

from dataclasses import dataclass, replace
from datetime import datetime
from functools import lru_cache
from typing import Literal

import asyncpg

from shared.contracts.chat import ClockSet
from shared.contracts.profiles import CommunityProfile
from shared.postgres.connection import Connection

LOAD_COMMUNITIES = """
    SELECT community_id, partition, profile, revision, mode, event_clock, turns FROM community
    WHERE partition = ANY($1::int[])
"""
LOAD_COMMUNITY = """
    SELECT community_id, partition, profile, revision, mode, event_clock, turns FROM community
    WHERE community_id = $1
"""
SAVE_COMMUNITIES = """
    INSERT INTO community (community_id, partition, profile, revision, mode, event_clock, turns)
    SELECT * FROM unnest($1::text[], $2::int[], $3::jsonb[], $4::bigint[], $5::text[], $6::timestamptz[],
                         $7::int[])
    ON CONFLICT (community_id) DO UPDATE SET
        profile = excluded.profile, revision = excluded.revision, mode = excluded.mode,
        event_clock = excluded.event_clock, turns = excluded.turns
"""

Mode = Literal["wall", "event"]


@dataclass(frozen=True, slots=True)
class Community:
    """One community in one service."""

    profile: CommunityProfile
    mode: Mode = "wall"
    event_clock: datetime | None = None
    """On event clock: the highest `occurred_at` seen, or where it was set to."""
    turns: int = 0
    """How often the clock was changed; every service counts the same from the same log."""
    is_known: bool = True
    """Whether a profile was ever received; else the defaults stand."""

    def now(self, wall: datetime) -> datetime:
        """The community's clock."""
        if self.mode == "wall" or self.event_clock is None:
            return wall
        return self.event_clock

    def turned(self, clock: ClockSet) -> "Community":
        """After a clock record: another mode, or an event clock moved on."""
        if clock.mode == self.mode == "event":
            known = [moment for moment in (self.event_clock, clock.to) if moment is not None]
            return replace(self, event_clock=max(known, default=None))
        if clock.mode == "event":
            return replace(self, mode="event", event_clock=clock.to, turns=self.turns + 1)
        if self.mode == "wall":
            return self
        return replace(self, mode="wall", event_clock=None, turns=self.turns + 1)

    def told(self, profile: CommunityProfile) -> "Community":
        """After a profile record: the newest revision stands."""
        if self.is_known and profile.revision <= self.profile.revision:
            return self
        return replace(self, profile=profile, is_known=True)


@lru_cache(maxsize=10_000)
def unknown(community_id: str) -> Community:
    """A community of which no profile was received: the defaults."""
    return Community(CommunityProfile(community_id=community_id, revision=0), is_known=False)


async def load_communities(connection: Connection, partitions: list[int]) -> list[tuple[int, Community]]:
    """All communities of these lanes that have a row (a profile, or a clock that was ever turned)."""
    rows = await connection.fetch(LOAD_COMMUNITIES, partitions)
    return [(row["partition"], _community(row)) for row in rows]


async def load_community(connection: Connection, community_id: str) -> Community:
    """One community, for a request; the defaults where nothing was received."""
    row = await connection.fetchrow(LOAD_COMMUNITY, community_id)
    return _community(row) if row else unknown(community_id)


def _community(row: asyncpg.Record) -> Community:
    community_id: str = row["community_id"]
    known = row["profile"] is not None
    profile = CommunityProfile.model_validate_json(row["profile"]) if known else unknown(community_id).profile
    return Community(profile, row["mode"], row["event_clock"], row["turns"], is_known=known)


async def save_communities(connection: Connection, changed: dict[str, tuple[int, Community]]) -> None:
    """Write changed communities, by id; the value holds their partition."""
    rows = [(community_id, *changed[community_id]) for community_id in sorted(changed)]
    await connection.execute(
        SAVE_COMMUNITIES,
        [community_id for community_id, _, _ in rows],
        [partition for _, partition, _ in rows],
        [each.profile.model_dump_json() if each.is_known else None for _, _, each in rows],
        [each.profile.revision if each.is_known else -1 for _, _, each in rows],
        [each.mode for _, _, each in rows],
        [each.event_clock for _, _, each in rows],
        [each.turns for _, _, each in rows],
    )
