"""Reporting's handler on a real database: apply batches, look at the roll-ups."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import date
from typing import Any

import asyncpg

from services.reporting.domain.metric_registry import METRICS
from services.reporting.domain.periods import By, span_of
from services.reporting.handlers.read_numbers import read_numbers
from services.reporting.handlers.record_facts import RecordFacts
from shared.engine import Event, UnitOfWork
from shared.postgres.connection import Connection
from shared.postgres.pool import SESSION_SETTINGS
from tests.builders import NOON
from tests.servers import ServiceDatabase

ROLL_UPS = {
    "day": "SELECT * FROM day ORDER BY community_id, local_date",
    "day_count": "SELECT * FROM day_count ORDER BY community_id, local_date, type, is_bot",
    "member_day": "SELECT * FROM member_day ORDER BY community_id, local_date, member_id",
}
# What the roll-ups must be, computed from the facts alone.
BY_THE_FACTS = {
    "day": """
        SELECT f.community_id, f.local_date, count(*),
               count(DISTINCT member_id) FILTER (WHERE type = 'message.posted' AND NOT is_bot)::int,
               count(*) FILTER (WHERE is_late),
               min(occurred_at), max(occurred_at)
        FROM fact f GROUP BY f.community_id, f.local_date ORDER BY f.community_id, f.local_date
    """,
    "day_count": """
        SELECT community_id, local_date, type, is_bot, count(*), sum(amount)::bigint
        FROM fact GROUP BY 1, 2, 3, 4 ORDER BY 1, 2, 3, 4
    """,
    "member_day": """
        SELECT DISTINCT community_id, local_date, member_id FROM fact
        WHERE type = 'message.posted' AND NOT is_bot ORDER BY 1, 2, 3
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


async def record(connection: Connection, batch: Sequence[Event[Any]]) -> None:
    """One batch in its transaction; reporting announces nothing and sets no timer."""
    async with connection.transaction():
        work = UnitOfWork(connection=connection, now=NOON, source="/hearth/reporting")
        await RecordFacts()(batch, work)
    assert (work.outgoing, work.timers_set) == ([], {})


async def roll_ups(connection: Connection, queries: dict[str, str] | None = None) -> dict[str, Rows]:
    """The rows of every roll-up, in order of their keys."""
    wanted = queries or ROLL_UPS
    return {name: [tuple(row) for row in await connection.fetch(query)] for name, query in wanted.items()}


async def metrics_of(connection: Connection, day: str, community: str = "tea") -> dict[str, int]:
    """The metrics of one day by name, zeros left out."""
    span = span_of(date.fromisoformat(day), date.fromisoformat(day))
    numbers = await read_numbers(connection, community, span, By.DAY, METRICS)
    return {each.metric.name: each.total for each in numbers.series if each.total}
