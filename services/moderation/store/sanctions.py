"""Strikes and sanctions of members."""

from collections.abc import Collection, Iterable
from datetime import datetime
from typing import NamedTuple

import asyncpg

from services.moderation.domain.ladder import Strike
from services.moderation.domain.message import Key
from services.moderation.store.columns import columns_of
from shared.postgres.connection import Connection

LOAD_STRIKES = """
    SELECT known.community_id, known.member_id, known.at, known.points, known.voided_at IS NOT NULL AS is_void
    FROM unnest($1::text[], $2::text[]) AS wanted (community_id, member_id)
    CROSS JOIN LATERAL (
        SELECT * FROM strike s
        WHERE s.community_id = wanted.community_id AND s.member_id = wanted.member_id OFFSET 0
    ) AS known
"""
SAVE_STRIKES = """
    INSERT INTO strike (community_id, member_id, case_id, at, points, rule, rule_version)
    SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::timestamptz[], $5::int[], $6::text[],
                         $7::int[])
    ON CONFLICT DO NOTHING
    RETURNING community_id, member_id, case_id
"""
SAVE_SANCTIONS = """
    INSERT INTO sanction (sanction_id, community_id, member_id, step, case_id, rule, rule_version, points,
                          applied_at, until, how)
    SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::int[],
                         $8::int[], $9::timestamptz[], $10::timestamptz[], $11::text[])
    ON CONFLICT DO NOTHING
"""
# Two that lift the same sanction at once: the later finds it lifted.
LIFT = """
    UPDATE sanction SET lifted_at = $2, lifted_by = $3, lift_reason = $4
    WHERE sanction_id = ANY($1::text[]) AND lifted_at IS NULL
    RETURNING sanction_id, community_id, member_id, step, case_id, until, how
"""
STILL_MUTED = """
    SELECT DISTINCT s.community_id, s.member_id
    FROM unnest($1::text[], $2::text[], $3::timestamptz[]) AS asked (community_id, member_id, moment)
    JOIN sanction s USING (community_id, member_id)
    WHERE s.lifted_at IS NULL AND s.until > asked.moment
"""


class StrikeRow(NamedTuple):
    """A strike as it is recorded."""

    community_id: str
    member_id: str
    case_id: str
    at: datetime
    points: int
    rule: str
    rule_version: int


class Sanction(NamedTuple):
    """A step of the ladder that a member was put on."""

    sanction_id: str
    community_id: str
    member_id: str
    step: str
    case_id: str
    rule: str
    rule_version: int
    points: int
    """On the ladder, with this strike."""
    applied_at: datetime
    until: datetime | None
    how: str
    """`told`, `muted`, or `unable` where the platform cannot mute."""


async def load_strikes(connection: Connection, members: Collection[Key]) -> dict[Key, list[Strike]]:
    """All strikes of these members."""
    strikes: dict[Key, list[Strike]] = {member: [] for member in members}
    for row in await connection.fetch(LOAD_STRIKES, *columns_of(members, 2)) if members else ():
        strikes[row["community_id"], row["member_id"]].append(
            Strike(row["at"], row["points"], row["is_void"])
        )
    return strikes


async def save_strikes(connection: Connection, strikes: Iterable[StrikeRow]) -> set[tuple[Key, str]]:
    """Member and case of those that are new: a case gives a member one strike."""
    rows = sorted(strikes)
    if not rows:
        return set()
    saved = await connection.fetch(SAVE_STRIKES, *columns_of(rows, 7))
    return {((row["community_id"], row["member_id"]), row["case_id"]) for row in saved}


async def save_sanctions(connection: Connection, sanctions: Iterable[Sanction]) -> None:
    """Insert; one that is there already stays as it is."""
    rows = sorted(sanctions, key=lambda each: each.sanction_id)
    if rows:
        await connection.execute(SAVE_SANCTIONS, *columns_of(rows, 11))


async def lift(
    connection: Connection, sanction_ids: Collection[str], at: datetime, by: str | None, reason: str
) -> list[asyncpg.Record]:
    """End these sanctions; returns those that were still in force."""
    return await connection.fetch(LIFT, list(sanction_ids), at, by, reason)


async def still_muted(connection: Connection, asked: Iterable[tuple[str, str, datetime]]) -> set[Key]:
    """Those members (community, member, moment) whom another mute holds beyond that moment."""
    rows = await connection.fetch(STILL_MUTED, *columns_of(asked, 3))
    return {(row["community_id"], row["member_id"]) for row in rows}
