"""Questions, who answered them, and approved answers."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import NamedTuple

import asyncpg

from services.engagement.domain.answerers import Given
from services.engagement.domain.pulse import ChannelKey
from services.engagement.domain.question import Faq
from services.engagement.store.columns import columns_of
from shared.postgres.connection import Connection, Pool

OPEN_QUESTIONS = """
    SELECT q.community_id, q.message_id, q.member_id, q.channel_id, q.thread, q.asked_at, q.text,
           q.check_at
    FROM unnest($1::text[], $2::text[], $3::timestamptz[]) AS wanted (community_id, channel_id, since)
    CROSS JOIN LATERAL (
        SELECT * FROM question o WHERE o.community_id = wanted.community_id
          AND o.channel_id = wanted.channel_id AND o.answered_at IS NULL AND o.asked_at > wanted.since
        ORDER BY o.asked_at DESC LIMIT 200
    ) AS q
"""
SAVE_QUESTIONS = """
    INSERT INTO question (community_id, message_id, member_id, channel_id, thread, asked_at, text, check_at,
                          state)
    SELECT *, 'open' FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[],
                                 $6::timestamptz[], $7::text[], $8::timestamptz[])
    ON CONFLICT DO NOTHING
"""
ANSWER = """
    UPDATE question q SET state = 'answered', answer_id = t.answer_id, answered_by = t.answered_by,
                          answered_at = t.at, kind = t.kind, settled_at = t.settled_at,
                          check_at = CASE WHEN q.check_at <= t.settled_at THEN q.check_at END
    FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::timestamptz[], $6::text[],
                $7::timestamptz[])
         AS t (community_id, message_id, answer_id, answered_by, at, kind, settled_at)
    WHERE q.community_id = t.community_id AND q.message_id = t.message_id AND q.answered_at IS NULL
"""
CHECKED = """
    SELECT q.community_id, q.message_id, q.member_id, q.channel_id, q.asked_at, q.text, q.settled_at,
           q.passed_on_at, due.now
    FROM unnest($1::text[], $2::text[], $3::timestamptz[]) AS due (community_id, message_id, now)
    JOIN question q ON q.community_id = due.community_id AND q.message_id = due.message_id
    WHERE q.check_at <= due.now AND (q.settled_at IS NULL OR q.settled_at >= due.now)
      AND q.asked_at > due.now - interval '2 days'
    ORDER BY due.now, q.check_at, q.asked_at, q.community_id, q.message_id
"""  # as of the moment: what a batch brought behind it is in the rows already
ANSWERS = """
    SELECT h.community_id, h.channel_id, h.settled_at, h.answered_at, h.answered_by
    FROM unnest($1::text[], $2::text[], $3::timestamptz[]) AS wanted (community_id, channel_id, since)
    JOIN question h ON h.community_id = wanted.community_id AND h.channel_id = wanted.channel_id
                       AND h.kind = 'member' AND h.answered_at > wanted.since
    WHERE h.answered_by IS NOT NULL
"""
LOOKED_AT = """
    UPDATE question q SET
        check_at = t.check_at, passed_on_at = coalesce(q.passed_on_at, t.passed_on_at),
        state = CASE WHEN q.settled_at IS NULL AND t.state <> '' THEN t.state ELSE q.state END
    FROM unnest($1::text[], $2::text[], $3::text[], $4::timestamptz[], $5::timestamptz[])
         AS t (community_id, message_id, state, passed_on_at, check_at)
    WHERE q.community_id = t.community_id AND q.message_id = t.message_id
"""
FORGET = "DELETE FROM question WHERE community_id = $1 AND asked_at < $2 AND check_at IS NULL"
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
    check_at: datetime | None = None
    """When it is looked at whether anybody answered."""


class Answered(NamedTuple):
    """Who answered a question."""

    community_id: str
    message_id: str
    answer_id: str
    answered_by: str
    answered_at: datetime
    kind: str
    settled_at: datetime
    """The community's clock then."""


class LookedAt(NamedTuple):
    """What became of a question that was looked at."""

    community_id: str
    message_id: str
    state: str
    """Empty: nothing was done."""
    passed_on_at: datetime | None
    check_at: datetime | None


async def open_questions(
    connection: Connection, channels: Iterable[tuple[str, str, datetime]]
) -> list[Question]:
    """By community, channel and moment: what was asked since and nobody answered, up to 200 a channel."""
    rows = await connection.fetch(OPEN_QUESTIONS, *columns_of(sorted(channels), 3))
    return [Question(*row) for row in rows]


async def save_questions(connection: Connection, asked: Iterable[Question]) -> None:
    """Insert, once each."""
    rows = sorted(asked, key=lambda each: each[:2])
    if rows:
        await connection.execute(SAVE_QUESTIONS, *columns_of(rows, 8))


async def answer(connection: Connection, answers: Iterable[Answered]) -> None:
    """The first answers."""
    rows = sorted(answers)
    if rows:
        await connection.execute(ANSWER, *columns_of(rows, 7))


async def checked(connection: Connection, due: Iterable[tuple[str, str, datetime]]) -> list[asyncpg.Record]:
    """By community, question and moment: what nobody had answered by then, in order of moments."""
    return await connection.fetch(CHECKED, *columns_of(sorted(due), 3))


async def answers(
    connection: Connection, since: Mapping[ChannelKey, datetime]
) -> dict[ChannelKey, list[Given]]:
    """By channel the answers of members since a moment, in the order in which they became known."""
    known: dict[ChannelKey, list[Given]] = {key: [] for key in since}
    rows = [(*key, moment) for key, moment in sorted(since.items())]
    for community_id, channel_id, *given in await connection.fetch(ANSWERS, *columns_of(rows, 3)):
        known[community_id, channel_id].append(Given(*given))
    return {key: sorted(each) for key, each in known.items()}


async def looked_at(connection: Connection, questions: Iterable[LookedAt]) -> None:
    """Write what became of them."""
    rows = sorted(questions, key=lambda each: each[:2])
    if rows:
        await connection.execute(LOOKED_AT, *columns_of(rows, 5))


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
