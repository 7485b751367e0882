"""Newcomers and their first days."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import NamedTuple

import asyncpg

from services.engagement.store.columns import columns_of
from shared.postgres.connection import Connection, Pool

ADD_NEWCOMERS = """
    INSERT INTO newcomer AS known (community_id, member_id, member_name, channel_id, invited_by, joined_at)
    SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::timestamptz[])
    ON CONFLICT (community_id, member_id) DO UPDATE SET
        member_name = excluded.member_name, channel_id = excluded.channel_id,
        invited_by = excluded.invited_by, joined_at = excluded.joined_at, left_at = NULL
    WHERE known.left_at < excluded.joined_at
"""  # who comes back is welcomed once more only if the first welcome was never said
LEAVE = """
    UPDATE newcomer n SET left_at = t.at
    FROM unnest($1::text[], $2::text[], $3::timestamptz[]) AS t (community_id, member_id, at)
    WHERE n.community_id = t.community_id AND n.member_id = t.member_id AND n.joined_at <= t.at
      AND n.left_at IS NULL
"""
LOAD_NEWCOMERS = """
    SELECT n.community_id, n.member_id, n.channel_id, n.joined_at, n.introduced_at, n.message_id,
           n.answered_at, n.came_back_on
    FROM newcomer n JOIN unnest($1::text[], $2::text[]) AS named (community_id, member_id)
         USING (community_id, member_id)
    WHERE n.left_at IS NULL
"""
SAVE_NEWCOMERS = """
    UPDATE newcomer n SET introduced_at = t.introduced_at, message_id = t.message_id,
        words = CASE t.words WHEN '' THEN n.words ELSE string_to_array(t.words, chr(31)) END,
        answered_at = t.answered_at, came_back_on = t.came_back_on
    FROM unnest($1::text[], $2::text[], $3::timestamptz[], $4::text[], $5::text[], $6::timestamptz[],
                $7::date[])
         AS t (community_id, member_id, introduced_at, message_id, words, answered_at, came_back_on)
    WHERE n.community_id = t.community_id AND n.member_id = t.member_id
"""
SIMILAR = """
    SELECT n.member_id, n.member_name, n.words FROM newcomer n
    WHERE n.community_id = $1 AND n.member_id <> $2 AND n.words && $3::text[] AND n.left_at IS NULL
    ORDER BY cardinality(ARRAY(SELECT unnest(n.words) INTERSECT SELECT unnest($3::text[]))) DESC,
             n.introduced_at DESC, n.member_id LIMIT $4
"""
WAITING = """
    SELECT community_id, member_id, member_name, channel_id, joined_at FROM newcomer
    WHERE community_id = ANY($1::text[]) AND welcomed_at IS NULL AND left_at IS NULL
    ORDER BY community_id, joined_at, member_id
"""
WELCOME = """
    UPDATE newcomer n SET welcomed_at = t.at
    FROM unnest($1::text[], $2::text[], $3::timestamptz[]) AS t (community_id, member_id, at)
    WHERE n.community_id = t.community_id AND n.member_id = t.member_id
"""
PAUSE = """
    INSERT INTO welcome_pause AS known (community_id, until)
    SELECT * FROM unnest($1::text[], $2::timestamptz[])
    ON CONFLICT (community_id) DO UPDATE SET until = greatest(known.until, excluded.until)
"""
PAUSES = "SELECT community_id, until FROM welcome_pause WHERE community_id = ANY($1::text[])"
ALERT = """
    UPDATE newcomer n SET alerted_at = t.at
    FROM unnest($1::text[], $2::text[], $3::timestamptz[]) AS t (community_id, member_id, at)
    WHERE n.community_id = t.community_id AND n.member_id = t.member_id AND n.introduced_at IS NOT NULL
      AND n.answered_at IS NULL AND n.left_at IS NULL AND n.alerted_at IS NULL
    RETURNING n.community_id, n.member_id, n.member_name, n.message_id
"""
NEWCOMERS = """
    SELECT member_id, member_name, joined_at, welcomed_at, introduced_at, answered_at, came_back_on, left_at,
           alerted_at, invited_by
    FROM newcomer WHERE community_id = $1
      AND ($2::timestamptz IS NULL OR (joined_at, member_id) < ($2, $3::text))
    ORDER BY joined_at DESC, member_id DESC LIMIT $4
"""
MemberKey = tuple[str, str]


class Newcomer(NamedTuple):
    """A member in their first days, as messages change it."""

    community_id: str
    member_id: str
    channel_id: str | None
    joined_at: datetime
    introduced_at: datetime | None
    message_id: str | None
    answered_at: datetime | None
    came_back_on: date | None
    words: tuple[str, ...] = ()


class Joined(NamedTuple):
    """Somebody came in."""

    community_id: str
    member_id: str
    member_name: str
    channel_id: str | None
    invited_by: str | None
    joined_at: datetime


async def add_newcomers(connection: Connection, joined: Iterable[Joined]) -> None:
    """Note who came in; the first time of one batch counts."""
    rows = {(each.community_id, each.member_id): each for each in reversed(list(joined))}
    if rows:
        await connection.execute(ADD_NEWCOMERS, *columns_of([rows[key] for key in sorted(rows)], 6))


async def leave(connection: Connection, gone: Mapping[MemberKey, datetime]) -> None:
    """Who left in their first days is not greeted and not waited for."""
    if gone:
        rows = [(*key, at) for key, at in sorted(gone.items())]
        await connection.execute(LEAVE, *columns_of(rows, 3))


async def load_newcomers(connection: Connection, keys: Iterable[MemberKey]) -> dict[MemberKey, Newcomer]:
    """Those of these members of whom it is known when they came."""
    rows = await connection.fetch(LOAD_NEWCOMERS, *columns_of(sorted(set(keys)), 2))
    return {(row["community_id"], row["member_id"]): Newcomer(*row) for row in rows}


async def save_newcomers(connection: Connection, changed: Iterable[Newcomer]) -> None:
    """Write what messages changed."""
    rows = [
        (n.community_id, n.member_id, n.introduced_at, n.message_id, chr(31).join(n.words), n.answered_at,
         n.came_back_on)
        for n in sorted(changed, key=lambda each: each[:2])
    ]  # fmt: skip
    if rows:
        await connection.execute(SAVE_NEWCOMERS, *columns_of(rows, 7))


async def similar(
    connection: Connection, community_id: str, member_id: str, words: Sequence[str], rows: int
) -> list[asyncpg.Record]:
    """Others who said the same of themselves, most in common first."""
    return await connection.fetch(SIMILAR, community_id, member_id, list(words), rows)


async def waiting(connection: Connection, communities: Iterable[str]) -> list[asyncpg.Record]:
    """Who was not greeted yet, by community and time."""
    return await connection.fetch(WAITING, sorted(set(communities)))


async def welcome(connection: Connection, greeted: Iterable[tuple[str, str, datetime]]) -> None:
    """They were greeted."""
    await connection.execute(WELCOME, *columns_of(sorted(greeted), 3))


async def pause(connection: Connection, until: Mapping[str, datetime]) -> None:
    """Greet nobody in these communities before these moments."""
    if until:
        await connection.execute(PAUSE, *columns_of(sorted(until.items()), 2))


async def pauses(connection: Connection, communities: Iterable[str]) -> dict[str, datetime]:
    """Until when greetings pause."""
    rows = await connection.fetch(PAUSES, sorted(set(communities)))
    return {row["community_id"]: row["until"] for row in rows}


async def alert(connection: Connection, due: Iterable[tuple[str, str, datetime]]) -> list[asyncpg.Record]:
    """Note and return those of these members whose introduction nobody answered."""
    return await connection.fetch(ALERT, *columns_of(sorted(due), 3))


async def newcomers(
    pool: Pool, community_id: str, after: tuple[datetime, str] | None, rows: int
) -> list[asyncpg.Record]:
    """Newest first."""
    return await pool.fetch(NEWCOMERS, community_id, *(after or (None, None)), rows)
