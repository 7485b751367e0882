"""Numbers out of the roll-ups."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import NamedTuple

from services.reporting.domain.periods import Span
from services.reporting.domain.series import Tally
from shared.contracts.profiles import CommunityProfile
from shared.postgres.connection import Connection

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
LAST_DAY = "SELECT max(local_date) FROM day WHERE community_id = $1"
DAYS = """
    SELECT local_date, events, active_members, revision, first_event_at, last_event_at
    FROM day WHERE community_id = $1 AND local_date BETWEEN $2 AND $3 ORDER BY local_date
"""
TALLIES = """
    SELECT local_date, type, is_bot, label, events, amount, answers FROM day_count
    WHERE community_id = $1 AND local_date BETWEEN $2 AND $3 AND ($4::text[] IS NULL OR type = ANY($4))
    ORDER BY local_date, type, is_bot, label
"""
CHANNEL_TALLIES = """
    SELECT channel_id, type, is_bot, sum(events)::bigint, sum(amount)::bigint, sum(answers)::bigint
    FROM channel_count
    WHERE community_id = $1 AND local_date BETWEEN $2 AND $3 AND type = ANY($4)
    GROUP BY channel_id, type, is_bot ORDER BY channel_id, type, is_bot
"""
HOUR_TALLIES = """
    SELECT local_hour, type, is_bot, sum(events)::bigint, sum(amount)::bigint, sum(answers)::bigint
    FROM hour_count
    WHERE community_id = $1 AND local_date BETWEEN $2 AND $3 AND type = ANY($4)
    GROUP BY local_hour, type, is_bot ORDER BY local_hour, type, is_bot
"""
HEAT = """
    SELECT extract(isodow FROM local_date)::int, local_hour, sum(events)::bigint, sum(answers)::bigint
    FROM hour_count
    WHERE community_id = $1 AND local_date BETWEEN $2 AND $3 AND type = 'message.posted' AND NOT is_bot
    GROUP BY 1, 2 ORDER BY 1, 2
"""
BUSIEST_CHANNELS = """
    WITH busy AS (
        SELECT channel_id, sum(events)::bigint AS messages, sum(answers)::bigint AS answers
        FROM channel_count
        WHERE community_id = $1 AND local_date BETWEEN $2 AND $3 AND type = 'message.posted' AND NOT is_bot
        GROUP BY channel_id ORDER BY messages DESC, channel_id LIMIT $4
    ), people AS (
        SELECT channel_id, count(DISTINCT member_id) AS members FROM fact
        WHERE community_id = $1 AND local_date BETWEEN $2 AND $3 AND type = 'message.posted' AND NOT is_bot
          AND occurred_at BETWEEN $2::date - 2 AND $3::date + 3
        GROUP BY channel_id
    )
    SELECT channel_id, messages, members, answers FROM busy JOIN people USING (channel_id)
    ORDER BY messages DESC, channel_id
"""  # the bounds on occurred_at are wider than any zone; they choose partitions and the index's range
LANE_OFFSETS = """
    SELECT topic, partition, first_offset, next_offset, applied, duplicates, dead_lettered, skipped
    FROM lane_offset WHERE consumer_group = $1 ORDER BY topic, partition
"""
FACTS_KEPT = "SELECT coalesce(sum(events), 0)::bigint FROM day"


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
    answers: int


class Heat(NamedTuple):
    """Messages of people in an hour of the week."""

    weekday: int
    """1 is Monday (ISO 8601)."""
    hour: int
    messages: int
    answers: int


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


async def communities(connection: Connection, after: str, limit: int) -> list[KnownCommunity]:
    """Known communities by id, those after `after`."""
    rows = await connection.fetch(COMMUNITIES, after, limit)
    return [KnownCommunity(_profile(row["community_id"], row["profile"]), *row[2:]) for row in rows]


async def last_day(connection: Connection, community_id: str) -> date | None:
    """The last day on which anything counts; None when no fact of it was received."""
    found: date | None = await connection.fetchval(LAST_DAY, community_id)
    return found


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


async def channel_tallies(
    connection: Connection, community_id: str, span: Span, types: Sequence[str]
) -> list[tuple[str, Tally]]:
    """Counts of the whole span by channel."""
    rows = await connection.fetch(CHANNEL_TALLIES, community_id, span.first, span.last, types)
    return [(row[0], Tally(span.first, row[1], row[2], "", *row[3:])) for row in rows]


async def hour_tallies(
    connection: Connection, community_id: str, span: Span, types: Sequence[str]
) -> list[tuple[int, Tally]]:
    """Counts of the whole span by hour of the day."""
    rows = await connection.fetch(HOUR_TALLIES, community_id, span.first, span.last, types)
    return [(row[0], Tally(span.first, row[1], row[2], "", *row[3:])) for row in rows]


async def heat(connection: Connection, community_id: str, span: Span) -> list[Heat]:
    """Messages by hour of the week; hours without any are left out."""
    return [Heat(*row) for row in await connection.fetch(HEAT, community_id, span.first, span.last)]


async def busiest_channels(
    connection: Connection, community_id: str, span: Span, limit: int
) -> list[ChannelCount]:
    """The channels in which people wrote most."""
    rows = await connection.fetch(BUSIEST_CHANNELS, community_id, span.first, span.last, limit)
    return [ChannelCount(*row) for row in rows]


async def lane_offsets(connection: Connection, consumer_group: str) -> list[LaneOffset]:
    """Every partition of every topic that the group has read."""
    return [LaneOffset(*row) for row in await connection.fetch(LANE_OFFSETS, consumer_group)]


async def facts_kept(connection: Connection) -> int:
    """How many facts there are, by the sum of the days."""
    kept: int = await connection.fetchval(FACTS_KEPT)
    return kept


def _profile(community_id: str, stored: str | None) -> CommunityProfile:
    """The engine's copy of the profile, or the defaults where none was received."""
    if stored is None:
        return CommunityProfile(community_id=community_id, revision=0)
    return CommunityProfile.model_validate_json(stored)
