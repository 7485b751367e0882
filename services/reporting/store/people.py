"""Members in periods: how many wrote and how much each, who came, who stayed."""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

import asyncpg

from services.reporting.domain.periods import By, Span
from shared.postgres.connection import Connection

ACTIVE = """
    SELECT first_day, count(*) FROM member_period
    WHERE community_id = $1 AND by = $2 AND first_day = ANY($3::date[]) GROUP BY first_day
"""
ACTIVE_IN = """
    SELECT count(DISTINCT member_id) FROM member_period
    WHERE community_id = $1 AND by = $2 AND first_day = ANY($3::date[])
"""
MESSAGES = """
    SELECT first_day, array_agg(messages) FROM member_period
    WHERE community_id = $1 AND by = $2 AND first_day = ANY($3::date[]) GROUP BY first_day
"""
MESSAGES_IN = """
    SELECT array_agg(messages) FROM (
        SELECT sum(messages)::int AS messages FROM member_period
        WHERE community_id = $1 AND by = $2 AND first_day = ANY($3::date[]) GROUP BY member_id
    ) AS each
"""
DAILY_ACTIVE = """
    SELECT local_date, active_members FROM day
    WHERE community_id = $1 AND local_date BETWEEN $2 AND $3
"""
FIRST_SEEN = """
    SELECT first_seen_on, count(*) FROM member
    WHERE community_id = $1 AND first_seen_on BETWEEN $2 AND $3 GROUP BY first_seen_on
"""
FIRST_MESSAGES = """
    SELECT first_message_on, count(*) FROM member
    WHERE community_id = $1 AND first_message_on BETWEEN $2 AND $3 GROUP BY first_message_on
"""
FIRST_JOINS = """
    SELECT joined_on, count(*), count(*) FILTER (WHERE invited_by IS NOT NULL),
           count(*) FILTER (WHERE first_message_at < joined_at + $4::interval)
    FROM member WHERE community_id = $1 AND joined_on BETWEEN $2 AND $3 GROUP BY joined_on
"""
POPULATION = """
    WITH moves AS (
        SELECT local_date, is_join,
               lag(is_join) OVER (PARTITION BY member_id ORDER BY occurred_at, is_join) AS was_join
        FROM presence WHERE community_id = $1
    )
    SELECT day, sum(change)::bigint FROM (
        SELECT first_seen_on AS day, 1 AS change FROM member WHERE community_id = $1
        UNION ALL SELECT local_date, -1 FROM moves WHERE NOT is_join AND was_join IS DISTINCT FROM false
        UNION ALL SELECT local_date, 1 FROM moves WHERE is_join AND NOT was_join
    ) AS changes WHERE day <= $2 GROUP BY day ORDER BY day
"""
# one look by key for each member: whatever statistics say, nothing else is fast
RETAINED = """
    SELECT m.first_message_on, count(*), count(*) FILTER (WHERE (
        SELECT true FROM member_period later
        WHERE later.community_id = $1 AND later.by = $4::text AND later.first_day = CASE $4::text
            WHEN 'day' THEN m.first_message_on + $5::int
            WHEN 'week' THEN date_trunc('week', m.first_message_on)::date + 7 * $5::int
            ELSE (date_trunc('month', m.first_message_on) + $5::int * interval '1 month')::date END
          AND later.member_id = m.member_id
    ))
    FROM member m WHERE m.community_id = $1 AND m.first_message_on BETWEEN $2 AND $3
    GROUP BY m.first_message_on
"""
COHORTS = """
    WITH m AS MATERIALIZED (
        SELECT member_id, date_trunc($4::text, first_message_on)::date AS cohort
        FROM member WHERE community_id = $1 AND first_message_on BETWEEN $2 AND $3
    ), later AS MATERIALIZED (
        SELECT member_id, first_day FROM member_period
        WHERE community_id = $1 AND by = $4::text AND first_day BETWEEN $2 AND $5
    )
    SELECT cohort, first_day, count(*) FROM m JOIN later USING (member_id)
    GROUP BY cohort, first_day ORDER BY cohort, first_day
"""
FIRST_ANSWERS = """
    SELECT DISTINCT ON (subject_id) local_date, amount::float8 FROM fact
    WHERE community_id = $1 AND occurred_at BETWEEN $2::date - 2 AND $3::date + 3
      AND local_date BETWEEN $2 AND $3 AND type = 'question.answered'
    ORDER BY subject_id, amount
"""
WARMUPS = """
    SELECT local_date, label = 'yes', amount::float8 FROM fact
    WHERE community_id = $1 AND occurred_at BETWEEN $2::date - 2 AND $3::date + 3
      AND local_date BETWEEN $2 AND $3 AND type = 'warmup.measured'
"""
ACTIVATED_WITHIN = timedelta(days=7)


async def active(
    connection: Connection, community_id: str, by: By, firsts: Sequence[date]
) -> dict[date, int]:
    """Distinct members who wrote, by the first day of each period."""
    return _by_day(await connection.fetch(ACTIVE, community_id, by, firsts))


async def active_in(connection: Connection, community_id: str, by: By, firsts: Sequence[date]) -> int:
    """Distinct members who wrote in any of the periods."""
    count: int = await connection.fetchval(ACTIVE_IN, community_id, by, firsts)
    return count


async def messages(
    connection: Connection, community_id: str, by: By, firsts: Sequence[date]
) -> dict[date, list[int]]:
    """By period what each active member wrote."""
    return _by_day(await connection.fetch(MESSAGES, community_id, by, firsts))


async def messages_in(connection: Connection, community_id: str, by: By, firsts: Sequence[date]) -> list[int]:
    """What each active member wrote in all of the periods together."""
    return await connection.fetchval(MESSAGES_IN, community_id, by, firsts) or []


async def daily_active(connection: Connection, community_id: str, span: Span) -> dict[date, int]:
    """Active members of each day."""
    return _by_day(await connection.fetch(DAILY_ACTIVE, community_id, span.first, span.last))


async def first_seen(connection: Connection, community_id: str, span: Span) -> dict[date, int]:
    """By day, members heard of for the first time."""
    return _by_day(await connection.fetch(FIRST_SEEN, community_id, span.first, span.last))


async def first_messages(connection: Connection, community_id: str, span: Span) -> dict[date, int]:
    """By day, members who wrote for the first time."""
    return _by_day(await connection.fetch(FIRST_MESSAGES, community_id, span.first, span.last))


async def first_joins(
    connection: Connection, community_id: str, span: Span
) -> dict[date, tuple[int, int, int]]:
    """By day, members who joined for the first time, those invited, and those who wrote within a week."""
    rows = await connection.fetch(FIRST_JOINS, community_id, span.first, span.last, ACTIVATED_WITHIN)
    return {row[0]: (row[1], row[2], row[3]) for row in rows}


async def population(connection: Connection, community_id: str, until: date) -> list[tuple[date, int]]:
    """By day, how the number of members changed, up to a day."""
    return [(row[0], row[1]) for row in await connection.fetch(POPULATION, community_id, until)]


async def retained(
    connection: Connection, community_id: str, span: Span, by: By, later: int
) -> dict[date, tuple[int, int]]:
    """By day of the first message: how many, and how many wrote again so many periods later."""
    rows = await connection.fetch(RETAINED, community_id, span.first, span.last, by, later)
    return {row[0]: (row[1], row[2]) for row in rows}


async def cohorts(
    connection: Connection, community_id: str, span: Span, by: By, until: date
) -> dict[date, dict[date, int]]:
    """By cohort, the period of the first message, how many of it wrote in each period since."""
    found: dict[date, dict[date, int]] = {}
    for row in await connection.fetch(COHORTS, community_id, span.first, span.last, by, until):
        found.setdefault(row[0], {})[row[1]] = row[2]
    return found


async def first_answers(connection: Connection, community_id: str, span: Span) -> list[tuple[date, float]]:
    """Of each question answered in the span the day, and the seconds that it had waited."""
    rows = await connection.fetch(FIRST_ANSWERS, community_id, span.first, span.last)
    return [(row[0], row[1]) for row in rows]


async def warmups(connection: Connection, community_id: str, span: Span) -> list[tuple[date, bool, float]]:
    """Of each cold spell that was measured the day, whether it was held out, and the messages after it."""
    rows = await connection.fetch(WARMUPS, community_id, span.first, span.last)
    return [(row[0], row[1], row[2]) for row in rows]


def _by_day(rows: Sequence[asyncpg.Record]) -> dict[date, Any]:
    return {row[0]: row[1] for row in rows}
