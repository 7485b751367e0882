"""Where topics are fetched from."""

import json
from datetime import datetime
from typing import NamedTuple

import asyncpg

from shared.postgres.connection import Connection, Pool

SOURCES = """
    SELECT community_id, source_id, url, kind, mapping, tags, every_hours, etag, modified, fetched_at,
           next_at, note
    FROM topic_source WHERE community_id = $1 AND ($2::text IS NULL OR source_id = $2)
    ORDER BY source_id LIMIT 200
"""
ADD_SOURCE = """
    INSERT INTO topic_source (community_id, source_id, url, kind, mapping, tags, every_hours, next_at)
    VALUES ($1, $2, $3, $4, $5::jsonb, $6, $7::int, CASE WHEN $7::int > 0 THEN $8::timestamptz END)
    ON CONFLICT DO NOTHING RETURNING source_id
"""
REMOVE_SOURCE = "DELETE FROM topic_source WHERE community_id = $1 AND source_id = $2 RETURNING source_id"
TAKE_DUE = """
    UPDATE topic_source SET next_at = $1::timestamptz + every_hours * interval '1 hour'
    WHERE (community_id, source_id) IN (
        SELECT community_id, source_id FROM topic_source WHERE next_at <= $1
        ORDER BY next_at, community_id, source_id LIMIT $2 FOR UPDATE SKIP LOCKED)
    RETURNING community_id, source_id, url, kind, mapping, tags, every_hours, etag, modified, fetched_at,
              next_at, note
"""  # it is put off before it is fetched: a source that kills its process is not fetched again at once
NOTE_FETCH = """
    UPDATE topic_source SET etag = coalesce($3, etag), modified = coalesce($4, modified), fetched_at = $5,
                            note = '', failures = 0
    WHERE community_id = $1 AND source_id = $2
"""
NOTE_FAILURE = """
    UPDATE topic_source SET fetched_at = $3::timestamptz, note = $4, failures = failures + 1,
        next_at = CASE WHEN next_at IS NOT NULL
                  THEN $3::timestamptz + every_hours * (2 ^ least(failures, 4)) * interval '1 hour' END
    WHERE community_id = $1 AND source_id = $2
"""  # each failure doubles the pause, up to sixteen times


class Source(NamedTuple):
    """A feed, or a JSON hot list with the mapping that reads it."""

    community_id: str
    source_id: str
    url: str
    kind: str
    mapping: dict[str, str]
    tags: tuple[str, ...]
    every_hours: int = 0
    """Between two fetches; 0: only when somebody asks."""
    etag: str | None = None
    modified: str | None = None
    fetched_at: datetime | None = None
    next_at: datetime | None = None
    note: str = ""


def _source(row: asyncpg.Record) -> Source:
    return Source(**{**row, "mapping": json.loads(row["mapping"]), "tags": tuple(row["tags"])})


async def sources(reader: Connection | Pool, community_id: str, source_id: str | None = None) -> list[Source]:
    """All sources of a community, or one."""
    return [_source(row) for row in await reader.fetch(SOURCES, community_id, source_id)]


async def add_source(connection: Connection, source: Source, now: datetime) -> bool:
    """False when the id is taken; one with a pace is due at once."""
    mapping, tags = json.dumps(source.mapping), list(source.tags)
    return bool(await connection.fetchval(ADD_SOURCE, *source[:4], mapping, tags, source.every_hours, now))


async def remove_source(connection: Connection, community_id: str, source_id: str) -> bool:
    """False when there is none; its topics stay."""
    return bool(await connection.fetchval(REMOVE_SOURCE, community_id, source_id))


async def take_due(connection: Connection, now: datetime, rows: int) -> list[Source]:
    """Sources whose moment has come, of all communities; each is given to one asker alone."""
    return [_source(row) for row in await connection.fetch(TAKE_DUE, now, rows)]


async def note_fetch(
    connection: Connection, source: Source, etag: str | None, modified: str | None, at: datetime
) -> None:
    """It was fetched, or had not changed."""
    await connection.execute(NOTE_FETCH, *source[:2], etag, modified, at)


async def note_failure(pool: Pool, source: Source, at: datetime, why: str) -> None:
    """What went wrong; it is tried again later and later."""
    await pool.execute(NOTE_FAILURE, *source[:2], at, why)
