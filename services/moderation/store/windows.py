"""What is remembered of members, and which messages the platform says are gone."""

import json
from collections.abc import Collection, Sequence
from datetime import datetime

import asyncpg

from services.moderation.domain.message import Key, Recent
from services.moderation.domain.window import Window
from services.moderation.store.columns import columns_of
from services.moderation.store.moments import microseconds_of, moment_of
from shared.postgres.connection import Connection
from shared.text import Fingerprint

LOAD_WINDOWS = """
    SELECT known.community_id, known.member_id, known.recent, known.told_at, known.alerted_at,
           known.is_exempt, known.decided_at, known.case_id, known.first_at, known.spoken
    FROM unnest($1::text[], $2::text[]) AS wanted (community_id, member_id)
    CROSS JOIN LATERAL (
        SELECT * FROM member_window w
        WHERE w.community_id = wanted.community_id AND w.member_id = wanted.member_id OFFSET 0
    ) AS known
"""
SAVE_WINDOWS = """
    INSERT INTO member_window (community_id, member_id, recent, told_at, alerted_at, is_exempt, decided_at,
                               case_id, first_at, spoken, touched_at)
    SELECT t.*, $11
    FROM unnest($1::text[], $2::text[], $3::jsonb[], $4::timestamptz[], $5::timestamptz[], $6::boolean[],
                $7::timestamptz[], $8::text[], $9::timestamptz[], $10::int[]) AS t
    ON CONFLICT (community_id, member_id) DO UPDATE SET
        recent = excluded.recent, told_at = excluded.told_at, alerted_at = excluded.alerted_at,
        is_exempt = excluded.is_exempt, decided_at = excluded.decided_at, case_id = excluded.case_id,
        first_at = excluded.first_at, spoken = excluded.spoken, touched_at = excluded.touched_at
"""
SAVE_GONE = """
    INSERT INTO gone_message (community_id, message_id, noted_at)
    SELECT community_id, message_id, $3 FROM unnest($1::text[], $2::text[]) AS t (community_id, message_id)
    ON CONFLICT DO NOTHING
"""
LOAD_GONE = """
    SELECT community_id, message_id
    FROM unnest($1::text[], $2::text[]) AS wanted (community_id, message_id)
    JOIN gone_message USING (community_id, message_id)
"""
EMPTY_WINDOWS = """
    UPDATE member_window
    SET recent = '[]', told_at = NULL, alerted_at = NULL, decided_at = NULL, case_id = NULL
    WHERE community_id = ANY($1::text[]) AND touched_at < $2 AND recent <> '[]'
"""  # who is new and who is an operator is remembered
PRUNE_GONE = "DELETE FROM gone_message WHERE community_id = ANY($1::text[]) AND noted_at < $2"
STILL_REMEMBERED = """
    SELECT community_id FROM unnest($1::text[]) AS asked (community_id)
    WHERE EXISTS (SELECT FROM member_window w WHERE w.community_id = asked.community_id AND w.recent <> '[]')
       OR EXISTS (SELECT FROM gone_message g WHERE g.community_id = asked.community_id)
"""


async def load_windows(connection: Connection, members: Collection[Key]) -> dict[Key, Window]:
    """The windows of these members, as far as there are any."""
    rows = await connection.fetch(LOAD_WINDOWS, *columns_of(members, 2))
    return {(row["community_id"], row["member_id"]): _window(row) for row in rows}


async def save_windows(connection: Connection, windows: dict[Key, Window], touched_at: datetime) -> None:
    """Insert or replace, in the order of their keys."""
    if not windows:
        return
    rows = sorted(windows.items())
    await connection.execute(
        SAVE_WINDOWS,
        [community for (community, _), _ in rows],
        [member for (_, member), _ in rows],
        [_encode(window.recent) for _, window in rows],
        [_moment(window.told_us) for _, window in rows],
        [_moment(window.alerted_us) for _, window in rows],
        [window.is_exempt for _, window in rows],
        [_moment(window.decided_us) for _, window in rows],
        [window.case_id for _, window in rows],
        [_moment(window.first_us) for _, window in rows],
        [window.spoken for _, window in rows],
        touched_at,
    )


async def load_gone(connection: Connection, messages: Collection[Key]) -> set[Key]:
    """Those of the messages that the platform deleted."""
    if not messages:
        return set()
    rows = await connection.fetch(LOAD_GONE, *columns_of(messages, 2))
    return {(row["community_id"], row["message_id"]) for row in rows}


async def save_gone(connection: Connection, messages: Collection[Key], noted_at: datetime) -> None:
    """Note that the platform deleted these messages."""
    if messages:
        await connection.execute(SAVE_GONE, *columns_of(sorted(messages), 2), noted_at)


async def prune(connection: Connection, communities: Sequence[str], untouched_since: datetime) -> set[str]:
    """Forget windows and notes of deletions that old; returns the communities of which some are left."""
    await connection.execute(EMPTY_WINDOWS, communities, untouched_since)
    await connection.execute(PRUNE_GONE, communities, untouched_since)
    return {row["community_id"] for row in await connection.fetch(STILL_REMEMBERED, communities)}


def _moment(microseconds: int | None) -> datetime | None:
    return None if microseconds is None else moment_of(microseconds)


def _microseconds(moment: datetime | None) -> int | None:
    return None if moment is None else microseconds_of(moment)


def _window(row: asyncpg.Record) -> Window:
    return Window(
        tuple(
            Recent(posted_us, message_id, channel_id, Fingerprint(length, sketch), bool(removed), *counts)
            for posted_us, message_id, channel_id, length, sketch, removed, *counts in json.loads(
                row["recent"]
            )
        ),
        _microseconds(row["told_at"]),
        _microseconds(row["alerted_at"]),
        row["is_exempt"],
        _microseconds(row["decided_at"]),
        row["case_id"],
        _microseconds(row["first_at"]),
        row["spoken"],
    )


def _encode(recent: Sequence[Recent]) -> str:
    return json.dumps([_encoded(each) for each in recent], separators=(",", ":"))


def _encoded(each: Recent) -> tuple[object, ...]:
    """Links and mentions are left out where there are none, as in most messages."""
    kept = (each.posted_us, each.message_id, each.channel_id, *each.fingerprint, int(each.removed))
    return (*kept, each.links, each.mentions) if each.links or each.mentions else kept
