"""Everything that Hearth says or wanted to say by itself."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime

import asyncpg

from services.engagement.domain.attention import PostKind
from services.engagement.domain.post import Post
from services.engagement.store.columns import columns_of
from shared.postgres.connection import Connection, Pool

SENT_TODAY = """
    SELECT community_id, channel_id, local_date, count(*)::int AS posts FROM post
    JOIN unnest($1::text[], $2::text[], $3::date[]) AS asked (community_id, channel_id, local_date)
         USING (community_id, channel_id, local_date)
    WHERE state = 'sent' GROUP BY community_id, channel_id, local_date
"""
LOAD_POSTS = """
    SELECT community_id, post_id, channel_id, kind, subject_id, text, cause_id, wanted_at, latest,
           silent_since, topic_id, watch_kind, state, reason, decided_at, local_date, approved_by
    FROM post JOIN unnest($1::text[], $2::text[]) AS wanted (community_id, post_id)
         USING (community_id, post_id)
    ORDER BY community_id, post_id FOR UPDATE OF post
"""
SAVE_POSTS = """
    INSERT INTO post (community_id, post_id, channel_id, kind, subject_id, text, cause_id, wanted_at, latest,
                      silent_since, topic_id, watch_kind, state, reason, decided_at, local_date, approved_by)
    SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[],
                         $8::timestamptz[], $9::timestamptz[], $10::timestamptz[], $11::text[], $12::text[],
                         $13::text[], $14::text[], $15::timestamptz[], $16::date[], $17::text[])
    ON CONFLICT (community_id, post_id) DO UPDATE SET
        state = excluded.state, reason = excluded.reason, decided_at = excluded.decided_at,
        local_date = excluded.local_date, approved_by = excluded.approved_by
"""
POSTS = """
    SELECT post_id, channel_id, kind, subject_id, text, state, reason, wanted_at, decided_at, latest,
           topic_id, approved_by
    FROM post WHERE community_id = $1 AND ($2::text IS NULL OR state = $2)
      AND ($3::text IS NULL OR channel_id = $3)
      AND ($4::timestamptz IS NULL OR (wanted_at, post_id) < ($4, $5::text))
    ORDER BY wanted_at DESC, post_id DESC LIMIT $6
"""
BEST_HOURS = """
    SELECT community_id, channel_id, hour, posts, answered, replies FROM channel_answer
    JOIN unnest($1::text[], $2::text[]) AS wanted (community_id, channel_id) USING (community_id, channel_id)
    ORDER BY community_id, channel_id, hour
"""
ADD_ANSWERS = """
    INSERT INTO channel_answer AS known (community_id, channel_id, hour, posts, answered, replies)
    SELECT * FROM unnest($1::text[], $2::text[], $3::int[], $4::int[], $5::int[], $6::int[])
    ON CONFLICT (community_id, channel_id, hour) DO UPDATE SET
        posts = known.posts + excluded.posts, answered = known.answered + excluded.answered,
        replies = known.replies + excluded.replies
"""
SentKey = tuple[str, str, date]
"""community_id, channel_id, local date."""


async def sent_today(connection: Connection, asked: Iterable[SentKey]) -> dict[SentKey, int]:
    """How many posts were sent to a channel on a local date."""
    rows = await connection.fetch(SENT_TODAY, *columns_of(sorted(set(asked)), 3))
    return {(row["community_id"], row["channel_id"], row["local_date"]): row["posts"] for row in rows}


async def load_posts(connection: Connection, keys: Iterable[tuple[str, str]]) -> list[Post]:
    """Posts by community and id, locked."""
    rows = await connection.fetch(LOAD_POSTS, *columns_of(sorted(keys), 2))
    return [_post(row) for row in rows]


def _post(row: asyncpg.Record) -> Post:
    values = dict(row)
    return Post(**{**values, "kind": PostKind(values["kind"])})


async def save_posts(connection: Connection, posts: Sequence[Post]) -> None:
    """Insert, or write what was decided."""
    rows = sorted(
        (
            (
                p.community_id, p.post_id, p.channel_id, p.kind.value, p.subject_id, p.text, p.cause_id,
                p.wanted_at, p.latest, p.silent_since, p.topic_id, p.watch_kind, p.state, p.reason,
                p.decided_at, p.local_date, p.approved_by,
            )
            for p in posts
        ),
        key=lambda row: row[:2],
    )  # fmt: skip
    if rows:
        await connection.execute(SAVE_POSTS, *columns_of(rows, 17))


async def posts(
    reader: Connection | Pool,
    community_id: str,
    state: str | None,
    channel_id: str | None,
    after: tuple[datetime, str] | None,
    rows: int,
) -> list[asyncpg.Record]:
    """What was said or wanted, newest first."""
    return await reader.fetch(POSTS, community_id, state, channel_id, *(after or (None, None)), rows)


async def answered_hours(
    connection: Connection | Pool, keys: Iterable[tuple[str, str]]
) -> dict[tuple[str, str], dict[int, tuple[int, int, int]]]:
    """By channel and local hour of the day: posts, those answered, and replies."""
    known: dict[tuple[str, str], dict[int, tuple[int, int, int]]] = {}
    for row in await connection.fetch(BEST_HOURS, *columns_of(sorted(set(keys)), 2)):
        hours = known.setdefault((row["community_id"], row["channel_id"]), {})
        hours[row["hour"]] = row["posts"], row["answered"], row["replies"]
    return known


async def add_answers(connection: Connection, rows: Sequence[tuple[str, str, int, int, int, int]]) -> None:
    """Add to community, channel and hour: posts, answered, replies; each key at most once."""
    if rows:
        await connection.execute(ADD_ANSWERS, *columns_of(sorted(rows), 6))
