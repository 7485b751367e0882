"""Threads: the rows that a batch may change, and what time to first response is made of."""

from collections.abc import Collection, Sequence
from datetime import date

from services.reporting.domain.periods import Span
from services.reporting.domain.threads import Thread, ThreadName
from services.reporting.store.columns import columns_of
from shared.postgres.connection import Connection

LOAD_THREADS = """
    SELECT t.community_id, t.thread_key, t.opened_on, t.opened_at, t.opened_by, t.answered_at, t.answered_by
    FROM thread t JOIN unnest($1::text[], $2::bigint[]) AS asked (community_id, thread_key)
         USING (community_id, thread_key)
"""
SAVE_THREADS = """
    INSERT INTO thread (community_id, thread_key, opened_on, opened_at, opened_by, answered_at, answered_by)
    SELECT * FROM unnest($1::text[], $2::bigint[], $3::date[], $4::timestamptz[], $5::text[],
                         $6::timestamptz[], $7::text[])
    ON CONFLICT (community_id, thread_key) DO UPDATE SET
        opened_on = excluded.opened_on, opened_at = excluded.opened_at, opened_by = excluded.opened_by,
        answered_at = excluded.answered_at, answered_by = excluded.answered_by
"""
RESPONSES = """
    SELECT opened_on, extract(epoch FROM answered_at - opened_at)::float8
    FROM thread WHERE community_id = $1 AND opened_on BETWEEN $2 AND $3
"""


async def load_threads(connection: Connection, names: Collection[ThreadName]) -> dict[ThreadName, Thread]:
    """Those of the threads that are known."""
    rows = await connection.fetch(LOAD_THREADS, *columns_of(names, 2))
    return {(row[0], row[1]): Thread(*row) for row in rows}


async def save_threads(connection: Connection, threads: Sequence[Thread]) -> None:
    """Write changed threads."""
    await connection.execute(SAVE_THREADS, *columns_of(threads, 7))


async def responses(connection: Connection, community_id: str, span: Span) -> list[tuple[date, float | None]]:
    """Of each thread opened in the span the day, and the seconds until somebody else answered."""
    rows = await connection.fetch(RESPONSES, community_id, span.first, span.last)
    return [(row[0], row[1]) for row in rows]
