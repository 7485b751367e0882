"""Questions, who answered them, and approved answers."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import NamedTuple

import asyncpg

from services.engagement.domain.question import Faq
from services.engagement.store.columns import columns_of
from shared.postgres.connection import Connection, Pool

OPEN_QUESTIONS = """
    SELECT q.community_id, q.message_id, q.member_id, q.channel_id, q.thread, q.asked_at, q.text
    FROM unnest($1::text[], $2::text[], $3::timestamptz[]) AS wanted (community_id, channel_id, since)
    CROSS JOIN LATERAL (
        SELECT * FROM question o WHERE o.community_id = wanted.community_id
          AND o.channel_id = wanted.channel_id AND o.answered_at IS NULL AND o.asked_at > wanted.since
        ORDER BY o.asked_at DESC LIMIT 200
    ) AS q
"""
SAVE_QUESTIONS = """
    INSERT INTO question (community_id, message_id, member_id, channel_id, thread, asked_at, text, state)
    SELECT *, 'open' FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[],
                                 $6::timestamptz[], $7::text[])
    ON CONFLICT DO NOTHING
"""
ANSWER = """
    UPDATE question q SET state = 'answered', answer_id = t.answer_id, answered_by = t.answered_by,
                          answered_at = t.at, kind = t.kind
    FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::timestamptz[], $6::text[])
         AS t (community_id, message_id, answer_id, answered_by, at, kind)
    WHERE q.community_id = t.community_id AND q.message_id = t.message_id AND q.answered_at IS NULL
"""
UNANSWERED = """
    SELECT q.community_id, q.message_id, q.member_id, q.channel_id, q.asked_at, q.text, q.state
    FROM question q JOIN unnest($1::text[], $2::timestamptz[]) AS due (community_id, before)
         ON q.community_id = due.community_id
    WHERE q.answered_at IS NULL AND q.state IN ('open', 'asked') AND q.asked_at <= due.before
      AND q.asked_at > due.before - interval '2 days'
    ORDER BY q.community_id, q.asked_at, q.message_id
"""
HELPERS = """
    SELECT answered_by FROM question
    WHERE community_id = $1 AND channel_id = $2 AND answered_by IS NOT NULL AND answered_by <> $3
      AND kind = 'member' AND answered_at > $4::timestamptz - interval '90 days'
    GROUP BY answered_by ORDER BY count(*) DESC, max(answered_at) DESC, answered_by LIMIT $5
"""
MOVE = """
    UPDATE question q SET state = t.state
    FROM unnest($1::text[], $2::text[], $3::text[]) AS t (community_id, message_id, state)
    WHERE q.community_id = t.community_id AND q.message_id = t.message_id
"""
NEXT_UNANSWERED = """
    SELECT community_id, min(asked_at) AS asked_at FROM question
    WHERE community_id = ANY($1::text[]) AND answered_at IS NULL AND state = 'open' GROUP BY community_id
"""
FORGET = "DELETE FROM question WHERE community_id = $1 AND asked_at < $2"
FAQS = """
    SELECT community_id, faq_id, question, answer FROM faq WHERE community_id = ANY($1::text[]) ORDER BY 1, 2
"""
PUT_FAQ = """
    INSERT INTO faq (community_id, faq_id, question, answer, approved_by) VALUES ($1, $2, $3, $4, $5)
    ON CONFLICT (community_id, faq_id) DO UPDATE SET
        question = excluded.question, answer = excluded.answer, approved_by = excluded.approved_by
"""
DROP_FAQ = "DELETE FROM faq WHERE community_id = $1 AND faq_id = $2 RETURNING faq_id"
QUESTIONS = """
    SELECT message_id, member_id, channel_id, asked_at, text, state, answered_by, answered_at, kind
    FROM question WHERE community_id = $1 AND (NOT $2 OR answered_at IS NULL)
      AND ($3::timestamptz IS NULL OR (asked_at, message_id) < ($3, $4::text))
    ORDER BY asked_at DESC, message_id DESC LIMIT $5
"""
STATS = """
    SELECT count(*)::int AS asked, count(answered_at)::int AS answered,
           percentile_cont(0.5) WITHIN GROUP (ORDER BY extract(epoch FROM answered_at - asked_at))
               AS median_seconds
    FROM question WHERE community_id = $1 AND asked_at >= $2 AND asked_at < $3
"""


class Question(NamedTuple):
    """Something that was asked."""

    community_id: str
    message_id: str
    member_id: str
    channel_id: str
    thread: str
    asked_at: datetime
    text: str


async def open_questions(
    connection: Connection, channels: Iterable[tuple[str, str, datetime]]
) -> list[Question]:
    """By community, channel and moment: what was asked since and nobody answered, up to 200 a channel."""
    rows = await connection.fetch(OPEN_QUESTIONS, *columns_of(sorted(channels), 3))
    return [Question(*row) for row in rows]


async def save_questions(connection: Connection, asked: Iterable[Question]) -> None:
    """Insert, once each."""
    rows = sorted(asked)
    if rows:
        await connection.execute(SAVE_QUESTIONS, *columns_of(rows, 7))


async def answer(connection: Connection, answers: Iterable[tuple[str, str, str, str, datetime, str]]) -> None:
    """Community, question, answer, by whom, when, and kind."""
    rows = sorted(answers)
    if rows:
        await connection.execute(ANSWER, *columns_of(rows, 6))


async def unanswered(connection: Connection, before: Sequence[tuple[str, datetime]]) -> list[asyncpg.Record]:
    """Asked by these moments, and neither answered nor told to an operator."""
    return await connection.fetch(UNANSWERED, *columns_of(before, 2))


async def helpers(
    connection: Connection, community_id: str, channel_id: str, asker: str, now: datetime, rows: int
) -> list[str]:
    """Who answered most in this channel lately."""
    found = await connection.fetch(HELPERS, community_id, channel_id, asker, now, rows)
    return [row["answered_by"] for row in found]


async def move(connection: Connection, states: Iterable[tuple[str, str, str]]) -> None:
    """Community, question, state."""
    rows = sorted(states)
    if rows:
        await connection.execute(MOVE, *columns_of(rows, 3))


async def next_unanswered(connection: Connection, communities: Sequence[str]) -> dict[str, datetime]:
    """When the oldest question was asked that nobody looked after."""
    rows = await connection.fetch(NEXT_UNANSWERED, list(communities))
    return {row["community_id"]: row["asked_at"] for row in rows}


async def forget(connection: Connection, community_id: str, before: datetime) -> None:
    """Old questions, with their texts."""
    await connection.execute(FORGET, community_id, before)


async def faqs(reader: Connection | Pool, communities: Iterable[str]) -> list[Faq]:
    """Approved answers."""
    return [Faq(*row) for row in await reader.fetch(FAQS, sorted(set(communities)))]


async def put_faq(connection: Connection, faq: Faq, by: str) -> None:
    """Insert or change."""
    await connection.execute(PUT_FAQ, faq.community_id, faq.faq_id, faq.question, faq.answer, by)


async def drop_faq(connection: Connection, community_id: str, faq_id: str) -> bool:
    """False when there is no such answer."""
    return bool(await connection.fetchval(DROP_FAQ, community_id, faq_id))


async def questions(
    pool: Pool, community_id: str, only_open: bool, after: tuple[datetime, str] | None, rows: int
) -> list[asyncpg.Record]:
    """Newest first."""
    return await pool.fetch(QUESTIONS, community_id, only_open, *(after or (None, None)), rows)


async def stats(pool: Pool, community_id: str, begins: datetime, ends: datetime) -> asyncpg.Record:
    """How many were asked and answered, and the median wait in seconds."""
    row = await pool.fetchrow(STATS, community_id, begins, ends)
    assert row is not None
    return row
