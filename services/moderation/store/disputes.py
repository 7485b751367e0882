"""Pairs of members who answer each other in heat, and the disputes that came of it."""

import json
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

import asyncpg

from services.moderation.domain.dispute import Exchange, Pair, PairKey
from services.moderation.store.columns import columns_of
from services.moderation.store.moments import microseconds_of, moment_of
from shared.postgres.connection import Connection, Pool

LOAD_PAIRS = """
    SELECT known.community_id, known.member_a, known.member_b, known.recent, known.told_at
    FROM unnest($1::text[], $2::text[], $3::text[]) AS wanted (community_id, member_a, member_b)
    CROSS JOIN LATERAL (
        SELECT * FROM dispute_pair p WHERE p.community_id = wanted.community_id
          AND p.member_a = wanted.member_a AND p.member_b = wanted.member_b OFFSET 0
    ) AS known
"""
SAVE_PAIRS = """
    INSERT INTO dispute_pair (community_id, member_a, member_b, recent, told_at, touched_at)
    SELECT t.*, $6 FROM unnest($1::text[], $2::text[], $3::text[], $4::jsonb[], $5::timestamptz[]) AS t
    ON CONFLICT (community_id, member_a, member_b) DO UPDATE SET
        recent = excluded.recent, told_at = excluded.told_at, touched_at = excluded.touched_at
"""
PRUNE_PAIRS = "DELETE FROM dispute_pair WHERE community_id = ANY($1::text[]) AND touched_at < $2"
SAVE_DISPUTES = """
    INSERT INTO dispute (community_id, member_a, member_b, told_at, channel_id, exchanges, abuse, message_ids)
    SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::timestamptz[], $5::text[], $6::int[],
                         $7::float8[], $8::jsonb[])
    ON CONFLICT DO NOTHING
"""
DISPUTES_OF_COMMUNITY = """
    SELECT member_a, member_b, told_at, channel_id, exchanges, abuse, message_ids FROM dispute
    WHERE community_id = $1
      AND ($2::timestamptz IS NULL OR (told_at, member_a, member_b) < ($2, $3::text, $4::text))
    ORDER BY told_at DESC, member_a DESC, member_b DESC LIMIT $5
"""


class Dispute(NamedTuple):
    """What people are told of, once an hour and pair."""

    community_id: str
    member_a: str
    member_b: str
    told_at: datetime
    """Time of the message that made it one."""
    channel_id: str
    exchanges: int
    abuse: float
    """Mean of its messages, 0 to 1."""
    message_ids: tuple[str, ...]


async def load_pairs(connection: Connection, pairs: Collection[PairKey]) -> dict[PairKey, Pair]:
    """The windows of these pairs, as far as there are any."""
    rows = await connection.fetch(LOAD_PAIRS, *columns_of(sorted(pairs), 3))
    return {(row["community_id"], row["member_a"], row["member_b"]): _pair(row) for row in rows}


async def save_pairs(connection: Connection, pairs: Mapping[PairKey, Pair], touched_at: datetime) -> None:
    """Insert or replace, in the order of their keys."""
    rows = ((*key, _encode(pair), _told(pair)) for key, pair in sorted(pairs.items()))
    await connection.execute(SAVE_PAIRS, *columns_of(rows, 5), touched_at)


async def prune_pairs(connection: Connection, communities: Sequence[str], untouched_since: datetime) -> None:
    """Forget windows that old."""
    await connection.execute(PRUNE_PAIRS, communities, untouched_since)


async def save_disputes(connection: Connection, disputes: Sequence[Dispute]) -> None:
    """Record what people are told of."""
    rows = ((*each[:-1], json.dumps(each.message_ids)) for each in sorted(disputes))
    await connection.execute(SAVE_DISPUTES, *columns_of(rows, 8))


async def disputes_of(
    pool: Pool, community_id: str, after: tuple[datetime, str, str] | None, rows_max: int
) -> list[asyncpg.Record]:
    """The community's disputes after this key (moment, both members), newest first."""
    return await pool.fetch(DISPUTES_OF_COMMUNITY, community_id, *(after or (None,) * 3), rows_max)


def _pair(row: asyncpg.Record) -> Pair:
    recent = tuple(
        Exchange(posted_us, message_id, bool(is_firsts), abuse)
        for posted_us, message_id, is_firsts, abuse in json.loads(row["recent"])
    )
    return Pair(recent, None if row["told_at"] is None else microseconds_of(row["told_at"]))


def _encode(pair: Pair) -> str:
    rows = [(each.posted_us, each.message_id, int(each.is_firsts), each.abuse) for each in pair.recent]
    return json.dumps(rows, separators=(",", ":"))


def _told(pair: Pair) -> datetime | None:
    return None if pair.told_us is None else moment_of(pair.told_us)
