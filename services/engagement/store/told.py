"""What members told of themselves and agreed to."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime

import asyncpg

from shared.postgres.connection import Connection

TELL_CITY = """
    INSERT INTO member_told (community_id, member_id, city) VALUES ($1, $2, $3)
    ON CONFLICT (community_id, member_id) DO UPDATE SET city = excluded.city
"""
TELL_BIRTHDAY = """
    INSERT INTO member_told (community_id, member_id, birth_month, birth_day, is_lunar, wants_care)
    VALUES ($1, $2, $3, $4, $5, true)
    ON CONFLICT (community_id, member_id) DO UPDATE SET birth_month = excluded.birth_month,
        birth_day = excluded.birth_day, is_lunar = excluded.is_lunar, wants_care = true
"""
TELL_CARE = """
    INSERT INTO member_told (community_id, member_id, wants_care) VALUES ($1, $2, $3)
    ON CONFLICT (community_id, member_id) DO UPDATE SET wants_care = excluded.wants_care
"""
TELL_OPENER = """
    INSERT INTO member_told (community_id, member_id, is_opener) VALUES ($1, $2, $3)
    ON CONFLICT (community_id, member_id) DO UPDATE SET is_opener = excluded.is_opener
"""
NEAR = "SELECT count(*)::int FROM member_told WHERE community_id = $1 AND city = $2"
CITIES = """
    SELECT city, count(*)::int AS members FROM member_told WHERE community_id = $1 AND city IS NOT NULL
    GROUP BY city ORDER BY members DESC, city LIMIT 200
"""
BIRTHDAYS = """
    SELECT t.member_id, coalesce(nullif(n.member_name, ''), t.member_id) AS name FROM member_told t
    LEFT JOIN newcomer n USING (community_id, member_id)
    WHERE t.community_id = $1 AND t.wants_care AND (t.greeted_on IS NULL OR t.greeted_on < $6::date - 300)
      AND ((NOT t.is_lunar AND (t.birth_month, t.birth_day) = ($2::int, $3::int))
           OR (t.is_lunar AND (t.birth_month, t.birth_day) = ($4::int, $5::int)))
    ORDER BY t.member_id LIMIT 50
"""
GREETED = """
    UPDATE member_told SET greeted_on = $3 WHERE community_id = $1 AND member_id = ANY($2::text[])
"""
OPENERS = """
    SELECT member_id FROM member_told WHERE community_id = $1 AND is_opener
      AND (opened_at IS NULL OR opened_at < $2::timestamptz - interval '7 days')
    ORDER BY opened_at NULLS FIRST, member_id LIMIT $3
"""
OPENED = """
    UPDATE member_told SET opened_at = $3 WHERE community_id = $1 AND member_id = ANY($2::text[])
"""
ARE_CARED_FOR = """
    SELECT DISTINCT community_id FROM member_told
    WHERE community_id = ANY($1::text[]) AND wants_care AND birth_month IS NOT NULL
"""


async def tell_city(connection: Connection, community_id: str, member_id: str, city: str) -> int:
    """Note it; returns how many are there now."""
    await connection.execute(TELL_CITY, community_id, member_id, city)
    near: int = await connection.fetchval(NEAR, community_id, city)
    return near


async def tell_birthday(
    connection: Connection, community_id: str, member_id: str, month: int, day: int, is_lunar: bool
) -> None:
    """Note it, and that they want to be congratulated."""
    await connection.execute(TELL_BIRTHDAY, community_id, member_id, month, day, is_lunar)


async def tell_care(connection: Connection, community_id: str, member_id: str, wants: bool) -> None:
    """Whether they want to be congratulated."""
    await connection.execute(TELL_CARE, community_id, member_id, wants)


async def tell_opener(connection: Connection, community_id: str, member_id: str, is_opener: bool) -> None:
    """Whether they may be asked to begin."""
    await connection.execute(TELL_OPENER, community_id, member_id, is_opener)


async def cities(connection: Connection, community_id: str) -> list[asyncpg.Record]:
    """Cities with how many are there, most first."""
    return await connection.fetch(CITIES, community_id)


async def birthdays(
    connection: Connection, community_id: str, solar: date, lunar: tuple[int, int]
) -> list[asyncpg.Record]:
    """Whose birthday it is by either calendar, and who was not congratulated this year."""
    return await connection.fetch(BIRTHDAYS, community_id, solar.month, solar.day, *lunar, solar)


async def greeted(connection: Connection, community_id: str, members: Sequence[str], day: date) -> None:
    """They were congratulated."""
    await connection.execute(GREETED, community_id, list(members), day)


async def openers(connection: Connection, community_id: str, now: datetime, rows: int) -> list[str]:
    """Volunteers who were not asked within a week, the longest rested first."""
    return [row["member_id"] for row in await connection.fetch(OPENERS, community_id, now, rows)]


async def opened(connection: Connection, community_id: str, members: Sequence[str], at: datetime) -> None:
    """They were asked."""
    await connection.execute(OPENED, community_id, list(members), at)


async def are_cared_for(connection: Connection, communities: Iterable[str]) -> set[str]:
    """Communities in which somebody told a birthday."""
    rows = await connection.fetch(ARE_CARED_FOR, sorted(set(communities)))
    return {row["community_id"] for row in rows}
