"""When members were last heard of, and who has been silent for long."""

from collections.abc import Mapping
from datetime import date

import asyncpg

from services.moderation.domain.message import Key
from services.moderation.domain.silence import Seen
from services.moderation.store.columns import columns_of
from shared.postgres.connection import Connection

# most members of a batch were heard of on that day already: an upsert would lock and dirty their rows
SEE = """
    INSERT INTO member_seen AS known
        (community_id, member_id, first_on, seen_on, is_operator, is_bot, is_gone)
    SELECT t.community_id, t.member_id, t.first_on, t.seen_on,
           coalesce(t.is_operator, k.is_operator, false), t.is_bot, t.is_gone
    FROM unnest($1::text[], $2::text[], $3::date[], $4::date[], $5::boolean[], $6::boolean[], $7::boolean[])
         AS t (community_id, member_id, first_on, seen_on, is_operator, is_bot, is_gone)
    LEFT JOIN LATERAL (
        SELECT * FROM member_seen m
        WHERE m.community_id = t.community_id AND m.member_id = t.member_id OFFSET 0
    ) AS k ON true
    WHERE k.member_id IS NULL OR k.seen_on < t.seen_on OR k.first_on > t.first_on OR k.is_gone <> t.is_gone
       OR k.is_operator <> t.is_operator OR (t.is_bot AND NOT k.is_bot)
    ON CONFLICT (community_id, member_id) DO UPDATE SET
        first_on = least(known.first_on, excluded.first_on),
        seen_on = greatest(known.seen_on, excluded.seen_on),
        is_operator = excluded.is_operator, is_bot = known.is_bot OR excluded.is_bot,
        is_gone = excluded.is_gone
"""
NOTE = """
    INSERT INTO member_seen AS known
        (community_id, member_id, first_on, seen_on, is_operator, is_bot, is_gone)
    SELECT t.community_id, t.member_id, t.seen_on, t.seen_on,
           coalesce(t.is_operator, k.is_operator, false), false, t.is_gone
    FROM unnest($1::text[], $2::text[], $3::date[], $4::boolean[], $5::boolean[])
         AS t (community_id, member_id, seen_on, is_operator, is_gone)
    LEFT JOIN member_seen k ON k.community_id = t.community_id AND k.member_id = t.member_id
    ON CONFLICT (community_id, member_id) DO UPDATE SET
        is_operator = excluded.is_operator, is_gone = excluded.is_gone
"""
LURKERS = """
    SELECT m.member_id, m.seen_on, m.first_on FROM member_seen m
    WHERE m.community_id = $1 AND m.seen_on <= $2 AND m.first_on <= $2
      AND NOT m.is_operator AND NOT m.is_bot AND NOT m.is_gone
      AND NOT EXISTS (SELECT FROM allow_listed_member a
                      WHERE a.community_id = m.community_id AND a.member_id = m.member_id)
      AND ($3::date IS NULL OR (m.seen_on, m.member_id) > ($3, $4::text))
    ORDER BY m.seen_on, m.member_id LIMIT $5
"""
COUNT_LURKERS = """
    SELECT count(*) FROM member_seen m
    WHERE m.community_id = $1 AND m.seen_on <= $2 AND m.first_on <= $2
      AND NOT m.is_operator AND NOT m.is_bot AND NOT m.is_gone
      AND NOT EXISTS (SELECT FROM allow_listed_member a
                      WHERE a.community_id = m.community_id AND a.member_id = m.member_id)
"""


async def save_seen(connection: Connection, seen: Mapping[Key, Seen]) -> None:
    """Remember what the batch says of its members; a day that is known already costs no write."""
    rows = sorted(seen.items())
    sighted = [(key, each) for key, each in rows if each.is_sighting]
    noted = [(key, each) for key, each in rows if not each.is_sighting]
    if sighted:
        await connection.execute(SEE, *columns_of((_sighting(*row) for row in sighted), 7))
    if noted:
        await connection.execute(
            NOTE, *columns_of(((*key, each.day, each.is_operator, each.is_gone) for key, each in noted), 5)
        )


async def lurkers(
    connection: Connection,
    community_id: str,
    until: date,
    after: tuple[date, str] | None,
    rows_max: int,
) -> list[asyncpg.Record]:
    """Members last heard of on this day or before, those silent longest first, after this key.

    Never operators, bots, members on an allow list, or who came later than that day.
    """
    seen_on, member_id = after or (None, None)
    return await connection.fetch(LURKERS, community_id, until, seen_on, member_id, rows_max)


async def count_lurkers(connection: Connection, community_id: str, until: date) -> int:
    """How many they are."""
    count: int = await connection.fetchval(COUNT_LURKERS, community_id, until)
    return count


def _sighting(key: Key, seen: Seen) -> tuple[object, ...]:
    return (*key, seen.first_on or seen.day, seen.day, seen.is_operator, seen.is_bot, seen.is_gone)
