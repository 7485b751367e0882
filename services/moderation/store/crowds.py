"""A community's recent texts and long texts of weeks, as fingerprints."""

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from typing import Any

import asyncpg

from services.moderation.domain.rules.campaign import Said
from services.moderation.domain.rules.repost import Original
from services.moderation.store.columns import columns_of
from services.moderation.store.moments import microseconds_of, moment_of
from shared.postgres.connection import Connection
from shared.text import MARKS, Fingerprint

LOAD_SAID = """
    SELECT said.*, wanted.community_id AS asked_by,
           CASE WHEN held.state <> 'resolved' THEN said.case_id END AS open_case_id
    FROM unnest($1::text[], $2::timestamptz[], $3::timestamptz[], $4::text[])
         AS wanted (community_id, after, before, owner)
    CROSS JOIN LATERAL (
        (SELECT t.*, false AS is_edit FROM recent_text t
         WHERE t.community_id = wanted.community_id AND t.posted_at > wanted.after
           AND t.posted_at < wanted.before
         UNION ALL
         SELECT e.*, true FROM recent_edit e
         WHERE e.community_id = wanted.community_id AND e.posted_at > wanted.after
           AND e.posted_at < wanted.before
         ORDER BY posted_at DESC LIMIT 5000)
        UNION ALL
        (SELECT t.*, false FROM recent_text t
         WHERE t.owner = wanted.owner AND t.community_id <> wanted.community_id
           AND t.posted_at > wanted.after AND t.posted_at < wanted.before
         UNION ALL
         SELECT e.*, true FROM recent_edit e
         WHERE e.owner = wanted.owner AND e.community_id <> wanted.community_id
           AND e.posted_at > wanted.after AND e.posted_at < wanted.before
         ORDER BY posted_at DESC LIMIT 5000)
    ) AS said
    LEFT JOIN moderation_case held USING (case_id)
"""  # a case that a person closed is joined no more
SAVE_SAID = """
    INSERT INTO recent_text (community_id, message_id, member_id, channel_id, posted_at, length, sketch,
                             was_stale, case_id, owner)
    SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::timestamptz[], $6::int[],
                         $7::text[], $8::boolean[], $9::text[], $10::text[])
    ON CONFLICT (community_id, message_id) DO UPDATE SET case_id = excluded.case_id
    WHERE excluded.case_id IS NOT NULL
"""
SAVE_EDITS = """
    INSERT INTO recent_edit (community_id, message_id, member_id, channel_id, posted_at, length, sketch,
                             was_stale, case_id, owner)
    SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::timestamptz[], $6::int[],
                         $7::text[], $8::boolean[], $9::text[], $10::text[])
    ON CONFLICT (community_id, message_id, posted_at) DO UPDATE SET case_id = excluded.case_id
    WHERE excluded.case_id IS NOT NULL
"""
LOAD_ORIGINALS = """
    SELECT DISTINCT held.community_id, held.message_id, held.member_id, held.posted_at, held.length,
           held.sketch, held.mark_1, held.mark_2, held.mark_3
    FROM unnest($1::bigint[], $2::bigint[], $3::bigint[]) AS wanted (mark_1, mark_2, mark_3)
    CROSS JOIN LATERAL (
        SELECT * FROM original_text t WHERE t.mark_1 = wanted.mark_1
        UNION ALL SELECT * FROM original_text t WHERE t.mark_2 = wanted.mark_2
        UNION ALL SELECT * FROM original_text t WHERE t.mark_3 = wanted.mark_3 OFFSET 0
    ) AS held
    WHERE held.community_id = ANY($4::text[])
"""  # text by text: the planner must not read the whole table for thousands of marks
ORIGINAL_COLUMNS = (
    "community_id", "message_id", "member_id", "posted_at", "length", "sketch", "mark_1", "mark_2", "mark_3",
)  # fmt: skip

Marks = tuple[int, ...]
"""`MARKS` numbers."""
Asked = tuple[str, datetime, datetime, str | None]
"""A community, the moments between which texts matter, and its owner."""


async def load_said(connection: Connection, asked: Sequence[Asked]) -> dict[str, list[Said]]:
    """Recent texts by the community that asks; those of its owner's other communities with their name."""
    said: dict[str, list[Said]] = {}
    for row in await connection.fetch(LOAD_SAID, *columns_of(asked, 4)) if asked else ():
        said.setdefault(row["asked_by"], []).append(_said(row))
    return said


async def save_said(connection: Connection, said: Iterable[tuple[str, str | None, Said]]) -> None:
    """Insert, or give a case to what is there; by community, with its owner."""
    texts: list[tuple[Any, ...]] = []
    edits: list[tuple[Any, ...]] = []
    for community_id, owner, each in said:
        row = (community_id, each.message_id, each.member_id, each.channel_id, moment_of(each.posted_us),
               *each.fingerprint, each.was_stale, each.case_id, owner)  # fmt: skip
        (edits if each.is_edit else texts).append(row)
    for statement, rows in ((SAVE_SAID, texts), (SAVE_EDITS, edits)):
        if rows:
            rows.sort(key=lambda row: (row[0], row[1], row[4]))
            await connection.execute(statement, *columns_of(rows, 10))


async def load_originals(
    connection: Connection, communities: Sequence[str], marks: Collection[Marks]
) -> dict[str, list[Original]]:
    """Long texts that have a mark in common with one of these, by community."""
    originals: dict[str, list[Original]] = {}
    for row in (
        await connection.fetch(LOAD_ORIGINALS, *columns_of(marks, MARKS), communities) if marks else ()
    ):
        community_id, message_id, member_id, posted_at, length, sketch, *its_marks = row
        print_ = Fingerprint(length, sketch)
        original = Original(message_id, member_id, microseconds_of(posted_at), print_, tuple(its_marks))
        originals.setdefault(community_id, []).append(original)
    return originals


async def save_originals(connection: Connection, originals: Iterable[tuple[str, Original]]) -> None:
    """Insert what was not there; a text that is there has the same marks, so it was loaded."""
    rows = [
        (community_id, each.message_id, each.member_id, moment_of(each.posted_us), *each.fingerprint,
         *each.marks)
        for community_id, each in originals
    ]  # fmt: skip
    if rows:
        await connection.copy_records_to_table("original_text", records=rows, columns=ORIGINAL_COLUMNS)


def _said(row: asyncpg.Record) -> Said:
    fingerprint = Fingerprint(row["length"], row["sketch"])
    about = (microseconds_of(row["posted_at"]), row["message_id"], row["member_id"], row["channel_id"])
    elsewhere = "" if row["community_id"] == row["asked_by"] else row["community_id"]
    case_id = row["case_id"] if elsewhere else row["open_case_id"]  # what is closed there is closed
    return Said(*about, fingerprint, row["was_stale"], case_id, row["is_edit"], elsewhere)
