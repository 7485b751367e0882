"""What a service keeps, row by row, without the engine's own tables: to compare one history with another."""

import re
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

import asyncpg

from shared.postgres.connection import Connection
from shared.postgres.migrate import VERSION_TABLE, steps_of

Rows = list[tuple[Any, ...]]
Tables = dict[str, Rows]

ENGINE_MIGRATIONS = [step.path for step in steps_of("engine")]
NAMES = """
    SELECT relname FROM pg_class WHERE relnamespace = $1::regnamespace AND relkind IN ('r', 'p')
      AND NOT relispartition ORDER BY relname
"""
COLUMNS = """
    SELECT attname FROM pg_attribute WHERE attrelid = $1::regclass AND attnum > 0 AND NOT attisdropped
    ORDER BY attnum
"""
DIGEST = "SELECT count(*), coalesce(sum(hashtextextended(t::text, 0)::numeric), 0) FROM {table} t"

OF_HEARING: Mapping[str, Collection[str]] = {
    "moderation.member_window": ("touched_at",),
    "moderation.gone_message": ("noted_at",),
    "moderation.dispute_pair": ("touched_at",),
    "rewards.transaction": ("recorded_at",),
    "engagement.message_verdict": ("noted_at",),
    "reporting.message_text": ("number",),
    "reporting.text_reading": ("read_up_to",),
}
"""Columns that say when, or as which, the service heard of something: two runs differ in them."""
COUNTERS = frozenset({"pulse", "channel_hour"})
"""Counts without ids, on which no act about a member rests: of what comes twice, more than a week apart, they
count both (docs/decisions/0013)."""
WITHOUT_SERIALS: Mapping[str, str] = {
    "rewards.account": "SELECT community_id, member_id, kind, balance FROM rewards.account",
    "rewards.entry": """
        SELECT community_id, member_id, kind, transaction_id, amount
        FROM rewards.entry JOIN rewards.account ON account.id = entry.account_id
    """,
}
"""Accounts are numbered as they come; here they are named by their owner."""


def _made_by(paths: Collection[Path]) -> frozenset[str]:
    sql = "\n".join(path.read_text(encoding="utf-8") for path in paths)
    return frozenset(re.findall(r"^CREATE TABLE (\w+)", sql, re.MULTILINE))


ENGINE_TABLES = _made_by(ENGINE_MIGRATIONS) | {VERSION_TABLE}


async def business_tables(connection: Connection, schema: str) -> list[str]:
    """The tables of a service that are its own; found, so that a new one is compared without being named."""
    rows = await connection.fetch(NAMES, schema)
    return [row["relname"] for row in rows if row["relname"] not in ENGINE_TABLES]


async def whole(connection: Connection, schema: str) -> Tables:
    """Every row with every column."""
    names = await business_tables(connection, schema)
    return {name: await rows_of(connection, f"SELECT * FROM {schema}.{name}") for name in names}


async def comparable(connection: Connection, schema: str) -> Tables:
    """The same without what two runs of one history may differ in: when it was heard of, and serials."""
    return {
        name: await rows_of(connection, await query_of(connection, schema, name))
        for name in await business_tables(connection, schema)
    }


async def digests(connection: Connection, schema: str) -> dict[str, tuple[int, int]]:
    """For large tables: how many rows each has, and a sum over the hashes of all of them."""
    found = {}
    for name in await business_tables(connection, schema):
        row = await connection.fetchrow(DIGEST.format(table=f"{schema}.{name}"))
        assert row is not None
        found[name] = (row[0], int(row[1]))
    return found


def differences(ours: Tables, theirs: Tables) -> dict[str, tuple[Rows, Rows]]:
    """By table the rows that only one side has, the first few of each."""
    found = {}
    for name in sorted(ours.keys() | theirs.keys()):
        left, right = ours.get(name, []), theirs.get(name, [])
        if left != right:
            mine, yours = set(map(repr, left)), set(map(repr, right))
            found[name] = (
                [row for row in left if repr(row) not in yours][:5],
                [row for row in right if repr(row) not in mine][:5],
            )
    return found


async def query_of(connection: Connection, schema: str, name: str) -> str:
    """Selects all that two runs of one history agree in."""
    table = f"{schema}.{name}"
    if table in WITHOUT_SERIALS:
        return WITHOUT_SERIALS[table]
    columns = [row["attname"] for row in await connection.fetch(COLUMNS, table)]
    kept = [f'"{column}"' for column in columns if column not in OF_HEARING.get(table, ())]
    return f"SELECT {', '.join(kept)} FROM {table}"


async def rows_of(connection: Connection, query: str, *values: str) -> Rows:
    """What a query gives, in an order of our own."""
    rows: list[asyncpg.Record] = await connection.fetch(query, *values)
    return sorted((tuple(row) for row in rows), key=repr)
