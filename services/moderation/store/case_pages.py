"""Cases as operators read them: the queue, and one case with all that belongs to it."""

from datetime import datetime
from typing import NamedTuple

import asyncpg

from shared.postgres.connection import Connection, Pool

EARLIER_MAX = 20
HISTORY_MAX = 500
MESSAGES_MAX = 1000

QUEUE = """
    SELECT case_id, community_id, kind, member_id, rule, rule_version, score, state, version, opened_at,
           claimed_by, verdict, resolved_by, resolved_at, reason
    FROM moderation_case
    WHERE community_id = $1 AND state <> 'resolved' AND state = ANY($2::text[])
      AND ($3::float8 IS NULL OR score < $3 OR (score = $3 AND case_id > $4::text))
    ORDER BY score DESC, case_id LIMIT $5
"""
BY_TIME = """
    SELECT case_id, community_id, kind, member_id, rule, rule_version, score, state, version, opened_at,
           claimed_by, verdict, resolved_by, resolved_at, reason
    FROM moderation_case
    WHERE community_id = $1 AND state = ANY($2::text[])
      AND ($3::timestamptz IS NULL OR opened_at < $3 OR (opened_at = $3 AND case_id > $4::text))
    ORDER BY opened_at DESC, case_id LIMIT $5
"""
ONE = """
    SELECT case_id, community_id, kind, member_id, rule, rule_version, score, state, version, opened_at,
           claimed_by, verdict, resolved_by, resolved_at, reason
    FROM moderation_case WHERE case_id = $1
"""
MESSAGES = """
    SELECT m.message_id, m.member_id, m.channel_id, m.posted_at, m.text,
           coalesce(gone.decision > coalesce(back.decision, 0), false) AS removed
    FROM case_message m
    LEFT JOIN LATERAL (SELECT max(decision) AS decision FROM removal r
                       WHERE r.community_id = $2 AND r.message_id = m.message_id) gone ON true
    LEFT JOIN LATERAL (SELECT max(decision) AS decision FROM restoration r
                       WHERE r.community_id = $2 AND r.message_id = m.message_id) back ON true
    WHERE m.case_id = $1 ORDER BY m.posted_at, m.message_id LIMIT $3
"""
FINDINGS = """
    SELECT f.message_id, f.rule, f.rule_version, f.score, f.evidence, f.spans
    FROM case_message m JOIN finding f ON f.community_id = $2 AND f.message_id = m.message_id
    WHERE m.case_id = $1 ORDER BY f.message_id, f.score DESC, f.rule, f.rule_version LIMIT $3
"""
HISTORY = (
    "SELECT version, at, actor, act, note FROM case_history WHERE case_id = $1 ORDER BY version LIMIT $2"
)
SANCTIONS = """
    SELECT sanction_id, member_id, step, rule, points, applied_at, until, how, lifted_at, lifted_by,
           lift_reason
    FROM sanction WHERE case_id = $1 ORDER BY applied_at, sanction_id LIMIT $2
"""
STRIKES = """
    SELECT case_id, at, points, rule, voided_at FROM strike
    WHERE community_id = $1 AND member_id = $2 ORDER BY at DESC, case_id LIMIT $3
"""
EARLIER_CASES = """
    SELECT case_id, kind, rule, state, opened_at, verdict FROM moderation_case
    WHERE community_id = $1 AND member_id = $2 AND case_id <> $3 ORDER BY opened_at DESC, case_id LIMIT $4
"""
REPORTS = """
    SELECT r.message_id, r.reporter_id, r.said, r.reported_at
    FROM case_message m JOIN member_report r ON r.community_id = $2 AND r.message_id = m.message_id
    WHERE m.case_id = $1 ORDER BY r.reported_at, r.reporter_id LIMIT $3
"""


class Papers(NamedTuple):
    """Everything about one case, each list with a limit."""

    case: asyncpg.Record
    messages: list[asyncpg.Record]
    findings: list[asyncpg.Record]
    history: list[asyncpg.Record]
    sanctions: list[asyncpg.Record]
    strikes: list[asyncpg.Record]
    earlier: list[asyncpg.Record]
    reports: list[asyncpg.Record]


async def queue(
    pool: Pool, community_id: str, states: list[str], after: tuple[float, str] | None, rows_max: int
) -> list[asyncpg.Record]:
    """Unresolved cases of these states, highest score first."""
    return await pool.fetch(QUEUE, community_id, states, *(after or (None, None)), rows_max)


async def by_time(
    pool: Pool, community_id: str, states: list[str], after: tuple[datetime, str] | None, rows_max: int
) -> list[asyncpg.Record]:
    """Cases of these states, newest first."""
    return await pool.fetch(BY_TIME, community_id, states, *(after or (None, None)), rows_max)


async def papers(connection: Connection, case_id: str) -> Papers | None:
    """One case; read in a snapshot or under its lock, so that all of it is of one moment."""
    case = await connection.fetchrow(ONE, case_id)
    if case is None:
        return None
    community_id, member_id = case["community_id"], case["member_id"]
    about_member = [community_id, member_id]
    return Papers(
        case,
        await connection.fetch(MESSAGES, case_id, community_id, MESSAGES_MAX),
        await connection.fetch(FINDINGS, case_id, community_id, MESSAGES_MAX),
        await connection.fetch(HISTORY, case_id, HISTORY_MAX),
        await connection.fetch(SANCTIONS, case_id, EARLIER_MAX),
        await connection.fetch(STRIKES, *about_member, EARLIER_MAX),
        await connection.fetch(EARLIER_CASES, *about_member, case_id, EARLIER_MAX),
        await connection.fetch(REPORTS, case_id, community_id, MESSAGES_MAX),
    )
