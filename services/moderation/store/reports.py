"""Reports by members, and how far to trust those who report."""

from collections.abc import Collection, Iterable
from datetime import datetime
from typing import NamedTuple

from services.moderation.domain.message import Key
from services.moderation.domain.reporting import Reporter, Standing
from services.moderation.store.columns import columns_of
from shared.postgres.connection import Connection

SAVE_REPORTS = """
    INSERT INTO member_report (community_id, message_id, reporter_id, said, reported_at, by_operator)
    SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::timestamptz[], $6::boolean[])
    ON CONFLICT DO NOTHING
    RETURNING community_id, message_id, reporter_id
"""
REPORTERS = """
    SELECT t.community_id, t.member_id, w.first_at,
           coalesce(past.judged, 0)::int AS judged, coalesce(past.overturned, 0)::int AS overturned
    FROM unnest($1::text[], $2::text[]) AS t (community_id, member_id)
    LEFT JOIN member_window w USING (community_id, member_id)
    LEFT JOIN LATERAL (
        SELECT count(*) AS judged, count(*) FILTER (WHERE verdict = 'overturned') AS overturned
        FROM member_report r
        WHERE r.community_id = t.community_id AND r.reporter_id = t.member_id AND r.verdict IS NOT NULL
    ) past ON true
"""
EARLIER_REPORTS = """
    SELECT r.community_id, r.message_id, r.reporter_id, r.by_operator
    FROM unnest($1::text[], $2::text[]) AS t (community_id, message_id)
    JOIN member_report r USING (community_id, message_id)
    ORDER BY r.reported_at, r.reporter_id
"""
# Locked, so that no message is held on which a verdict is being given.
REPORTED = """
    SELECT m.community_id, m.message_id, m.case_id, m.held_at IS NOT NULL AS is_held,
           c.state = 'resolved' AS is_resolved
    FROM unnest($1::text[], $2::text[]) AS t (community_id, message_id)
    JOIN reported_message m USING (community_id, message_id)
    JOIN moderation_case c ON c.case_id = m.case_id
    ORDER BY c.case_id FOR UPDATE OF c
"""
SAVE_REPORTED = """
    INSERT INTO reported_message (community_id, message_id, case_id, alerted_at, held_at)
    SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::timestamptz[], $5::timestamptz[])
    ON CONFLICT (community_id, message_id) DO UPDATE SET
        held_at = coalesce(reported_message.held_at, excluded.held_at)
"""


class Report(NamedTuple):
    """A member's word about a message."""

    community_id: str
    message_id: str
    reporter_id: str
    said: str
    reported_at: datetime
    by_operator: bool


class Reported(NamedTuple):
    """A message of which operators were told, and that may be held."""

    community_id: str
    message_id: str
    case_id: str
    alerted_at: datetime
    held_at: datetime | None


async def load_standings(connection: Connection, messages: Collection[Key]) -> dict[Key, Standing]:
    """What is known of these messages, with all of their reporters so far."""
    keys = columns_of(sorted(messages), 2)
    earlier = await connection.fetch(EARLIER_REPORTS, *keys)
    members = {(row["community_id"], row["reporter_id"]) for row in earlier}
    known = await load_reporters(connection, members)
    standings = {
        (row["community_id"], row["message_id"]): Standing(row["case_id"], row["is_held"], row["is_resolved"])
        for row in await connection.fetch(REPORTED, *keys)
    }
    for row in earlier:
        key = row["community_id"], row["message_id"]
        reporter = known[row["community_id"], row["reporter_id"]]._replace(is_operator=row["by_operator"])
        standings[key] = standings.get(key, Standing()).reported_by(reporter)
    return standings


async def load_reporters(connection: Connection, members: Collection[Key]) -> dict[Key, Reporter]:
    """What is known of these members as reporters."""
    rows = await connection.fetch(REPORTERS, *columns_of(sorted(members), 2))
    return {
        (row["community_id"], row["member_id"]): Reporter(
            row["member_id"], row["first_at"], row["judged"], row["overturned"]
        )
        for row in rows
    }


async def save_reports(connection: Connection, reports: Iterable[Report]) -> set[tuple[str, str, str]]:
    """Keys of those that are new: a member reports a message once."""
    rows = await connection.fetch(SAVE_REPORTS, *columns_of(sorted(reports), 6))
    return {tuple(row) for row in rows}


async def save_reported(connection: Connection, reported: Iterable[Reported]) -> None:
    """Insert, or note that it is held."""
    rows = sorted(reported, key=lambda each: each[:2])
    if rows:
        await connection.execute(SAVE_REPORTED, *columns_of(rows, 5))
