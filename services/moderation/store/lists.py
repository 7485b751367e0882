"""Lists of owners: members, hosts and words, allowed or denied, and the communities that follow."""

from collections.abc import Collection
from typing import NamedTuple

import asyncpg

from services.moderation.domain.message import Key
from services.moderation.store.columns import columns_of
from shared.postgres.connection import Connection

LISTS_OF_OWNER = """
    SELECT list_id, owner, name, effect, version FROM moderation_list
    WHERE owner = $1 AND ($2::text IS NULL OR list_id > $2) ORDER BY list_id LIMIT $3
"""
LOAD_LIST = "SELECT list_id, owner, name, effect, version FROM moderation_list WHERE list_id = $1"
ADD_LIST = """
    INSERT INTO moderation_list (list_id, owner, name, effect) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING
"""
# the row's lock keeps two changes of one list apart
NEXT_VERSION = """
    UPDATE moderation_list SET version = version + 1 WHERE list_id = $1 RETURNING version
"""
ENTRIES = """
    SELECT kind, value FROM list_entry
    WHERE list_id = $1 AND ($2::text IS NULL OR (kind, value) > ($2, $3::text)) ORDER BY kind, value LIMIT $4
"""
COUNT_ENTRIES = "SELECT count(*) FROM list_entry WHERE list_id = $1"
ADD_ENTRIES = """
    INSERT INTO list_entry (list_id, kind, value, read)
    SELECT $1, kind, value, read FROM unnest($2::text[], $3::text[], $4::text[]) AS t (kind, value, read)
    ON CONFLICT DO NOTHING RETURNING kind, value
"""
DROP_ENTRIES = """
    DELETE FROM list_entry USING unnest($2::text[], $3::text[]) AS gone (kind, value)
    WHERE list_entry.list_id = $1 AND list_entry.kind = gone.kind AND list_entry.value = gone.value
    RETURNING list_entry.kind, list_entry.value
"""
COUNT_SUBSCRIPTIONS = "SELECT count(*) FROM list_subscription WHERE community_id = $1"
SUBSCRIBE = """
    INSERT INTO list_subscription (community_id, list_id) VALUES ($1, $2) ON CONFLICT DO NOTHING
"""
UNSUBSCRIBE = "DELETE FROM list_subscription WHERE community_id = $1 AND list_id = $2"
LISTS_OF_COMMUNITIES = """
    SELECT s.community_id, l.list_id, l.owner, l.name, l.effect, l.version
    FROM list_subscription s JOIN moderation_list l USING (list_id)
    WHERE s.community_id = ANY($1::text[]) ORDER BY s.community_id, l.list_id
"""
READ_ENTRIES = """
    SELECT list_id, kind, read FROM list_entry
    WHERE list_id = ANY($1::text[]) AND kind <> 'member' ORDER BY list_id, kind, read
"""
LISTED_MEMBERS = """
    SELECT asked.community_id, asked.member_id, l.effect, l.list_id, l.name
    FROM unnest($1::text[], $2::text[]) AS asked (community_id, member_id)
    JOIN list_subscription s USING (community_id)
    JOIN list_entry e ON e.list_id = s.list_id AND e.kind = 'member' AND e.value = asked.member_id
    JOIN moderation_list l ON l.list_id = s.list_id
    ORDER BY asked.community_id, asked.member_id, l.effect, l.list_id
"""
TORN_ENTRIES = """
    SELECT e.kind || ' ' || e.value AS entry, string_agg(DISTINCT l.name, ', ') AS names
    FROM list_subscription s JOIN moderation_list l USING (list_id) JOIN list_entry e USING (list_id)
    WHERE s.community_id = $1
    GROUP BY e.kind, e.value HAVING count(DISTINCT l.effect) > 1 ORDER BY e.kind, e.value LIMIT 100
"""
HISTORY = """
    SELECT number, at, actor, act, reason, community_id, kind, value FROM list_history
    WHERE list_id = $1 AND ($2::bigint IS NULL OR number < $2) ORDER BY number DESC LIMIT $3
"""
NOTE = """
    INSERT INTO list_history (list_id, at, actor, act, reason, community_id, kind, value)
    SELECT * FROM unnest($1::text[], $2::timestamptz[], $3::text[], $4::text[], $5::text[], $6::text[],
                         $7::text[], $8::text[])
"""


class Entry(NamedTuple):
    """Something that a list holds."""

    kind: str
    """`member`, `host` or `word`."""
    value: str
    read: str
    """The value as rules compare it: a host in lower case, a word normalised."""


class Listed(NamedTuple):
    """A list on which a member is."""

    community_id: str
    member_id: str
    effect: str
    list_id: str
    name: str


async def lists_of(connection: Connection, communities: Collection[str]) -> list[asyncpg.Record]:
    """The lists that these communities follow."""
    return await connection.fetch(LISTS_OF_COMMUNITIES, list(communities))


async def read_entries(connection: Connection, list_ids: Collection[str]) -> list[asyncpg.Record]:
    """Hosts and words of these lists, as rules compare them."""
    return await connection.fetch(READ_ENTRIES, list(list_ids))


async def listed_members(connection: Connection, members: Collection[Key]) -> list[Listed]:
    """On which of their community's lists these members are."""
    if not members:
        return []
    rows = await connection.fetch(LISTED_MEMBERS, *columns_of(sorted(members), 2))
    return [Listed(*row) for row in rows]


async def torn_entries(connection: Connection, community_id: str) -> list[tuple[str, str]]:
    """Entries that one of the community's lists allows and another denies, with the lists' names."""
    rows = await connection.fetch(TORN_ENTRIES, community_id)
    return [(row["entry"], row["names"]) for row in rows]


async def add_entries(
    connection: Connection, list_id: str, entries: Collection[Entry]
) -> list[asyncpg.Record]:
    """Add entries; returns kind and value of those that were not there."""
    return await connection.fetch(ADD_ENTRIES, list_id, *columns_of(sorted(entries), 3))


async def drop_entries(
    connection: Connection, list_id: str, entries: Collection[tuple[str, str]]
) -> list[asyncpg.Record]:
    """Take entries off; returns kind and value of those that were there."""
    return await connection.fetch(DROP_ENTRIES, list_id, *columns_of(sorted(entries), 2))


async def note(connection: Connection, acts: Collection[tuple[object, ...]]) -> None:
    """Append acts: list, moment, actor, act, reason, community, kind, value."""
    if acts:
        await connection.execute(NOTE, *columns_of(acts, 8))
