"""Gatherings, their guests, and the questions of sessions."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import NamedTuple

import asyncpg

from services.engagement.domain.gathering import Gathering, Guests
from services.engagement.store.columns import columns_of
from shared.postgres.connection import Connection, Pool

AHEAD = """
    SELECT community_id, event_id, version, title, channel_id, place, is_session, host_id, speaker_ids,
           starts_at, ends_at, capacity, state
    FROM gathering WHERE community_id = ANY($1::text[]) AND state IN ('planned', 'open')
    ORDER BY community_id, starts_at, event_id
"""
NAMED = """
    SELECT community_id, event_id, version, title, channel_id, place, is_session, host_id, speaker_ids,
           starts_at, ends_at, capacity, state
    FROM gathering JOIN unnest($1::text[], $2::text[]) AS wanted (community_id, event_id)
         USING (community_id, event_id)
    ORDER BY community_id, event_id FOR UPDATE OF gathering
"""
SAVE = """
    INSERT INTO gathering (community_id, event_id, version, title, channel_id, place, is_session, host_id,
                           speaker_ids, starts_at, ends_at, capacity, state, changed_by)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)
    ON CONFLICT (community_id, event_id) DO UPDATE SET
        version = excluded.version, title = excluded.title, channel_id = excluded.channel_id,
        place = excluded.place, host_id = excluded.host_id, speaker_ids = excluded.speaker_ids,
        starts_at = excluded.starts_at, ends_at = excluded.ends_at, capacity = excluded.capacity,
        state = excluded.state, changed_by = excluded.changed_by
"""
GUESTS = """
    SELECT g.community_id, g.event_id, g.member_id, g.state, g.asked_at FROM gathering_member g
    JOIN unnest($1::text[], $2::text[]) AS wanted (community_id, event_id) USING (community_id, event_id)
    ORDER BY g.community_id, g.event_id, g.asked_at, g.member_id
"""
SAVE_GUESTS = """
    INSERT INTO gathering_member (community_id, event_id, member_id, state, asked_at)
    SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::timestamptz[])
    ON CONFLICT (community_id, event_id, member_id) DO UPDATE SET
        state = excluded.state, asked_at = excluded.asked_at
"""
ATTEND = """
    INSERT INTO gathering_member AS known (community_id, event_id, member_id, state, asked_at, attended_at)
    SELECT community_id, event_id, member_id, 'going', at, at
    FROM unnest($1::text[], $2::text[], $3::text[], $4::timestamptz[])
         AS t (community_id, event_id, member_id, at)
    ON CONFLICT (community_id, event_id, member_id) DO UPDATE SET attended_at = excluded.attended_at
    WHERE known.attended_at IS NULL
    RETURNING community_id, event_id, member_id, attended_at
"""
SAVE_QUESTIONS = """
    INSERT INTO session_question (community_id, message_id, event_id, member_id, asked_at, text)
    SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::timestamptz[], $6::text[])
    ON CONFLICT DO NOTHING
"""
QUEUED = """
    SELECT community_id, event_id, count(*)::int AS queued FROM session_question
    JOIN unnest($1::text[], $2::text[]) AS wanted (community_id, event_id) USING (community_id, event_id)
    GROUP BY community_id, event_id
"""
GATHERINGS = """
    SELECT event_id, version, title, channel_id, place, is_session, host_id, speaker_ids, starts_at, ends_at,
           capacity, state FROM gathering
    WHERE community_id = $1 AND ($2::timestamptz IS NULL OR (starts_at, event_id) < ($2, $3::text))
    ORDER BY starts_at DESC, event_id DESC LIMIT $4
"""
GUEST_LIST = """
    SELECT member_id, state, asked_at, attended_at FROM gathering_member
    WHERE community_id = $1 AND event_id = $2 ORDER BY asked_at, member_id LIMIT 2000
"""
QUEUE = """
    SELECT message_id, member_id, asked_at, text, is_taken FROM session_question
    WHERE community_id = $1 AND event_id = $2 ORDER BY asked_at, message_id LIMIT 500
"""
TAKE = """
    UPDATE session_question SET is_taken = true
    WHERE community_id = $1 AND event_id = $2 AND message_id = $3 RETURNING message_id
"""
EventKey = tuple[str, str]
"""community_id, event_id."""


class SessionQuestion(NamedTuple):
    """Something asked of the speakers."""

    community_id: str
    message_id: str
    event_id: str
    member_id: str
    asked_at: datetime
    text: str


async def ahead(connection: Connection, communities: Iterable[str]) -> list[Gathering]:
    """Gatherings that are planned or running."""
    return [_gathering(row) for row in await connection.fetch(AHEAD, sorted(set(communities)))]


async def named(connection: Connection, keys: Iterable[EventKey]) -> dict[EventKey, Gathering]:
    """Gatherings by id, locked."""
    rows = await connection.fetch(NAMED, *columns_of(sorted(set(keys)), 2))
    return {(row["community_id"], row["event_id"]): _gathering(row) for row in rows}


def _gathering(row: asyncpg.Record) -> Gathering:
    return Gathering(**{**row, "speaker_ids": tuple(row["speaker_ids"])})


async def save(connection: Connection, gathering: Gathering, by: str) -> None:
    """Insert or change."""
    g = gathering
    await connection.execute(
        SAVE, g.community_id, g.event_id, g.version, g.title, g.channel_id, g.place, g.is_session, g.host_id,
        list(g.speaker_ids), g.starts_at, g.ends_at, g.capacity, g.state, by,
    )  # fmt: skip


async def guests_of(connection: Connection, gatherings: Iterable[Gathering]) -> dict[EventKey, Guests]:
    """Who comes to each."""
    known = {(each.community_id, each.event_id): Guests(each.capacity) for each in gatherings}
    for row in await connection.fetch(GUESTS, *columns_of(sorted(known), 2)):
        places = known[row["community_id"], row["event_id"]].places
        places[row["member_id"]] = row["state"], row["asked_at"]
    return known


async def save_guests(connection: Connection, guests: Mapping[EventKey, Guests]) -> None:
    """Write who changed."""
    rows = [
        (*key, name, *each.places[name])
        for key, each in sorted(guests.items())
        for name in sorted(each.changed)
    ]
    if rows:
        await connection.execute(SAVE_GUESTS, *columns_of(rows, 5))


async def attend(
    connection: Connection, seen: Iterable[tuple[str, str, str, datetime]]
) -> list[asyncpg.Record]:
    """Community, event, member, moment; returns those that were not known to be there."""
    rows = sorted(seen)
    return await connection.fetch(ATTEND, *columns_of(rows, 4)) if rows else []


async def save_questions(connection: Connection, asked: Iterable[SessionQuestion]) -> None:
    """Queue them, once each."""
    rows = sorted(asked)
    if rows:
        await connection.execute(SAVE_QUESTIONS, *columns_of(rows, 6))


async def queued(connection: Connection, keys: Iterable[EventKey]) -> dict[EventKey, int]:
    """How many questions each session has."""
    rows = await connection.fetch(QUEUED, *columns_of(sorted(set(keys)), 2))
    return {(row["community_id"], row["event_id"]): row["queued"] for row in rows}


async def gatherings(
    pool: Pool, community_id: str, after: tuple[datetime, str] | None, rows: int
) -> list[asyncpg.Record]:
    """By start, latest first."""
    return await pool.fetch(GATHERINGS, community_id, *(after or (None, None)), rows)


async def guest_list(pool: Pool, community_id: str, event_id: str) -> list[asyncpg.Record]:
    """Everybody who answered or came."""
    return await pool.fetch(GUEST_LIST, community_id, event_id)


async def queue(pool: Pool, community_id: str, event_id: str) -> list[asyncpg.Record]:
    """A session's questions, first asked first."""
    return await pool.fetch(QUEUE, community_id, event_id)


async def take(connection: Connection, community_id: str, event_id: str, message_id: str) -> bool:
    """A question was taken up; False when there is no such question."""
    return bool(await connection.fetchval(TAKE, community_id, event_id, message_id))
