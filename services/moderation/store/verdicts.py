"""Verdicts by rule: how often people agree with it."""

from datetime import datetime
from typing import NamedTuple

import asyncpg

from shared.postgres.connection import Connection, Pool

TAKE_TURN = "SELECT pg_advisory_xact_lock(hashtext('rule_fallback'), hashtext($1 || chr(10) || $2))"
RECENT_VERDICTS = """
    SELECT count(*)::int AS judged, (count(*) FILTER (WHERE verdict = 'overturned'))::int AS overturned
    FROM (
        SELECT verdict FROM moderation_case
        WHERE community_id = $1 AND rule = $2 AND verdict IS NOT NULL AND rule_version = $3
          AND resolved_at > coalesce((SELECT max(fell_at) FROM rule_fallback f
                                      WHERE f.community_id = $1 AND f.rule = $2), '-infinity')
        ORDER BY resolved_at DESC LIMIT $4
    ) AS newest
"""
NOTE_FALLBACK = """
    INSERT INTO rule_fallback (community_id, rule, fell_at, rule_version, judged, overturned)
    VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING
"""
STATISTICS = """
    WITH hits AS (
        SELECT rule, rule_version, count(*) AS hits FROM finding WHERE community_id = $1 GROUP BY 1, 2
    ), verdicts AS (
        SELECT rule, rule_version, count(*) FILTER (WHERE verdict = 'confirmed') AS confirmed,
               count(*) FILTER (WHERE verdict = 'overturned') AS overturned
        FROM moderation_case WHERE community_id = $1 AND verdict IS NOT NULL GROUP BY 1, 2
    )
    SELECT rule, rule_version, coalesce(hits, 0) AS hits, coalesce(confirmed, 0) AS confirmed,
           coalesce(overturned, 0) AS overturned
    FROM hits FULL JOIN verdicts USING (rule, rule_version)
    ORDER BY rule, rule_version DESC LIMIT $2
"""


class Counted(NamedTuple):
    """Verdicts about one rule."""

    judged: int
    overturned: int


async def recent_verdicts(
    connection: Connection, community_id: str, rule: str, version: int, verdicts_max: int
) -> Counted:
    """The newest verdicts about this version of a rule since it fell back; one transaction at a time."""
    await connection.execute(TAKE_TURN, community_id, rule)
    row = await connection.fetchrow(RECENT_VERDICTS, community_id, rule, version, verdicts_max)
    assert row is not None
    return Counted(*row)


async def note_fallback(
    connection: Connection, community_id: str, rule: str, at: datetime, version: int, counted: Counted
) -> None:
    """From here on verdicts are counted anew."""
    await connection.execute(NOTE_FALLBACK, community_id, rule, at, version, *counted)


async def statistics(pool: Pool, community_id: str, rows_max: int) -> list[asyncpg.Record]:
    """Hits and verdicts of each rule and version."""
    return await pool.fetch(STATISTICS, community_id, rows_max)
