"""All SQL of reporting: facts and roll-ups in, numbers out."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import NamedTuple

import asyncpg

from services.reporting.domain.fact import COLUMNS, Fact
from services.reporting.domain.periods import Span
from services.reporting.domain.roll_up import RollUp
from services.reporting.domain.series import Tally
from shared.contracts.profiles import CommunityProfile
from shared.postgres.connection import Connection

COPY_FROM_FACTS = 24
"""From this many facts on, COPY and its savepoint cost less than an INSERT."""

INSERT_FACTS = """
    INSERT INTO fact
    SELECT * FROM unnest(
        $1::uuid[], $2::text[], $3::timestamptz[], $4::date[], $5::text[], $6::text[], $7::text[], $8::text[],
        $9::text[], $10::text[], $11::bigint[], $12::bool[], $13::bool[])
    ON CONFLICT DO NOTHING
    RETURNING event_id::text
"""
ADD_ACTIVE_MEMBERS = """
    WITH fresh AS (
        INSERT INTO member_day SELECT * FROM unnest($1::text[], $2::date[], $3::text[])
        ON CONFLICT DO NOTHING
        RETURNING community_id, local_date
    )
    SELECT community_id, local_date, count(*) FROM fresh GROUP BY community_id, local_date
"""
ADD_DAYS = """
    INSERT INTO day
        (community_id, local_date, events, revision, first_event_at, last_event_at, active_members)
    SELECT * FROM unnest(
        $1::text[], $2::date[], $3::bigint[], $4::bigint[], $5::timestamptz[], $6::timestamptz[], $7::int[])
    ON CONFLICT (community_id, local_date) DO UPDATE SET
        events = day.events + excluded.events,
        revision = day.revision + excluded.revision,
        first_event_at = least(day.first_event_at, excluded.first_event_at),
        last_event_at = greatest(day.last_event_at, excluded.last_event_at),
        active_members = day.active_members + excluded.active_members
"""
ADD_COUNTS = """
    INSERT INTO day_count (community_id, local_date, type, is_bot, events, amount)
    SELECT * FROM unnest($1::text[], $2::date[], $3::text[], $4::bool[], $5::bigint[], $6::bigint[])
    ON CONFLICT (community_id, local_date, type, is_bot) DO UPDATE SET
        events = day_count.events + excluded.events,
        amount = day_count.amount + excluded.amount
"""
COMMUNITIES = """
    WITH RECURSIVE known AS (
        (SELECT community_id FROM day WHERE community_id > $1 ORDER BY community_id LIMIT 1)
        UNION ALL
        SELECT (SELECT day.community_id FROM day WHERE day.community_id > known.community_id
                ORDER BY day.community_id LIMIT 1)
        FROM known WHERE known.community_id IS NOT NULL
    )
    SELECT known.community_id, community.profile::text AS profile, seen.*
    FROM known
    CROSS JOIN LATERAL (
        SELECT min(first_event_at) AS first_event_at, max(last_event_at) AS last_event_at,
               sum(events)::bigint AS events
        FROM day WHERE day.community_id = known.community_id
    ) AS seen
    LEFT JOIN community USING (community_id)
    WHERE known.community_id IS NOT NULL
    LIMIT $2
"""  # one index probe a community instead of reading every day of all of them
COMMUNITY = """
    SELECT profile::text AS profile, (SELECT max(local_date) FROM day WHERE community_id = $1) AS last_day
    FROM (SELECT $1::text AS community_id) AS asked LEFT JOIN community USING (community_id)
"""
DAYS = """
    SELECT local_date, events, active_members, revision, first_event_at, last_event_at
    FROM day WHERE community_id = $1 AND local_date BETWEEN $2 AND $3 ORDER BY local_date
"""
TALLIES = """
    SELECT local_date, type, is_bot, events, amount FROM day_count
    WHERE community_id = $1 AND local_date BETWEEN $2 AND $3 AND ($4::text[] IS NULL OR type = ANY($4))
    ORDER BY local_date, type, is_bot
"""
ACTIVE_MEMBERS = """
    SELECT (SELECT count(DISTINCT member_id) FROM member_day
            WHERE community_id = $1 AND local_date BETWEEN opens AND closes)
    FROM unnest($2::date[], $3::date[]) WITH ORDINALITY AS period (opens, closes, place)
    ORDER BY place
"""
BUSIEST_CHANNELS = """
    SELECT channel_id, count(*) AS messages, count(DISTINCT member_id) AS members FROM fact
    WHERE community_id = $1 AND local_date BETWEEN $2 AND $3 AND type = 'message.posted' AND NOT is_bot
      AND occurred_at BETWEEN $2::date - 2 AND $3::date + 3
    GROUP BY channel_id ORDER BY messages DESC, channel_id LIMIT $4
"""  # the bounds on occurred_at are wider than any zone; they choose partitions and the index's range
LANE_OFFSETS = """
    SELECT topic, partition, first_offset, next_offset, applied, duplicates, dead_lettered, skipped
    FROM lane_offset WHERE consumer_group = $1 ORDER BY topic, partition
"""
# Each community's day by its own clock: a few looks at an index a community, whatever the number of its days.
CENSUS = """
    WITH RECURSIVE known AS (
        (SELECT community_id FROM day ORDER BY community_id LIMIT 1)
        UNION ALL
        SELECT (SELECT d.community_id FROM day d WHERE d.community_id > known.community_id
                ORDER BY d.community_id LIMIT 1)
        FROM known WHERE known.community_id IS NOT NULL
    )
    SELECT coalesce(c.mode, 'wall') AS mode, count(*) AS communities, count(d.local_date) AS active,
           coalesce(sum(d.active_members), 0)::bigint AS members
    FROM known LEFT JOIN community c USING (community_id)
    LEFT JOIN day d ON d.community_id = known.community_id AND d.local_date =
        (now() AT TIME ZONE coalesce(c.profile ->> 'time_zone', 'Asia/Shanghai'))::date
    WHERE known.community_id IS NOT NULL
    GROUP BY 1
"""
FACTS_KEPT = "SELECT coalesce(sum(events), 0)::bigint FROM day"


class Census(NamedTuple):
    """Communities on one clock."""

    mode: str
    communities: int
    active: int
    """Those with an event on their present day."""
    members: int
    """Who wrote on it, each counted once a community."""


class Day(NamedTuple):
    """One day of a community."""

    local_date: date
    events: int
    active_members: int
    revision: int
    first_event_at: datetime
    last_event_at: datetime


class KnownCommunity(NamedTuple):
    """A community of which events were received."""

    profile: CommunityProfile
    first_event_at: datetime
    last_event_at: datetime
    events: int


class ChannelCount(NamedTuple):
    """What people wrote in a channel."""

    channel_id: str
    messages: int
    members: int


class LaneOffset(NamedTuple):
    """What became of the records of one partition of a topic, as the engine counts them."""

    topic: str
    partition: int
    first_offset: int
    next_offset: int
    applied: int
    duplicates: int
    dead_lettered: int
    skipped: int


async def add_facts(connection: Connection, facts: Sequence[Fact]) -> list[Fact]:
    """Keep facts; returns those that were not there, in order."""
    if len(facts) >= COPY_FROM_FACTS:
        try:
            async with connection.transaction():
                await connection.copy_records_to_table("fact", records=facts, columns=COLUMNS)
            return list(facts)
        except (asyncpg.UniqueViolationError, OverflowError, ValueError):
            pass  # COPY cannot skip what is there, nor does it say that a value does not fit as INSERT does
    rows = await connection.fetch(INSERT_FACTS, *_columns(facts, len(COLUMNS)))
    fresh = {row[0] for row in rows}
    return [fact for fact in facts if fact.event_id in fresh]


async def add_roll_up(connection: Connection, added: RollUp) -> None:
    """Add to the days; every statement takes its rows in the order of their keys."""
    joined = {}
    if added.active:
        rows = await connection.fetch(ADD_ACTIVE_MEMBERS, *_columns(added.active, 3))
        joined = {(row[0], row[1]): row[2] for row in rows}
    active = [joined.get(change[:2], 0) for change in added.days]
    await connection.execute(ADD_DAYS, *_columns(added.days, 6), active)
    await connection.execute(ADD_COUNTS, *_columns(added.counts, 6))


def _columns(rows: Sequence[tuple[object, ...]], width: int) -> list[list[object]]:
    """The rows as one array per column."""
    return [list(column) for column in zip(*rows, strict=True)] or [[] for _ in range(width)]


async def communities(connection: Connection, after: str, limit: int) -> list[KnownCommunity]:
    """Known communities by id, those after `after`."""
    rows = await connection.fetch(COMMUNITIES, after, limit)
    return [KnownCommunity(_profile(row["community_id"], row["profile"]), *row[2:]) for row in rows]


async def community(connection: Connection, community_id: str) -> tuple[CommunityProfile, date] | None:
    """Its profile and the last day on which anything counts; None when no fact of it was received."""
    row = await connection.fetchrow(COMMUNITY, community_id)
    if row is None or row["last_day"] is None:
        return None
    return _profile(community_id, row["profile"]), row["last_day"]


async def days(connection: Connection, community_id: str, span: Span) -> list[Day]:
    """The days of a span on which anything counts, in order."""
    rows = await connection.fetch(DAYS, community_id, span.first, span.last)
    return [Day(*row) for row in rows]


async def tallies(
    connection: Connection, community_id: str, span: Span, types: Sequence[str] | None = None
) -> list[Tally]:
    """Counts by day and type, of these types or of all."""
    rows = await connection.fetch(TALLIES, community_id, span.first, span.last, types)
    return [Tally(*row) for row in rows]


async def active_members(connection: Connection, community_id: str, spans: Sequence[Span]) -> list[int]:
    """For each span how many members wrote in it, each counted once."""
    opens, closes = [span.first for span in spans], [span.last for span in spans]
    return [row[0] for row in await connection.fetch(ACTIVE_MEMBERS, community_id, opens, closes)]


async def busiest_channels(
    connection: Connection, community_id: str, span: Span, limit: int
) -> list[ChannelCount]:
    """The channels in which people wrote most."""
    rows = await connection.fetch(BUSIEST_CHANNELS, community_id, span.first, span.last, limit)
    return [ChannelCount(*row) for row in rows]


async def lane_offsets(connection: Connection, consumer_group: str) -> list[LaneOffset]:
    """Every partition of every topic that the group has read."""
    return [LaneOffset(*row) for row in await connection.fetch(LANE_OFFSETS, consumer_group)]


async def census(connection: Connection) -> list[Census]:
    """The communities on each clock, and who is about in them today."""
    return [Census(*row) for row in await connection.fetch(CENSUS)]


async def facts_kept(connection: Connection) -> int:
    """How many facts there are, by the sum of the days."""
    kept: int = await connection.fetchval(FACTS_KEPT)
    return kept


def _profile(community_id: str, stored: str | None) -> CommunityProfile:
    """The engine's copy of the profile, or the defaults where none was received."""
    if stored is None:
        return CommunityProfile(community_id=community_id, revision=0)
    return CommunityProfile.model_validate_json(stored)
