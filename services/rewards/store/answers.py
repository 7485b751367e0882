"""What members are told in the chat, and when they were told something last."""

from collections.abc import Collection, Mapping
from datetime import date, datetime
from typing import NamedTuple

from services.rewards.domain.ledger import Owner
from shared.postgres.connection import Connection

LOAD_ANSWERED = """
    SELECT known.community_id, known.member_id, known.at FROM unnest($1::text[], $2::text[]) AS w (c, m)
    CROSS JOIN LATERAL (
        SELECT * FROM answered a WHERE a.community_id = w.c AND a.member_id = w.m OFFSET 0
    ) AS known
"""
SAVE_ANSWERED = """
    INSERT INTO answered AS known (community_id, member_id, at, answers)
    SELECT c, m, at, 1 FROM unnest($1::text[], $2::text[], $3::timestamptz[]) AS w (c, m, at)
    ON CONFLICT (community_id, member_id) DO UPDATE SET at = excluded.at, answers = known.answers + 1
    WHERE known.at < excluded.at
"""
BALANCES = """
    SELECT w.c, w.m, coalesce(sum(a.balance) FILTER (WHERE a.kind = 'wallet'), 0)::bigint,
           coalesce(-sum(a.balance) FILTER (WHERE a.kind = 'debt'), 0)::bigint,
           coalesce(sum(a.balance) FILTER (WHERE a.kind = 'pending'), 0)::bigint,
           coalesce(sum(a.balance) FILTER (WHERE a.kind = 'held'), 0)::bigint
    FROM unnest($1::text[], $2::text[]) AS w (c, m)
    LEFT JOIN account a ON a.community_id = w.c AND a.member_id = w.m AND a.member_id <> ''
    GROUP BY w.c, w.m
"""
# Linked accounts are their main one.
RANKING = """
    SELECT member_id, sum(least(messages, 20) + 5 * checkins)::bigint AS score FROM (
        SELECT coalesce(l.member_id, d.member_id) AS member_id, sum(d.messages) AS messages,
               sum(d.checkins) AS checkins, max(d.last_at) AS last_at
        FROM member_day d
        LEFT JOIN link l ON l.community_id = $1 AND l.account_id = d.member_id AND l.unlinked_at IS NULL
        WHERE d.community_id = $1 AND d.day >= $2 AND d.day <= $3 AND (d.messages > 0 OR d.checkins > 0)
        GROUP BY 1, d.day
    ) AS days
    GROUP BY member_id ORDER BY score DESC, max(last_at), member_id LIMIT $4
"""
RANKING_OF_ALL = """
    SELECT coalesce(l.member_id, a.member_id) AS member_id, sum(a.earned)::bigint AS earned FROM account a
    LEFT JOIN link l ON l.community_id = $1 AND l.account_id = a.member_id AND l.unlinked_at IS NULL
    WHERE a.community_id = $1 AND a.kind = 'wallet' AND a.earned > 0
    GROUP BY 1 ORDER BY earned DESC, 1 LIMIT $2
"""
ADD_CODES = """
    INSERT INTO invite_code (community_id, code, member_id) SELECT * FROM unnest($1::text[], $2::text[],
        $3::text[])
    ON CONFLICT DO NOTHING
"""


class Held(NamedTuple):
    """What a member has."""

    balance: int = 0
    debt: int = 0
    pending: int = 0
    held: int = 0


async def load_answered(connection: Connection, owners: Collection[Owner]) -> dict[Owner, datetime]:
    """When these members were answered last."""
    rows = await connection.fetch(LOAD_ANSWERED, *zip(*owners, strict=True))
    return {(row[0], row[1]): row[2] for row in rows}


async def save_answered(connection: Connection, moments: Mapping[Owner, datetime]) -> None:
    """These members are answered."""
    rows = [(*owner, moments[owner]) for owner in sorted(moments)]
    if rows:
        await connection.execute(SAVE_ANSWERED, *zip(*rows, strict=True))


async def balances(connection: Connection, owners: Collection[Owner]) -> dict[Owner, Held]:
    """What these members have; owners must not repeat."""
    rows = await connection.fetch(BALANCES, *zip(*owners, strict=True))
    return {(row[0], row[1]): Held(*row[2:]) for row in rows}


async def ranking(
    connection: Connection, community_id: str, first: date, last: date, rows: int
) -> list[tuple[str, int]]:
    """Who was most active in these days: messages (20 a day at most) and five for each check-in."""
    return [(row[0], row[1]) for row in await connection.fetch(RANKING, community_id, first, last, rows)]


async def ranking_of_all(connection: Connection, community_id: str, rows: int) -> list[tuple[str, int]]:
    """Who ever earned most points."""
    return [(row[0], row[1]) for row in await connection.fetch(RANKING_OF_ALL, community_id, rows)]


async def add_codes(connection: Connection, codes: Collection[tuple[str, str, str]]) -> None:
    """Keep invitation codes: community_id, code, member_id."""
    if codes:
        await connection.execute(ADD_CODES, *zip(*sorted(codes), strict=True))
