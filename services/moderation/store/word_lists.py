"""Word lists that communities made themselves, their last versions each."""

import json
from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

import asyncpg

from services.moderation.domain.lexicon import Entry
from shared.postgres.connection import Connection

VERSIONS_KEPT = 10
"""Of one list."""

LOAD_LISTS = """
    SELECT name, entries FROM (
        SELECT DISTINCT ON (name) name, entries FROM word_list WHERE community_id = $1
        ORDER BY name, version DESC
    ) AS newest WHERE entries IS NOT NULL
"""
LISTS_OF_COMMUNITY = """
    SELECT * FROM (
        SELECT DISTINCT ON (name) community_id, version, name, NULL AS entries, entries IS NULL AS is_gone,
               words, changed_at, changed_by, reason
        FROM word_list WHERE community_id = $1 ORDER BY name, version DESC
    ) AS newest WHERE NOT is_gone ORDER BY name
"""
LOAD_LIST = """
    SELECT community_id, version, name, entries, words, changed_at, changed_by, reason
    FROM word_list WHERE community_id = $1 AND name = $2 AND ($3::int IS NULL OR version = $3)
    ORDER BY version DESC LIMIT 1
"""
LOAD_VERSIONS = """
    SELECT community_id, version, name, NULL AS entries, words, changed_at, changed_by, reason
    FROM word_list WHERE community_id = $1 AND name = $2 ORDER BY version DESC LIMIT $3
"""
# changes of one community come one after the other, so that its highest version tells of all of them
TAKE_TURN = "SELECT pg_advisory_xact_lock(hashtext('word_list'), hashtext($1))"
ADD_VERSION = """
    INSERT INTO word_list (community_id, version, name, entries, words, changed_at, changed_by, reason)
    SELECT $1, coalesce(max(version), 0) + 1, $2, $3, $4, $5, $6, $7 FROM word_list WHERE community_id = $1
    RETURNING version
"""
DROP_OLD_VERSIONS = """
    DELETE FROM word_list WHERE community_id = $1 AND name = $2 AND version < (
        SELECT min(version) FROM (
            SELECT version FROM word_list WHERE community_id = $1 AND name = $2 ORDER BY version DESC LIMIT $3
        ) AS kept
    )
"""


class ListVersion(NamedTuple):
    """A list at one version, or that it was taken away."""

    community_id: str
    version: int
    name: str
    entries: str | None
    """As `written` makes it; None: taken away, or not asked for."""
    words: int
    changed_at: datetime
    changed_by: str
    reason: str


def written(entries: Sequence[Entry]) -> str:
    """The entries as JSON rows: word, category, weight, pinyin, exact, good."""
    rows = [
        (each.word, each.category, each.weight, each.asks_pinyin, each.is_exact, each.is_allowed)
        for each in entries
    ]
    return json.dumps(rows, ensure_ascii=False)


def entries_of(text: str) -> tuple[Entry, ...]:
    """What `written` wrote."""
    return tuple(Entry(*row) for row in json.loads(text))


async def load_lists(connection: Connection, community_id: str) -> dict[str, str]:
    """The community's lists by name, as they are written."""
    rows = await connection.fetch(LOAD_LISTS, community_id)
    return {row["name"]: row["entries"] for row in rows}


async def lists_of(connection: Connection, community_id: str) -> list[ListVersion]:
    """The community's lists by name, without their entries."""
    rows = await connection.fetch(LISTS_OF_COMMUNITY, community_id)
    return [_version(row) for row in rows]


async def load_list(
    connection: Connection, community_id: str, name: str, version: int | None = None
) -> ListVersion | None:
    """The newest version, or this one if it is kept."""
    row = await connection.fetchrow(LOAD_LIST, community_id, name, version)
    return _version(row) if row else None


async def list_versions(connection: Connection, community_id: str, name: str) -> list[ListVersion]:
    """What is kept of a list, newest first, without its entries."""
    return [_version(row) for row in await connection.fetch(LOAD_VERSIONS, community_id, name, VERSIONS_KEPT)]


async def take_turn(connection: Connection, community_id: str) -> None:
    """Until the end of the transaction nobody else changes a list of the community."""
    await connection.execute(TAKE_TURN, community_id)


async def add_version(connection: Connection, change: ListVersion) -> int:
    """Add it and forget the oldest; in one's turn. Its version, whatever `change` says."""
    version: int = await connection.fetchval(
        ADD_VERSION, change.community_id, change.name, change.entries, change.words, change.changed_at,
        change.changed_by, change.reason,
    )  # fmt: skip
    await connection.execute(DROP_OLD_VERSIONS, change.community_id, change.name, VERSIONS_KEPT)
    return version


def _version(row: asyncpg.Record) -> ListVersion:
    return ListVersion(*(row[name] for name in ListVersion._fields))
