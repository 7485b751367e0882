"""Reviews of how points were earned, and the facts that may open one."""

import json
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import NamedTuple
from uuid import UUID

import asyncpg

from shared.postgres.connection import Connection

MESSAGES = """
    SELECT member_id, sum(cardinality(slots))::int AS paid, sum(alike)::int AS alike,
           json_agg(slots ORDER BY day) AS days
    FROM member_day WHERE community_id = $1 AND day >= $2 AND day < $3
    GROUP BY member_id HAVING sum(cardinality(slots)) >= $4 OR sum(alike) >= $4
    ORDER BY member_id
"""
GIVEN = """
    SELECT member_id, giver_id, sum(points)::int FROM earning
    WHERE community_id = $1 AND day >= $2 AND day < $3 AND stands AND points > 0 AND giver_id <> ''
    GROUP BY 1, 2
"""
# Whoever was looked at in this month, with whatever outcome, is not looked at again for it.
LOOKED_AT = "SELECT member_id FROM review WHERE community_id = $1 AND (opened_at >= $2 OR state = 'held')"
ADD = """
    INSERT INTO review (review_id, community_id, member_id, state, signals, points, opened_at)
    VALUES ($1, $2, $3, 'held', $4, $5, $6) ON CONFLICT DO NOTHING
"""
LOCK = """
    SELECT review_id::text, community_id, member_id, state, signals, points, opened_at
    FROM review WHERE review_id = $1 AND community_id = $2 FOR UPDATE
"""
DECIDE = "UPDATE review SET state = $2, decided_at = $3, decided_by = $4, reason = $5 WHERE review_id = $1"
PAGE = """
    SELECT * FROM review WHERE community_id = $1 AND ($2::text IS NULL OR state = $2)
      AND ($3::timestamptz IS NULL OR (opened_at, review_id) < ($3, $4::uuid))
    ORDER BY opened_at DESC, review_id DESC LIMIT $5
"""
NOTE_LOOK = "UPDATE month SET looked_at = $3 WHERE community_id = $1 AND month = $2"
IS_HELD = "SELECT EXISTS (SELECT FROM review WHERE community_id = $1 AND member_id = $2 AND state = 'held')"


class Review(NamedTuple):
    """One member's points under review."""

    review_id: str
    community_id: str
    member_id: str
    state: str
    signals: Mapping[str, Mapping[str, float]]
    points: int
    opened_at: datetime


class Messages(NamedTuple):
    """A member's messages of a month."""

    member_id: str
    paid: int
    alike: int
    days: Sequence[Sequence[int]]
    """Moments of the paid ones in milliseconds, day by day."""


async def load_messages(
    connection: Connection, community_id: str, first: date, last: date, least: int
) -> list[Messages]:
    """Members with at least so many paid, or as many refused as alike, from `first` until before `last`."""
    rows = await connection.fetch(MESSAGES, community_id, first, last, least)
    return [Messages(row[0], row[1], row[2], json.loads(row[3])) for row in rows]


async def load_given(
    connection: Connection, community_id: str, first: date, last: date
) -> dict[str, dict[str, int]]:
    """By member and giver the points that stand."""
    found: dict[str, dict[str, int]] = {}
    for member_id, giver_id, points in await connection.fetch(GIVEN, community_id, first, last):
        found.setdefault(member_id, {})[giver_id] = points
    return found


async def looked_at(connection: Connection, community_id: str, since: datetime) -> set[str]:
    """Members whose points were or are under review."""
    return {row[0] for row in await connection.fetch(LOOKED_AT, community_id, since)}


async def note_look(connection: Connection, community_id: str, month: date, at: datetime) -> None:
    """The month was looked at."""
    await connection.execute(NOTE_LOOK, community_id, month, at)


async def add(connection: Connection, review: Review) -> None:
    """Open one."""
    identifier, community_id, member_id, _, signals, points, opened_at = review
    told = json.dumps({name: dict(evidence) for name, evidence in signals.items()})
    await connection.execute(ADD, identifier, community_id, member_id, told, points, opened_at)


async def lock(connection: Connection, identifier: UUID, community_id: str) -> Review | None:
    """One, locked, if the community has it."""
    row = await connection.fetchrow(LOCK, identifier, community_id)
    return Review(row[0], row[1], row[2], row[3], json.loads(row[4]), row[5], row[6]) if row else None


async def decide(
    connection: Connection, identifier: str, state: str, at: datetime, by: str, reason: str
) -> None:
    """A person decided."""
    await connection.execute(DECIDE, identifier, state, at, by, reason)


async def page(
    connection: Connection,
    community_id: str,
    state: str | None,
    before: tuple[datetime, UUID] | None,
    rows: int,
) -> Sequence[asyncpg.Record]:
    """Newest first."""
    return await connection.fetch(PAGE, community_id, state, *(before or (None, None)), rows)


async def is_held(connection: Connection, community_id: str, member_id: str) -> bool:
    """Whether somebody looks at how the member's points were earned."""
    found: bool = await connection.fetchval(IS_HELD, community_id, member_id)
    return found
