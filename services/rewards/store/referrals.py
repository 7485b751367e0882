"""Who came by whose invitation, and what it paid."""

from collections.abc import Collection, Iterable, Sequence
from datetime import date, datetime
from typing import NamedTuple

import asyncpg

from services.rewards.domain.ledger import Owner
from shared.postgres.connection import Connection

_COLUMNS = """r.community_id, r.invitee_id, r.inviter_id, r.joined_at, r.state, r.flag, r.points, r.paid_at,
    r.award_id::text"""
LOAD = f"""
    SELECT {_COLUMNS} FROM (SELECT * FROM unnest($1::text[], $2::text[]) AS u (c, m) ORDER BY 1, 2) AS w
    CROSS JOIN LATERAL (
        SELECT * FROM referral x WHERE x.community_id = w.c AND x.invitee_id = w.m FOR UPDATE OFFSET 0
    ) AS r
"""  # noqa: S608 - constants
SAVE = """
    INSERT INTO referral (community_id, invitee_id, inviter_id, joined_at, state, flag, points, paid_at,
        award_id)
    SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::timestamptz[], $5::text[], $6::text[],
                         $7::int[], $8::timestamptz[], $9::uuid[])
    ON CONFLICT (community_id, invitee_id) DO UPDATE SET
        state = excluded.state, flag = excluded.flag, points = excluded.points, paid_at = excluded.paid_at,
        award_id = excluded.award_id
"""
OWNERS_OF_CODES = """
    SELECT i.community_id, i.code, i.member_id FROM unnest($1::text[], $2::text[]) AS w (c, code)
    JOIN invite_code i ON i.community_id = w.c AND i.code = w.code
"""
# Local days of which each is found by its key: a few for each invitee.
WRITTEN = """
    SELECT w.c, w.m, coalesce(sum(d.messages), 0)::int
    FROM unnest($1::text[], $2::text[], $3::date[], $4::date[]) AS w (c, m, first, last)
    CROSS JOIN LATERAL generate_series(w.first, w.last, interval '1 day') AS s (local)
    LEFT JOIN member_day d ON d.community_id = w.c AND d.day = s.local::date AND d.member_id = w.m
    GROUP BY w.c, w.m
"""
LEFT_SINCE = """
    SELECT p.community_id, p.member_id FROM unnest($1::text[], $2::text[]) AS w (c, m)
    JOIN person p ON p.community_id = w.c AND p.member_id = w.m
    WHERE p.left_at IS NOT NULL AND p.left_at > coalesce(p.joined_at, '-infinity')
"""
PAGE = """
    SELECT invitee_id, inviter_id, joined_at, state, flag, points, paid_at, decided_by, reason FROM referral
    WHERE community_id = $1 AND ($2::text IS NULL OR state = $2) AND ($3::text IS NULL OR inviter_id = $3)
      AND ($4::text IS NULL OR invitee_id > $4)
    ORDER BY invitee_id LIMIT $5
"""
COUNTS = """
    SELECT inviter_id, count(*) AS invited, count(*) FILTER (WHERE state = 'paid') AS paid,
           coalesce(sum(points) FILTER (WHERE state = 'paid'), 0)::bigint AS points
    FROM referral WHERE community_id = $1 GROUP BY inviter_id ORDER BY paid DESC, inviter_id LIMIT $2
"""
DECIDE = """
    UPDATE referral SET state = $3, flag = CASE WHEN $3 = 'waiting' THEN '' ELSE flag END, decided_by = $4,
        reason = $5
    WHERE community_id = $1 AND invitee_id = $2 AND state = 'flagged'
    RETURNING joined_at
"""


class Referral(NamedTuple):
    """One invitee."""

    community_id: str
    invitee_id: str
    inviter_id: str
    joined_at: datetime
    state: str = "waiting"
    flag: str = ""
    points: int = 0
    paid_at: datetime | None = None
    award_id: str | None = None

    @property
    def key(self) -> Owner:
        """Who was invited, where."""
        return self.community_id, self.invitee_id


async def load(connection: Connection, owners: Collection[Owner]) -> dict[Owner, Referral]:
    """Those of the invitees that are known, locked in the order of their names."""
    rows = await connection.fetch(LOAD, *zip(*owners, strict=True))
    found = (Referral(*row) for row in rows)
    return {each.key: each for each in found}


async def save(connection: Connection, referrals: Iterable[Referral]) -> None:
    """Insert or replace, in the order of their keys."""
    rows = sorted(referrals, key=lambda each: each.key)
    if rows:
        await connection.execute(SAVE, *zip(*rows, strict=True))


async def owners_of_codes(
    connection: Connection, codes: Collection[tuple[str, str]]
) -> dict[tuple[str, str], str]:
    """Whose codes these are, by community and code."""
    if not codes:
        return {}
    rows = await connection.fetch(OWNERS_OF_CODES, *zip(*codes, strict=True))
    return {(row[0], row[1]): row[2] for row in rows}


async def written(connection: Connection, spans: Collection[tuple[str, str, date, date]]) -> dict[Owner, int]:
    """How many substantive messages members have of these local days, first and last included."""
    rows = await connection.fetch(WRITTEN, *zip(*spans, strict=True))
    return {(row[0], row[1]): row[2] for row in rows}


async def gone(connection: Connection, owners: Collection[Owner]) -> set[Owner]:
    """Those who left and did not come back."""
    return {(row[0], row[1]) for row in await connection.fetch(LEFT_SINCE, *zip(*owners, strict=True))}


async def page(
    connection: Connection, community_id: str, state: str | None, inviter: str | None, after: str | None,
    rows: int,
) -> Sequence[asyncpg.Record]:  # fmt: skip
    """By invitee."""
    return await connection.fetch(PAGE, community_id, state, inviter, after, rows)


async def counts(connection: Connection, community_id: str, rows: int) -> Sequence[asyncpg.Record]:
    """By inviter, the most successful first."""
    return await connection.fetch(COUNTS, community_id, rows)


async def decide(
    connection: Connection, community_id: str, invitee_id: str, state: str, by: str, reason: str
) -> datetime | None:
    """A person decided about a flagged one; when the invitee joined, or None where there is none."""
    joined: datetime | None = await connection.fetchval(DECIDE, community_id, invitee_id, state, by, reason)
    return joined
