"""The content calendar."""

from collections.abc import Iterable
from datetime import date, datetime, time
from typing import NamedTuple

import asyncpg

from services.engagement.store.columns import columns_of
from shared.postgres.connection import Connection, Pool

NAMED_ITEMS = """
    SELECT community_id, item_id, version, theme, form, channel_id, text, tag, first_on, at, recurrence,
           owner, state, approve_each, next_at
    FROM calendar_item JOIN unnest($1::text[], $2::text[]) AS wanted (community_id, item_id)
         USING (community_id, item_id)
    ORDER BY community_id, item_id FOR UPDATE OF calendar_item
"""
SAVE_ITEM = """
    INSERT INTO calendar_item (community_id, item_id, version, theme, form, channel_id, text, tag, first_on,
                               at, recurrence, owner, state, approve_each, next_at)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)
    ON CONFLICT (community_id, item_id) DO UPDATE SET
        version = excluded.version, text = excluded.text, state = excluded.state, next_at = excluded.next_at
"""
ITEMS = """
    SELECT community_id, item_id, version, theme, form, channel_id, text, tag, first_on, at, recurrence,
           owner, state, approve_each, next_at
    FROM calendar_item WHERE community_id = $1 AND ($2::text IS NULL OR item_id > $2)
    ORDER BY item_id LIMIT $3
"""


class Item(NamedTuple):
    """A plan: what is said, where, when, by whom, and whether each time waits for a person."""

    community_id: str
    item_id: str
    version: int
    theme: str
    form: str
    channel_id: str
    text: str
    """Empty: a topic of the bank is drawn."""
    tag: str | None
    first_on: date
    at: time
    recurrence: str
    owner: str
    state: str
    approve_each: bool
    next_at: datetime | None


async def named_items(connection: Connection, keys: Iterable[tuple[str, str]]) -> dict[tuple[str, str], Item]:
    """Items by id, locked."""
    rows = await connection.fetch(NAMED_ITEMS, *columns_of(sorted(set(keys)), 2))
    return {(row["community_id"], row["item_id"]): Item(*row) for row in rows}


async def save_item(connection: Connection, item: Item) -> None:
    """Insert or change."""
    await connection.execute(SAVE_ITEM, *item)


async def items(pool: Pool, community_id: str, after: str | None, rows: int) -> list[asyncpg.Record]:
    """By id."""
    return await pool.fetch(ITEMS, community_id, after, rows)
