"""Where topics are fetched from."""

import json
from datetime import datetime
from typing import NamedTuple

from shared.postgres.connection import Connection, Pool

SOURCES = """
    SELECT community_id, source_id, url, kind, mapping, tags, etag, modified, fetched_at, note
    FROM topic_source WHERE community_id = $1 AND ($2::text IS NULL OR source_id = $2)
    ORDER BY source_id LIMIT 200
"""
ADD_SOURCE = """
    INSERT INTO topic_source (community_id, source_id, url, kind, mapping, tags)
    VALUES ($1, $2, $3, $4, $5::jsonb, $6) ON CONFLICT DO NOTHING RETURNING source_id
"""
NOTE_FETCH = """
    UPDATE topic_source SET etag = coalesce($3, etag), modified = coalesce($4, modified), fetched_at = $5,
                            note = $6
    WHERE community_id = $1 AND source_id = $2
"""


class Source(NamedTuple):
    """A feed, or a JSON hot list with the mapping that reads it."""

    community_id: str
    source_id: str
    url: str
    kind: str
    mapping: dict[str, str]
    tags: tuple[str, ...]
    etag: str | None = None
    modified: str | None = None
    fetched_at: datetime | None = None
    note: str = ""


async def sources(reader: Connection | Pool, community_id: str, source_id: str | None = None) -> list[Source]:
    """All sources of a community, or one."""
    rows = await reader.fetch(SOURCES, community_id, source_id)
    return [
        Source(**{**row, "mapping": json.loads(row["mapping"]), "tags": tuple(row["tags"])}) for row in rows
    ]


async def add_source(connection: Connection, source: Source) -> bool:
    """False when the id is taken."""
    return bool(
        await connection.fetchval(ADD_SOURCE, *source[:4], json.dumps(source.mapping), list(source.tags))
    )


async def note_fetch(
    connection: Connection,
    source: Source,
    etag: str | None,
    modified: str | None,
    at: datetime,
    note: str,
) -> None:
    """When it was fetched, and what went wrong, if anything."""
    await connection.execute(NOTE_FETCH, *source[:2], etag, modified, at, note)
