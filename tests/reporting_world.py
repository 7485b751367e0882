"""Reporting's handler on a real database: apply batches, look at the roll-ups."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import date
from typing import Any

import asyncpg

from services.reporting.domain.metric_registry import BY_NAME, METRICS
from services.reporting.domain.periods import By, Span, span_of
from services.reporting.handlers.read_numbers import Numbers, read_numbers
from services.reporting.handlers.record_facts import RecordFacts
from shared.engine import Event, Timer, UnitOfWork
from shared.engine.work import TimerName
from shared.postgres.connection import Connection
from shared.postgres.pool import SESSION_SETTINGS
from tests.builders import NOON
from tests.servers import ServiceDatabase

ROLL_UPS = {
    name: f"SELECT {columns} FROM {name} ORDER BY {columns}"
    for name, columns in {
        "day": "community_id, local_date, events, active_members, revision, first_event_at, last_event_at",
        "day_count": "community_id, local_date, type, is_bot, label, events, amount, answers",
        "channel_count": "community_id, local_date, channel_id, type, is_bot, events, amount, answers",
        "hour_count": "community_id, local_date, local_hour, type, is_bot, events, amount, answers",
        "member_period": "community_id, by, first_day, member_id, messages, answers",
        "member": "community_id, member_id, first_seen_on, first_message_at, last_message_at, "
        "joined_at, invited_by",
        "thread": "community_id, thread_key, opened_on, opened_at, opened_by, answered_at, answered_by",
    }.items()
}
COUNTS = "count(*), sum(amount)::bigint, count(answers_id)"
WROTE = "type = 'message.posted' AND NOT is_bot AND member_id IS NOT NULL"
# What the roll-ups must be, computed from the facts alone.
BY_THE_FACTS = {
    "day": """
        SELECT f.community_id, f.local_date, count(*),
               count(DISTINCT member_id) FILTER (WHERE type = 'message.posted' AND NOT is_bot)::int,
               count(*) FILTER (WHERE is_late),
               min(occurred_at), max(occurred_at)
        FROM fact f GROUP BY f.community_id, f.local_date ORDER BY f.community_id, f.local_date
    """,
    "day_count": f"""
        SELECT community_id, local_date, type, is_bot, coalesce(label, '') AS label, {COUNTS}
        FROM fact GROUP BY 1, 2, 3, 4, 5 ORDER BY 1, 2, 3, 4, 5
    """,
    "channel_count": f"""
        SELECT community_id, local_date, channel_id, type, is_bot, {COUNTS}
        FROM fact WHERE channel_id IS NOT NULL GROUP BY 1, 2, 3, 4, 5 ORDER BY 1, 2, 3, 4, 5
    """,
    "hour_count": f"""
        SELECT community_id, local_date, local_hour, type, is_bot, {COUNTS}
        FROM fact WHERE channel_id IS NOT NULL GROUP BY 1, 2, 3, 4, 5 ORDER BY 1, 2, 3, 4, 5
    """,
    "member_period": f"""
        SELECT community_id, by, date_trunc(by, local_date)::date, member_id,
               count(*)::int, count(answers_id)::int
        FROM fact, unnest(ARRAY['day', 'week', 'month']) AS by
        WHERE {WROTE} GROUP BY 1, 2, 3, 4 ORDER BY 1, 2, 3, 4
    """,
    "member": f"""
        SELECT community_id, member_id, min(local_date),
               min(occurred_at) FILTER (WHERE {WROTE}), max(occurred_at) FILTER (WHERE {WROTE}),
               min(occurred_at) FILTER (WHERE type = 'member.joined'),
               (array_agg(other_member_id ORDER BY occurred_at) FILTER (WHERE type = 'member.joined'))[1]
        FROM fact
        WHERE type IN ('message.posted', 'member.joined', 'member.left') AND NOT is_bot
          AND member_id IS NOT NULL
        GROUP BY 1, 2 ORDER BY 1, 2
    """,
    "thread": f"""
        WITH voice AS (
            SELECT DISTINCT ON (community_id, thread_key, member_id)
                   community_id, thread_key, member_id, occurred_at, local_date
            FROM fact WHERE thread_key IS NOT NULL AND {WROTE}
            ORDER BY community_id, thread_key, member_id, occurred_at
        ), placed AS (
            SELECT *, row_number() OVER (
                PARTITION BY community_id, thread_key ORDER BY occurred_at, member_id) AS place
            FROM voice
        )
        SELECT first.community_id, first.thread_key, first.local_date, first.occurred_at, first.member_id,
               second.occurred_at, second.member_id
        FROM placed first LEFT JOIN placed second
             ON (second.community_id, second.thread_key) = (first.community_id, first.thread_key)
             AND second.place = 2
        WHERE first.place = 1 ORDER BY 1, 2
    """,
}
Rows = list[tuple[Any, ...]]


@asynccontextmanager
async def connected(database: ServiceDatabase) -> AsyncIterator[Connection]:
    """A connection as the service's own role has it."""
    connection = await asyncpg.connect(database.app_url, server_settings=SESSION_SETTINGS)
    try:
        yield connection
    finally:
        await connection.close()


async def record(connection: Connection, batch: Sequence[Event[Any]]) -> dict[TimerName, Timer]:
    """One batch in its transaction, which announces nothing; the timers that it sets."""
    async with connection.transaction():
        work = UnitOfWork(connection=connection, now=NOON, source="/hearth/reporting")
        await RecordFacts()(batch, work)
    assert work.outgoing == []
    return work.timers_set


async def roll_ups(connection: Connection, queries: dict[str, str] | None = None) -> dict[str, Rows]:
    """The rows of every roll-up, in order of their keys."""
    wanted = queries or ROLL_UPS
    return {name: [tuple(row) for row in await connection.fetch(query)] for name, query in wanted.items()}


COUNTED = (
    "messages", "active_members", "joins", "leaves", "checkins", "removals", "reactions", "points_issued",
    "points_reversed", "bot_messages",
)  # fmt: skip
LONG_AFTER = date(2030, 1, 1)
"""Every period of the tests is over by then."""


async def metrics_of(
    connection: Connection, day: str, community: str = "tea", names: Sequence[str] = COUNTED
) -> dict[str, Any]:
    """The plain counts of one day by name, zeros left out."""
    span = span_of(date.fromisoformat(day), date.fromisoformat(day))
    wanted = [BY_NAME[name] for name in names]
    numbers = await read_numbers(connection, community, span, By.DAY, LONG_AFTER, wanted)
    return {each.metric.name: each.total for each in numbers.series if each.total}


async def told(
    connection: Connection, span: Span, by: By, community: str = "tea", today: date = LONG_AFTER
) -> Numbers:
    """Every metric."""
    return await read_numbers(connection, community, span, by, today, METRICS)
