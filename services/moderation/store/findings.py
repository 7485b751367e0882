"""What was found and taken away: never changed."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import asyncpg

from services.moderation.domain.docket import Found, Removal
from services.moderation.domain.message import Key
from services.moderation.store.columns import columns_of
from services.moderation.store.moments import moment_of
from shared.postgres.connection import Connection, Pool

FIRST_DECISION = 1
"""The rules never judge a message twice; a person's later decision counts on."""

SAVE_FINDINGS = """
    INSERT INTO finding (community_id, message_id, rule, rule_version, member_id, channel_id, score, spans,
                         evidence, posted_at, found_at)
    SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::int[], $5::text[], $6::text[], $7::float8[],
                         $8::jsonb[], $9::text[], $10::timestamptz[], $11::timestamptz[])
    ON CONFLICT DO NOTHING
    RETURNING community_id, message_id, rule, rule_version
"""
SAVE_REMOVALS = """
    INSERT INTO removal (community_id, message_id, decision, member_id, channel_id, rule, rule_version,
                         evidence, posted_at, removed_at, cause_id, deletion)
    SELECT * FROM unnest($1::text[], $2::text[], $3::int[], $4::text[], $5::text[], $6::text[], $7::int[],
                         $8::text[], $9::timestamptz[], $10::timestamptz[], $11::text[], $12::text[])
    ON CONFLICT DO NOTHING
    RETURNING community_id, message_id
"""
REMOVALS_OF_COMMUNITY = """
    SELECT r.message_id, r.decision, r.member_id, r.channel_id, r.rule, r.rule_version, r.evidence,
           r.posted_at, r.removed_at, r.deletion, f.score, f.spans
    FROM removal r
    JOIN finding f USING (community_id, message_id, rule, rule_version)
    WHERE r.community_id = $1
      AND ($2::timestamptz IS NULL OR (r.removed_at, r.message_id, r.decision) < ($2, $3::text, $4::int))
    ORDER BY r.removed_at DESC, r.message_id DESC, r.decision DESC
    LIMIT $5
"""


@dataclass(frozen=True, slots=True)
class Decided:
    """A removal with what the event behind it says."""

    removal: Removal
    removed_at: datetime
    cause_id: str
    deletion: str
    """`asked` of the connector, `unable` where the channel cannot, or `gone` already."""
    decision: int = FIRST_DECISION


async def save_findings(
    connection: Connection, found: Sequence[tuple[Found, datetime]]
) -> set[tuple[str, str, str, int]]:
    """Keys of those that were not there yet."""
    if not found:
        return set()
    rows = sorted(found, key=lambda pair: pair[0].key)
    columns = columns_of((_finding_row(each, found_at) for each, found_at in rows), 11)
    return {tuple(row) for row in await connection.fetch(SAVE_FINDINGS, *columns)}


async def save_removals(connection: Connection, decided: Sequence[Decided]) -> set[Key]:
    """Keys of those that were not there yet."""
    if not decided:
        return set()
    rows = sorted(decided, key=lambda each: each.removal.key)
    inserted = await connection.fetch(SAVE_REMOVALS, *columns_of(map(_removal_row, rows), 12))
    return {(row["community_id"], row["message_id"]) for row in inserted}


async def removals_of(
    pool: Pool, community_id: str, after: tuple[datetime, str, int] | None, rows_max: int
) -> list[asyncpg.Record]:
    """The community's removals after this key (moment, message, decision), newest first."""
    moment, message_id, decision = after or (None, None, None)
    return await pool.fetch(REMOVALS_OF_COMMUNITY, community_id, moment, message_id, decision, rows_max)


def _finding_row(found: Found, found_at: datetime) -> tuple[object, ...]:
    message, finding = found.message, found.finding
    about = (found.member_id, message.channel_id, finding.score, json.dumps(finding.spans), finding.evidence)
    return *found.key, *about, moment_of(message.posted_us), found_at


def _removal_row(decided: Decided) -> tuple[object, ...]:
    removal, finding = decided.removal, decided.removal.finding
    about = (removal.member_id, removal.message.channel_id, finding.rule, finding.version, finding.evidence)
    posted_at = moment_of(removal.message.posted_us)
    return (
        *removal.key,
        decided.decision,
        *about,
        posted_at,
        decided.removed_at,
        decided.cause_id,
        decided.deletion,
    )
