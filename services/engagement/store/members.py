"""What members did lately, who talks with whom, and what of a community asks for work."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import NamedTuple

import asyncpg

from services.engagement.domain.mesh import Edge
from services.engagement.store.columns import columns_of
from shared.postgres.connection import Connection, Pool

LOAD_FLAGS = """
    SELECT asked.community_id,
           EXISTS (SELECT FROM newcomer n WHERE n.community_id = asked.community_id
                   AND n.joined_at > asked.now - interval '8 days') AS has_newcomers,
           EXISTS (SELECT FROM newcomer n WHERE n.community_id = asked.community_id
                   AND n.welcomed_at IS NULL AND n.left_at IS NULL) AS has_waiting,
           EXISTS (SELECT FROM question q WHERE q.community_id = asked.community_id
                   AND q.answered_at IS NULL AND q.asked_at > asked.now - interval '2 days') AS has_open,
           EXISTS (SELECT FROM gathering g WHERE g.community_id = asked.community_id AND g.is_session
                   AND g.state IN ('planned', 'open')) AS has_session,
           EXISTS (SELECT FROM faq f WHERE f.community_id = asked.community_id) AS has_faq,
           EXISTS (SELECT FROM member_activity a WHERE a.community_id = asked.community_id) AS is_known,
           c.choices
    FROM unnest($1::text[], $2::timestamptz[]) AS asked (community_id, now)
    LEFT JOIN community_choice c ON c.community_id = asked.community_id
"""
# most members of a batch wrote on that day already: an upsert would lock and dirty their rows
NOTE_ACTIVITY = """
    INSERT INTO member_activity AS known (community_id, member_id, active_days)
    SELECT t.community_id, t.member_id, string_to_array(t.days, ',')::date[]
    FROM unnest($1::text[], $2::text[], $3::text[]) AS t (community_id, member_id, days)
    LEFT JOIN LATERAL (
        SELECT * FROM member_activity m
        WHERE m.community_id = t.community_id AND m.member_id = t.member_id OFFSET 0
    ) AS k ON true
    WHERE k.member_id IS NULL OR NOT k.active_days @> string_to_array(t.days, ',')::date[]
    ON CONFLICT (community_id, member_id) DO UPDATE SET active_days = (
        SELECT array_agg(days.day ORDER BY days.day) FROM (
            SELECT DISTINCT day, max(day) OVER () AS latest
            FROM unnest(known.active_days || excluded.active_days) AS day) AS days
        WHERE days.day > days.latest - 91)
"""
NOTE_EDGES = """
    INSERT INTO member_edge AS known (community_id, member_a, member_b, days, last_day)
    SELECT t.community_id, t.member_a, t.member_b, count(*)::int, max(day)
    FROM unnest($1::text[], $2::text[], $3::text[], $4::text[]) AS t (community_id, member_a, member_b, days)
    LEFT JOIN LATERAL (
        SELECT * FROM member_edge e WHERE e.community_id = t.community_id
          AND e.member_a = t.member_a AND e.member_b = t.member_b OFFSET 0
    ) AS k ON true
    CROSS JOIN LATERAL unnest(string_to_array(t.days, ',')::date[]) AS day
    WHERE k.last_day IS NULL OR day > k.last_day
    GROUP BY t.community_id, t.member_a, t.member_b
    ON CONFLICT (community_id, member_a, member_b) DO UPDATE SET
        days = known.days + excluded.days, last_day = excluded.last_day
"""
EDGES = """
    SELECT member_a, member_b, days FROM member_edge
    WHERE community_id = $1 AND last_day > $2::date - 91 ORDER BY member_a, member_b
"""
FORGET_EDGES = "DELETE FROM member_edge WHERE community_id = $1 AND last_day <= $2::date - 400"
SAVE_MESH = """
    INSERT INTO mesh_report (community_id, week, members, edges, parts, concentration, cut_members,
                             introductions)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8::jsonb)
    ON CONFLICT (community_id, week) DO NOTHING
"""
MESHES = """
    SELECT week, members, edges, parts, concentration, cut_members, introductions FROM mesh_report
    WHERE community_id = $1 AND ($2::date IS NULL OR week < $2) ORDER BY week DESC LIMIT $3
"""
ACTIVITIES = (
    "SELECT member_id, active_days, segment, won_back_at FROM member_activity WHERE community_id = $1"
)
SAVE_SEGMENTS = """
    UPDATE member_activity m SET segment = t.segment
    FROM unnest($2::text[], $3::text[]) AS t (member_id, segment)
    WHERE m.community_id = $1 AND m.member_id = t.member_id AND m.segment <> t.segment
"""
WIN_BACK = """
    UPDATE member_activity m SET won_back_at = $3 WHERE community_id = $1 AND member_id = ANY($2::text[])
"""
SEGMENTS = """
    SELECT segment, count(*)::int AS members FROM member_activity WHERE community_id = $1 GROUP BY segment
"""
MEMBERS_OF_SEGMENT = """
    SELECT member_id, segment, cardinality(active_days) AS days,
           active_days[cardinality(active_days)] AS last_day
    FROM member_activity WHERE community_id = $1 AND segment = $2 AND ($3::text IS NULL OR member_id > $3)
    ORDER BY member_id LIMIT $4
"""
EVIDENCE = """
    SELECT a.member_id, count(q.message_id)::int AS answers, count(DISTINCT q.member_id)::int AS helped,
           cardinality(a.active_days) AS days, coalesce(l.state, 'none') AS state
    FROM member_activity a
    LEFT JOIN question q ON q.community_id = a.community_id AND q.answered_by = a.member_id
                            AND q.answered_at > $2
    LEFT JOIN opinion_leader l ON l.community_id = a.community_id AND l.member_id = a.member_id
    WHERE a.community_id = $1
    GROUP BY a.member_id, a.active_days, l.state
    HAVING count(DISTINCT q.member_id) >= $3
    ORDER BY helped DESC, answers DESC, a.member_id LIMIT $4
"""
MOVE_LEADER = """
    INSERT INTO opinion_leader AS known (community_id, member_id, state, owner, next_act, version, changed_at)
    SELECT $1, $2, $4, $5, $6, 1, $7 WHERE $3 = 0 OR EXISTS (
        SELECT FROM opinion_leader l WHERE l.community_id = $1 AND l.member_id = $2 AND l.version = $3)
    ON CONFLICT (community_id, member_id) DO UPDATE SET
        state = excluded.state, owner = excluded.owner, next_act = excluded.next_act,
        version = known.version + 1, changed_at = excluded.changed_at
    WHERE known.version = $3
    RETURNING version
"""
LEADERS = """
    SELECT member_id, state, owner, next_act, version, changed_at FROM opinion_leader
    WHERE community_id = $1 ORDER BY state, member_id LIMIT 500
"""


class Flags(NamedTuple):
    """What there is in a community that messages may matter to."""

    has_newcomers: bool
    has_waiting: bool
    has_open: bool
    has_session: bool
    has_faq: bool
    is_known: bool
    """Whether anything was heard of its members."""
    choices: str | None


async def load_flags(connection: Connection, now: Mapping[str, datetime]) -> dict[str, Flags]:
    """By community."""
    rows = await connection.fetch(LOAD_FLAGS, *columns_of(sorted(now.items()), 2))
    return {row["community_id"]: Flags(*tuple(row)[1:]) for row in rows}


async def note_activity(connection: Connection, days: Mapping[tuple[str, str], Iterable[date]]) -> None:
    """Local dates on which members wrote."""
    rows = [(*key, ",".join(map(str, sorted(known)))) for key, known in sorted(days.items())]
    if rows:
        await connection.execute(NOTE_ACTIVITY, *columns_of(rows, 3))


async def note_edges(connection: Connection, days: Mapping[tuple[str, str, str], Sequence[date]]) -> None:
    """Rising local dates on which two members talked; days before the last known one are not counted."""
    rows = [(*key, ",".join(map(str, known))) for key, known in sorted(days.items())]
    if rows:
        await connection.execute(NOTE_EDGES, *columns_of(rows, 4))


async def edges(connection: Connection, community_id: str, day: date) -> list[Edge]:
    """Pairs who talked within 13 weeks before a date."""
    return [tuple(row) for row in await connection.fetch(EDGES, community_id, day)]


async def forget_edges(connection: Connection, community_id: str, day: date) -> None:
    """Pairs who have not talked for over a year."""
    await connection.execute(FORGET_EDGES, community_id, day)


async def save_mesh(connection: Connection, *values: object) -> None:
    """Community, week, members, edges, parts, concentration, cut members, introductions as JSON."""
    await connection.execute(SAVE_MESH, *values)


async def meshes(pool: Pool, community_id: str, before: date | None, rows: int) -> list[asyncpg.Record]:
    """Weekly reports, newest first."""
    return await pool.fetch(MESHES, community_id, before, rows)


async def activities(connection: Connection, community_id: str) -> list[asyncpg.Record]:
    """All members with their days."""
    return await connection.fetch(ACTIVITIES, community_id)


async def save_segments(connection: Connection, community_id: str, segments: Mapping[str, str]) -> None:
    """By member."""
    await connection.execute(SAVE_SEGMENTS, community_id, *columns_of(sorted(segments.items()), 2))


async def win_back(connection: Connection, community_id: str, members: Sequence[str], at: datetime) -> None:
    """They were written to."""
    await connection.execute(WIN_BACK, community_id, list(members), at)


async def segments(pool: Pool, community_id: str) -> dict[str, int]:
    """How many members each segment has; `` are those not reviewed yet."""
    return {row["segment"]: row["members"] for row in await pool.fetch(SEGMENTS, community_id)}


async def members_of(
    pool: Pool, community_id: str, segment: str, after: str | None, rows: int
) -> list[asyncpg.Record]:
    """A segment's members, by id."""
    return await pool.fetch(MEMBERS_OF_SEGMENT, community_id, segment, after, rows)


async def evidence(
    pool: Pool, community_id: str, since: datetime, helped_min: int, rows: int
) -> list[asyncpg.Record]:
    """Who answered questions of how many people, most first."""
    return await pool.fetch(EVIDENCE, community_id, since, helped_min, rows)


async def move_leader(
    connection: Connection, community_id: str, member_id: str, version: int, *values: object
) -> int | None:
    """State, owner, next act and moment; None when the version is not the known one (0: nobody's yet)."""
    moved: int | None = await connection.fetchval(MOVE_LEADER, community_id, member_id, version, *values)
    return moved


async def leaders(pool: Pool, community_id: str) -> list[asyncpg.Record]:
    """Opinion leaders by state."""
    return await pool.fetch(LEADERS, community_id)
