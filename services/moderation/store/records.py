"""What is on record of one member, and of a community's sanctions, for people to read."""

from datetime import datetime

import asyncpg

from shared.postgres.connection import Connection

NOW = "SELECT now()"
SANCTIONS = """
    SELECT sanction_id, member_id, step, case_id, rule, rule_version, points, applied_at, until, how,
           applied_by, lifted_at, lifted_by, lift_reason
    FROM sanction
    WHERE community_id = $1 AND ($2::text IS NULL OR member_id = $2)
      AND (NOT $3::boolean OR (lifted_at IS NULL AND until IS NOT NULL))
      AND ($4::timestamptz IS NULL OR (applied_at, sanction_id) < ($4, $5::text))
    ORDER BY applied_at DESC, sanction_id DESC LIMIT $6
"""
SANCTION = """
    SELECT sanction_id, member_id, case_id, step, rule, rule_version, lifted_at, lifted_by, lift_reason
    FROM sanction WHERE community_id = $1 AND sanction_id = $2
"""
SANCTIONS_IN_FORCE = """
    SELECT sanction_id FROM sanction WHERE community_id = $1 AND member_id = $2 AND lifted_at IS NULL
    ORDER BY sanction_id
"""
VOID_STRIKE = """
    UPDATE strike SET voided_at = $4
    WHERE community_id = $1 AND member_id = $2 AND case_id = $3 AND voided_at IS NULL
"""
CHANNEL_OF_CASE = """
    SELECT channel_id FROM case_message WHERE case_id = $1 AND member_id = $2
    ORDER BY posted_at DESC, message_id LIMIT 1
"""
STRIKES = """
    SELECT case_id, at, points, rule, rule_version, voided_at FROM strike
    WHERE community_id = $1 AND member_id = $2 ORDER BY at DESC, case_id LIMIT $3
"""
CASES = """
    SELECT case_id, kind, rule, rule_version, score, state, verdict, opened_at, resolved_at
    FROM moderation_case
    WHERE community_id = $1 AND member_id = $2 ORDER BY opened_at DESC, case_id LIMIT $3
"""
REMOVALS = """
    SELECT message_id, channel_id, rule, rule_version, evidence, posted_at, removed_at, deletion FROM removal
    WHERE community_id = $1 AND member_id = $2 ORDER BY removed_at DESC, message_id, decision LIMIT $3
"""
ARRIVALS = """
    SELECT joined_at, invited_by FROM member_arrival
    WHERE community_id = $1 AND member_id = $2 ORDER BY joined_at DESC LIMIT $3
"""


async def sanctions(
    connection: Connection,
    community_id: str,
    member_id: str | None,
    after: tuple[datetime, str] | None,
    rows_max: int,
    *,
    in_force: bool,
) -> list[asyncpg.Record]:
    """Sanctions of a community, or of one member of it, newest first; in force: mutes that nobody ended."""
    moment, sanction_id = after or (None, None)
    return await connection.fetch(SANCTIONS, community_id, member_id, in_force, moment, sanction_id, rows_max)


async def sanction(connection: Connection, community_id: str, sanction_id: str) -> asyncpg.Record | None:
    """One sanction."""
    return await connection.fetchrow(SANCTION, community_id, sanction_id)


async def void_strike(
    connection: Connection, community_id: str, member_id: str, case_id: str, at: datetime
) -> None:
    """The case's strike counts for nothing from now on."""
    await connection.execute(VOID_STRIKE, community_id, member_id, case_id, at)


async def channel_of_case(connection: Connection, case_id: str, member_id: str) -> str | None:
    """Where the member wrote what the case is about."""
    channel_id: str | None = await connection.fetchval(CHANNEL_OF_CASE, case_id, member_id)
    return channel_id


async def in_force(connection: Connection, community_id: str, member_id: str) -> list[str]:
    """Ids of the member's sanctions that nobody ended."""
    rows = await connection.fetch(SANCTIONS_IN_FORCE, community_id, member_id)
    return [row["sanction_id"] for row in rows]
