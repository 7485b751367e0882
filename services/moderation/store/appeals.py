"""Appeals: against which case, filed once, decided once."""

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from typing import Literal, NamedTuple

import asyncpg

from services.moderation.domain.message import Key
from services.moderation.store.columns import columns_of
from shared.postgres.connection import Connection, Pool

CASES_MAX = 10
APPEAL_WEIGHT = 10
"""How much a case rises in the queue by an appeal, and again when it is overdue."""

# A case is appealed once, while it still stands, against what its member was told of.
APPEALABLE = """
    SELECT wanted.place, found.case_id, found.sanction_id, found.rule
    FROM unnest($1::int[], $2::text[], $3::text[], $4::timestamptz[], $5::timestamptz[])
         AS wanted (place, community_id, member_id, said_at, since)
    CROSS JOIN LATERAL (
        SELECT c.case_id, c.rule, c.opened_at,
               (SELECT s.sanction_id FROM sanction s WHERE s.case_id = c.case_id
                ORDER BY s.applied_at DESC LIMIT 1) AS sanction_id
        FROM moderation_case c
        WHERE c.community_id = wanted.community_id AND c.member_id = wanted.member_id
          AND greatest(c.opened_at, c.resolved_at) >= wanted.since
          AND c.verdict IS DISTINCT FROM 'overturned'
          AND NOT EXISTS (SELECT FROM appeal a WHERE a.case_id = c.case_id)
          AND EXISTS (SELECT FROM case_message m WHERE m.case_id = c.case_id
                      AND m.posted_at <= wanted.said_at)
          AND (EXISTS (SELECT FROM sanction s WHERE s.case_id = c.case_id)
               OR EXISTS (SELECT FROM case_message m
                          JOIN removal r ON r.community_id = c.community_id AND r.message_id = m.message_id
                          WHERE m.case_id = c.case_id))
        ORDER BY c.opened_at DESC, c.case_id LIMIT $6
    ) AS found
    ORDER BY wanted.place, found.opened_at DESC, found.case_id
"""
KNOWN = """
    SELECT a.community_id, a.message_id FROM unnest($1::text[], $2::text[]) AS t (community_id, message_id)
    JOIN appeal a USING (community_id, message_id)
"""
WAITING = """
    SELECT DISTINCT c.community_id, a.member_id
    FROM unnest($1::text[], $2::text[]) AS t (community_id, member_id)
    JOIN moderation_case c USING (community_id, member_id)
    JOIN appeal a ON a.case_id = c.case_id AND a.outcome IS NULL
"""
RAISE_CASES = """
    UPDATE moderation_case SET score = score + $2, version = version + 1
    WHERE case_id = ANY($1::text[]) AND verdict IS DISTINCT FROM 'overturned'
    RETURNING case_id, version
"""
FILE_APPEALS = """
    INSERT INTO appeal (appeal_id, community_id, case_id, member_id, message_id, channel_id, said, filed_at,
                        decide_by)
    SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[],
                         $8::timestamptz[], $9::timestamptz[])
    ON CONFLICT DO NOTHING
"""
# The cases first, in the order in which a decision locks them.
RAISE_OVERDUE = """
    UPDATE moderation_case c SET score = score + $2 FROM appeal a
    WHERE a.case_id = c.case_id AND a.appeal_id = ANY($1::text[]) AND a.outcome IS NULL
      AND a.reminded_at IS NULL
"""
NOTE_REMINDED = """
    UPDATE appeal SET reminded_at = $2
    WHERE appeal_id = ANY($1::text[]) AND outcome IS NULL AND reminded_at IS NULL
    RETURNING appeal_id, community_id, case_id, member_id
"""
FIND = """
    SELECT appeal_id, community_id, case_id, member_id, channel_id, outcome, decided_by, decided_at
    FROM appeal WHERE appeal_id = $1
"""
JUDGES = """
    SELECT actor FROM case_history WHERE case_id = $1 AND act IN ('confirmed', 'overturned')
    UNION SELECT applied_by FROM sanction WHERE case_id = $1 AND applied_by IS NOT NULL
"""
DECIDE = """
    UPDATE appeal SET outcome = $2, decided_by = $3, decided_at = $4, reason = $5 WHERE appeal_id = $1
"""
ONE = """
    SELECT appeal_id, community_id, case_id, member_id, said, filed_at, decide_by, reminded_at, outcome,
           decided_by, decided_at, reason
    FROM appeal WHERE appeal_id = $1
"""
PAGE = """
    SELECT appeal_id, community_id, case_id, member_id, said, filed_at, decide_by, reminded_at, outcome,
           decided_by, decided_at, reason
    FROM appeal
    WHERE community_id = $1 AND ($2::boolean IS NULL OR (outcome IS NULL) = $2)
      AND ($3::timestamptz IS NULL OR (decide_by, appeal_id) > ($3, $4::text))
    ORDER BY decide_by, appeal_id LIMIT $5
"""


class Asking(NamedTuple):
    """A member who appeals: by its place in the batch, when, and from when on decisions are open to it."""

    place: int
    community_id: str
    member_id: str
    said_at: datetime
    since: datetime


class Open(NamedTuple):
    """A case that may be appealed."""

    case_id: str
    sanction_id: str | None
    rule: str


class Appeal(NamedTuple):
    """An appeal as it is filed."""

    appeal_id: str
    community_id: str
    case_id: str
    member_id: str
    message_id: str
    channel_id: str
    said: str
    filed_at: datetime
    decide_by: datetime


class Filed(NamedTuple):
    """An appeal as it is decided."""

    appeal_id: str
    community_id: str
    case_id: str
    member_id: str
    channel_id: str
    outcome: Literal["upheld", "overturned"] | None
    decided_by: str | None
    decided_at: datetime | None


async def appealable(connection: Connection, asking: Iterable[Asking]) -> dict[int, list[Open]]:
    """By place the member's cases that are open to appeal, newest first."""
    found: dict[int, list[Open]] = {}
    for row in await connection.fetch(APPEALABLE, *columns_of(asking, 5), CASES_MAX):
        found.setdefault(row["place"], []).append(Open(row["case_id"], row["sanction_id"], row["rule"]))
    return found


async def known(connection: Connection, messages: Collection[Key]) -> set[Key]:
    """Those of the messages that have filed an appeal."""
    rows = await connection.fetch(KNOWN, *columns_of(messages, 2))
    return {(row["community_id"], row["message_id"]) for row in rows}


async def waiting(connection: Connection, members: Collection[Key]) -> set[Key]:
    """Those of the members whose appeal waits."""
    rows = await connection.fetch(WAITING, *columns_of(members, 2))
    return {(row["community_id"], row["member_id"]) for row in rows}


async def raise_cases(connection: Connection, case_ids: Collection[str]) -> dict[str, int]:
    """Let the cases rise in the queue, but for those overturned meanwhile; returns their new versions."""
    rows = await connection.fetch(RAISE_CASES, sorted(case_ids), APPEAL_WEIGHT)
    return {row["case_id"]: row["version"] for row in rows}


async def file_appeals(connection: Connection, appeals: Sequence[Appeal]) -> None:
    """Insert."""
    await connection.execute(FILE_APPEALS, *columns_of(sorted(appeals), 9))


async def note_overdue(
    connection: Connection, appeal_ids: Collection[str], at: datetime
) -> list[asyncpg.Record]:
    """Let the cases of undecided appeals rise once more; returns those appeals."""
    await connection.execute(RAISE_OVERDUE, list(appeal_ids), APPEAL_WEIGHT)
    return await connection.fetch(NOTE_REMINDED, list(appeal_ids), at)


async def find(connection: Connection, appeal_id: str) -> Filed | None:
    """One appeal."""
    row = await connection.fetchrow(FIND, appeal_id)
    return Filed(*row) if row else None


async def judges(connection: Connection, case_id: str) -> set[str]:
    """Who has judged the case or sanctioned its member."""
    return {row["actor"] for row in await connection.fetch(JUDGES, case_id)}


async def decide(
    connection: Connection, appeal_id: str, outcome: str, actor: str, at: datetime, reason: str
) -> asyncpg.Record:
    """Note the outcome; returns the appeal."""
    await connection.execute(DECIDE, appeal_id, outcome, actor, at, reason)
    row = await connection.fetchrow(ONE, appeal_id)
    assert row is not None
    return row


async def page(
    pool: Pool, community_id: str, is_open: bool | None, after: tuple[datetime, str] | None, rows_max: int
) -> list[asyncpg.Record]:
    """Appeals, the nearest deadline first."""
    return await pool.fetch(PAGE, community_id, is_open, *(after or (None, None)), rows_max)
