"""What reminders of rules need: settings, how much was written where, and which rules were broken."""

from collections.abc import Mapping, Sequence
from datetime import datetime, time
from typing import NamedTuple

from services.moderation.domain.reminders import LATELY, Broken, Reminders, Spoken
from services.moderation.store.columns import columns_of
from shared.postgres.connection import Connection

ADD_MESSAGES = """
    INSERT INTO channel_hour AS known (community_id, hour, channel_id, messages)
    SELECT * FROM unnest($1::text[], $2::timestamptz[], $3::text[], $4::int[])
    ON CONFLICT (community_id, hour, channel_id) DO UPDATE SET messages = known.messages + excluded.messages
    RETURNING community_id, xmax = 0 AND NOT EXISTS (
        SELECT FROM community_care c WHERE c.community_id = known.community_id AND c.watched_since IS NOT NULL
    ) AS may_begin
"""
WATCH = """
    INSERT INTO community_care AS known (community_id, watched_since)
    SELECT * FROM unnest($1::text[], $2::timestamptz[])
    ON CONFLICT (community_id) DO UPDATE SET watched_since = excluded.watched_since
    WHERE known.watched_since IS NULL
    RETURNING community_id
"""
LOAD_REMINDERS = """
    SELECT community_id, reminders_on, reminder_days, reminder_at, version
    FROM community_care WHERE community_id = ANY($1::text[])
"""
LOAD_SPOKEN = """
    SELECT h.community_id, h.channel_id, sum(h.messages) AS week,
           coalesce(sum(h.messages) FILTER (WHERE h.hour >= asked.midnight), 0) AS today
    FROM unnest($1::text[], $2::timestamptz[], $3::timestamptz[]) AS asked (community_id, midnight, until)
    JOIN channel_hour h ON h.community_id = asked.community_id
         AND h.hour >= asked.until - $4::interval AND h.hour < date_trunc('hour', asked.until)
    GROUP BY h.community_id, h.channel_id ORDER BY h.community_id, h.channel_id
"""
LOAD_BROKEN = """
    SELECT f.community_id, f.rule,
           count(DISTINCT f.message_id) FILTER (WHERE f.posted_at >= asked.until - $3::interval) AS lately,
           count(DISTINCT f.message_id) FILTER (WHERE f.posted_at < asked.until - $3::interval) AS before
    FROM unnest($1::text[], $2::timestamptz[]) AS asked (community_id, until)
    JOIN finding f ON f.community_id = asked.community_id
         AND f.posted_at >= asked.until - 2 * $3::interval AND f.posted_at < asked.until
         AND f.found_at < asked.until
    GROUP BY f.community_id, f.rule ORDER BY f.community_id, f.rule
"""
PRUNE_HOURS = """
    DELETE FROM channel_hour h USING unnest($1::text[], $2::timestamptz[]) AS kept (community_id, since)
    WHERE h.community_id = kept.community_id AND h.hour < kept.since
"""
CHANGE_REMINDERS = """
    INSERT INTO community_care AS known
        (community_id, version, reminders_on, reminder_days, reminder_at, changed_by, reason)
    SELECT $1, 2, $3, $4::smallint[], $5, $6, $7 WHERE $2 = 1 OR EXISTS (
        SELECT FROM community_care c WHERE c.community_id = $1 AND c.version = $2)
    ON CONFLICT (community_id) DO UPDATE SET
        version = known.version + 1, reminders_on = excluded.reminders_on,
        reminder_days = excluded.reminder_days, reminder_at = excluded.reminder_at,
        changed_by = excluded.changed_by, reason = excluded.reason
    WHERE known.version = $2
    RETURNING version
"""


class Written(NamedTuple):
    """Messages of people that were heard in a channel in an hour."""

    community_id: str
    hour: datetime
    channel_id: str
    messages: int


async def add_messages(connection: Connection, written: Sequence[Written]) -> set[str]:
    """Count them; returns the communities of which something may be heard for the first time."""
    if not written:
        return set()
    rows = await connection.fetch(ADD_MESSAGES, *columns_of(sorted(written), 4))
    return {row["community_id"] for row in rows if row["may_begin"]}


async def watch(connection: Connection, since: Mapping[str, datetime]) -> set[str]:
    """Note communities of which something was heard; returns those heard of for the first time."""
    if not since:
        return set()
    rows = await connection.fetch(WATCH, *columns_of(sorted(since.items()), 2))
    return {row["community_id"] for row in rows}


async def load_reminders(connection: Connection, communities: Sequence[str]) -> dict[str, Reminders]:
    """The settings of each community, the shipped ones where nobody changed them."""
    rows = await connection.fetch(LOAD_REMINDERS, communities)
    known = {
        row["community_id"]: Reminders(
            row["reminders_on"], tuple(row["reminder_days"]), row["reminder_at"], row["version"]
        )
        for row in rows
    }
    return {community_id: known.get(community_id, Reminders()) for community_id in communities}


async def load_spoken(
    connection: Connection, asked: Sequence[tuple[str, datetime, datetime]]
) -> dict[str, list[Spoken]]:
    """By community: what was heard in its channels from this midnight, and in a week, until the full hour."""
    spoken: dict[str, list[Spoken]] = {community_id: [] for community_id, _, _ in asked}
    for row in await connection.fetch(LOAD_SPOKEN, *columns_of(asked, 3), LATELY):
        spoken[row["community_id"]].append(Spoken(row["channel_id"], row["today"], row["week"]))
    return spoken


async def load_broken(connection: Connection, until: Mapping[str, datetime]) -> dict[str, list[Broken]]:
    """By community: findings by rule in the two weeks before this moment, by the messages' own time."""
    broken: dict[str, list[Broken]] = {community_id: [] for community_id in until}
    for row in await connection.fetch(LOAD_BROKEN, *columns_of(sorted(until.items()), 2), LATELY):
        broken[row["community_id"]].append(Broken(row["rule"], row["lately"], row["before"]))
    return broken


async def prune_hours(connection: Connection, since: Mapping[str, datetime]) -> None:
    """Forget what was heard before these moments."""
    await connection.execute(PRUNE_HOURS, *columns_of(sorted(since.items()), 2))


async def change_reminders(
    connection: Connection,
    community_id: str,
    expected: int,
    settings: tuple[bool, Sequence[int], time],
    by: str,
    reason: str,
) -> int | None:
    """Save on / days / time; returns the new version, or None when the known one is not the expected."""
    version: int | None = await connection.fetchval(
        CHANGE_REMINDERS, community_id, expected, *settings, by, reason
    )
    return version
