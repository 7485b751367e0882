"""Plans to take silent members out: the frozen list, how far each is, and what became of each member."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import NamedTuple

import asyncpg

from services.moderation.store.columns import columns_of
from shared.postgres.connection import Connection

CLEANING = """
    SELECT c.*, coalesce(n.waiting, 0) AS waiting, coalesce(n.dropped, 0) AS dropped,
           coalesce(n.asked, 0) AS asked, coalesce(n.removed, 0) AS removed, coalesce(n.failed, 0) AS failed
    FROM cleaning c LEFT JOIN LATERAL (
        SELECT count(*) FILTER (WHERE m.state = 'waiting') AS waiting,
               count(*) FILTER (WHERE m.state = 'dropped') AS dropped,
               count(*) FILTER (WHERE m.state = 'asked') AS asked,
               count(*) FILTER (WHERE m.state = 'removed') AS removed,
               count(*) FILTER (WHERE m.state = 'failed') AS failed
        FROM cleaning_member m WHERE m.cleaning_id = c.cleaning_id
    ) AS n ON true
"""  # the front of the two below, and a statement of its own
CLEANING_BY_ID = CLEANING + " WHERE c.community_id = $1 AND c.cleaning_id = $2"
CLEANINGS_OF_COMMUNITY = (
    CLEANING
    + """
    WHERE c.community_id = $1 AND ($2::timestamptz IS NULL OR (c.planned_at, c.cleaning_id) < ($2, $3::text))
    ORDER BY c.planned_at DESC, c.cleaning_id DESC LIMIT $4
"""
)
LOCK = "SELECT cleaning_id FROM cleaning WHERE community_id = $1 AND cleaning_id = $2 FOR UPDATE"
ADD_CLEANING = """
    INSERT INTO cleaning (cleaning_id, community_id, state, silent_days, members, planned_by, planned_at,
                          reason, expires_at)
    VALUES ($1, $2, 'planned', $3, $4, $5, $6, $7, $8)
"""
ADD_MEMBERS = """
    INSERT INTO cleaning_member (cleaning_id, member_id, seen_on)
    SELECT $1, * FROM unnest($2::text[], $3::date[])
"""
MEMBERS = """
    SELECT member_id, seen_on, state, note FROM cleaning_member
    WHERE cleaning_id = $1 AND ($2::text IS NULL OR state = $2)
      AND ($3::date IS NULL OR (seen_on, member_id) > ($3, $4::text))
    ORDER BY seen_on, member_id LIMIT $5
"""
# who spoke, left, became an operator or came onto an allow list since the list was frozen
DROP = """
    UPDATE cleaning_member m SET state = 'dropped', note = CASE
        WHEN s.member_id IS NULL THEN 'unknown' WHEN s.seen_on > m.seen_on THEN 'spoke'
        WHEN s.is_gone THEN 'left' WHEN s.is_operator OR s.is_bot THEN 'exempt' ELSE 'allowed' END
    FROM cleaning_member waiting
    JOIN cleaning c USING (cleaning_id)
    LEFT JOIN member_seen s ON s.community_id = c.community_id AND s.member_id = waiting.member_id
    LEFT JOIN allow_listed_member a ON a.community_id = c.community_id AND a.member_id = waiting.member_id
    WHERE m.cleaning_id = waiting.cleaning_id AND m.member_id = waiting.member_id
      AND waiting.cleaning_id = ANY($1::text[]) AND waiting.state = 'waiting'
      AND (s.member_id IS NULL OR s.seen_on > waiting.seen_on OR s.is_gone OR s.is_operator OR s.is_bot
           OR a.member_id IS NOT NULL)
"""
CONFIRM = """
    UPDATE cleaning SET state = 'running', version = version + 1, confirmed_by = $2, confirmed_at = $3
    WHERE cleaning_id = $1
"""
STOP = """
    UPDATE cleaning SET state = 'stopped', version = version + 1, stopped_by = $2, stop_reason = $3,
                        ended_at = $4
    WHERE cleaning_id = $1
"""
TAKE = """
    SELECT c.community_id, c.cleaning_id, c.reason, taken.member_id
    FROM unnest($1::text[]) AS wanted (cleaning_id)
    JOIN cleaning c USING (cleaning_id)
    CROSS JOIN LATERAL (
        SELECT m.member_id, m.seen_on FROM cleaning_member m
        WHERE m.cleaning_id = c.cleaning_id AND m.state = 'waiting'
        ORDER BY m.seen_on, m.member_id LIMIT $2
    ) AS taken
    WHERE c.state = 'running' ORDER BY c.cleaning_id, taken.seen_on, taken.member_id
"""
ASKED = """
    UPDATE cleaning_member m SET state = 'asked', command_id = t.command_id
    FROM unnest($1::text[], $2::text[], $3::text[]) AS t (cleaning_id, member_id, command_id)
    WHERE m.cleaning_id = t.cleaning_id AND m.member_id = t.member_id
"""
END = """
    UPDATE cleaning c SET state = 'done', version = version + 1, ended_at = t.ended_at
    FROM unnest($1::text[], $2::timestamptz[]) AS t (cleaning_id, ended_at)
    WHERE c.cleaning_id = t.cleaning_id AND c.state = 'running'
      AND NOT EXISTS (SELECT FROM cleaning_member m
                      WHERE m.cleaning_id = c.cleaning_id AND m.state = 'waiting')
    RETURNING c.cleaning_id
"""
STILL_RUNNING = (
    "SELECT cleaning_id FROM cleaning WHERE cleaning_id = ANY($1::text[]) AND state = 'running' FOR UPDATE"
)
# what was done stays done, whatever another attempt says
RECEIVE = """
    UPDATE cleaning_member m SET state = t.state, note = t.note
    FROM unnest($1::text[], $2::text[], $3::text[]) AS t (command_id, state, note)
    WHERE m.command_id = t.command_id AND m.state <> 'removed'
"""


class Plan(NamedTuple):
    """A plan as it is made."""

    cleaning_id: str
    community_id: str
    silent_days: int
    members: int
    planned_by: str
    planned_at: datetime
    reason: str
    expires_at: datetime


async def add_plan(connection: Connection, plan: Plan, members: Sequence[tuple[str, date]]) -> None:
    """Freeze a list: member and the day on which each was last heard of."""
    await connection.execute(ADD_CLEANING, *plan)
    await connection.execute(ADD_MEMBERS, plan.cleaning_id, *columns_of(members, 2))


async def lock_cleaning(connection: Connection, community_id: str, cleaning_id: str) -> asyncpg.Record | None:
    """The plan with its counts, held until the transaction ends."""
    await connection.execute(LOCK, community_id, cleaning_id)
    return await load_cleaning(connection, community_id, cleaning_id)


async def load_cleaning(connection: Connection, community_id: str, cleaning_id: str) -> asyncpg.Record | None:
    """The plan with its counts."""
    return await connection.fetchrow(CLEANING_BY_ID, community_id, cleaning_id)


async def cleanings_of(
    connection: Connection, community_id: str, after: tuple[datetime, str] | None, rows_max: int
) -> list[asyncpg.Record]:
    """The community's plans after this key, newest first."""
    return await connection.fetch(CLEANINGS_OF_COMMUNITY, community_id, *(after or (None, None)), rows_max)


async def members_of(
    connection: Connection,
    cleaning_id: str,
    state: str | None,
    after: tuple[date, str] | None,
    rows_max: int,
) -> list[asyncpg.Record]:
    """The frozen list after this key, those silent longest first; of one state, or of all."""
    return await connection.fetch(MEMBERS, cleaning_id, state, *(after or (None, None)), rows_max)


async def drop_changed(connection: Connection, cleaning_ids: Sequence[str]) -> None:
    """Take those off whose silence has ended, or who may not be on a list any more."""
    await connection.execute(DROP, cleaning_ids)


async def confirm(connection: Connection, cleaning_id: str, by: str, at: datetime) -> None:
    """A person says that it is to happen. Raises `UniqueViolationError` while another one runs."""
    await connection.execute(CONFIRM, cleaning_id, by, at)


async def stop(connection: Connection, cleaning_id: str, by: str, reason: str, at: datetime) -> None:
    """Nobody else is taken out."""
    await connection.execute(STOP, cleaning_id, by, reason, at)


async def still_running(connection: Connection, cleaning_ids: Sequence[str]) -> set[str]:
    """Those that run, held until the transaction ends."""
    return {row["cleaning_id"] for row in await connection.fetch(STILL_RUNNING, cleaning_ids)}


async def take(connection: Connection, cleaning_ids: Sequence[str], members_max: int) -> list[asyncpg.Record]:
    """The next members of each running cleaning: community_id, cleaning_id, reason, member_id."""
    return await connection.fetch(TAKE, cleaning_ids, members_max)


async def note_asked(connection: Connection, asked: Sequence[tuple[str, str, str]]) -> None:
    """Cleaning, member, and the id of the command that was given."""
    if asked:
        await connection.execute(ASKED, *columns_of(asked, 3))


async def end(connection: Connection, at: Sequence[tuple[str, datetime]]) -> set[str]:
    """End those of which nobody waits any more; returns them."""
    return {row["cleaning_id"] for row in await connection.fetch(END, *columns_of(at, 2))}


async def receive(connection: Connection, receipts: Sequence[tuple[str, str, str]]) -> None:
    """Command, what became of its member (`removed` or `failed`), and a note."""
    if receipts:
        await connection.execute(RECEIVE, *columns_of(receipts, 3))
