"""Campaigns, their proofs, days and testimonies."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime, time
from typing import NamedTuple

import asyncpg

from services.engagement.domain.campaign import Campaign, Day, Entry, Window
from services.engagement.domain.message import Verdict
from services.engagement.store.columns import columns_of
from shared.postgres.connection import Connection, Pool

LOAD_CAMPAIGNS = """
    SELECT community_id, campaign_id, title, keyword, channel_id, first_date, last_date, windows, proof,
           text_min, freezes, makeups, excused, is_closed
    FROM campaign WHERE community_id = ANY($1::text[]) ORDER BY community_id, campaign_id
"""
NAMED_PROOFS = """
    SELECT p.community_id, p.campaign_id, p.member_id, p.local_date, p.message_id
    FROM campaign_proof p
    JOIN unnest($1::text[], $2::text[]) AS named (community_id, message_id) USING (community_id, message_id)
"""
LOAD_DAYS = """
    SELECT d.community_id, d.campaign_id, d.member_id, d.local_date, d.message_id, d.revision, d.is_made_up
    FROM campaign_day d
    JOIN unnest($1::text[], $2::text[], $3::text[]) AS wanted (community_id, campaign_id, member_id)
         USING (community_id, campaign_id, member_id)
"""
LOAD_PROOFS = """
    SELECT p.community_id, p.campaign_id, p.member_id, p.local_date, p.occurred_at, p.message_id,
           p.is_void OR p.refused_by IS NOT NULL AS is_void
    FROM campaign_proof p
    JOIN unnest($1::text[], $2::text[], $3::text[], $4::date[])
         AS wanted (community_id, campaign_id, member_id, local_date)
         USING (community_id, campaign_id, member_id, local_date)
"""
VERDICTS = """
    SELECT v.community_id, v.message_id, v.noted_at, v.decision, v.is_removed, v.deleted_at
    FROM message_verdict v
    JOIN unnest($1::text[], $2::text[]) AS named (community_id, message_id) USING (community_id, message_id)
"""
SAVE_PROOFS = """
    INSERT INTO campaign_proof (community_id, message_id, campaign_id, member_id, local_date, occurred_at,
                                day_ends_at, text, is_void)
    SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::date[], $6::timestamptz[],
                         $7::timestamptz[], $8::text[], $9::boolean[])
    ON CONFLICT DO NOTHING
"""
VOID_PROOFS = """
    UPDATE campaign_proof p SET is_void = t.is_void
    FROM unnest($1::text[], $2::text[], $3::boolean[]) AS t (community_id, message_id, is_void)
    WHERE p.community_id = t.community_id AND p.message_id = t.message_id AND p.is_void <> t.is_void
"""
SAVE_DAYS = """
    INSERT INTO campaign_day (community_id, campaign_id, member_id, local_date, message_id, revision,
                              is_made_up)
    SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::date[], $5::text[], $6::int[], $7::boolean[])
    ON CONFLICT (community_id, campaign_id, member_id, local_date) DO UPDATE SET
        message_id = excluded.message_id, revision = excluded.revision, is_made_up = excluded.is_made_up
"""
DAY_ENDS = """
    SELECT p.community_id, p.message_id, p.day_ends_at FROM campaign_proof p
    JOIN unnest($1::text[], $2::text[]) AS named (community_id, message_id) USING (community_id, message_id)
"""
SAVE_TESTIMONIES = """
    INSERT INTO campaign_testimony (community_id, message_id, campaign_id, member_id, occurred_at, text)
    SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::timestamptz[], $6::text[])
    ON CONFLICT DO NOTHING
"""
TESTIMONIES = """
    SELECT message_id, member_id, occurred_at, text FROM campaign_testimony
    WHERE community_id = $1 AND campaign_id = $2
      AND ($3::timestamptz IS NULL OR (occurred_at, message_id) < ($3, $4::text))
    ORDER BY occurred_at DESC, message_id DESC LIMIT $5
"""
ADD_CAMPAIGN = """
    INSERT INTO campaign (community_id, campaign_id, title, keyword, channel_id, first_date, last_date,
                          windows, proof, text_min, freezes, makeups, changed_by)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
    ON CONFLICT DO NOTHING RETURNING campaign_id
"""
EXCUSE = """
    UPDATE campaign SET excused = ARRAY(SELECT DISTINCT d FROM unnest(excused || $3::date[]) AS d ORDER BY d),
                        version = version + 1, changed_by = $4
    WHERE community_id = $1 AND campaign_id = $2 RETURNING campaign_id
"""
CLOSE = """
    UPDATE campaign SET is_closed = true, version = version + 1, changed_by = $3
    WHERE community_id = $1 AND campaign_id = $2 RETURNING campaign_id
"""
COUNTING_DAYS = """
    SELECT member_id, local_date FROM campaign_day
    WHERE community_id = $1 AND campaign_id = $2 AND (message_id IS NOT NULL OR is_made_up)
    ORDER BY member_id, local_date
"""
REFUSE_PROOF = """
    UPDATE campaign_proof SET refused_by = $3 WHERE community_id = $1 AND message_id = $2
    RETURNING campaign_id, member_id, local_date, occurred_at
"""

MemberKey = tuple[str, str, str]
"""community_id, campaign_id, member_id."""
DayKey = tuple[str, str, str, date]


class ProofRow(NamedTuple):
    """A message that checks in to a campaign."""

    community_id: str
    message_id: str
    campaign_id: str
    member_id: str
    local_date: date
    occurred_at: datetime
    day_ends_at: datetime
    text: str
    is_void: bool


class Testimony(NamedTuple):
    """What a member says of a campaign."""

    community_id: str
    message_id: str
    campaign_id: str
    member_id: str
    occurred_at: datetime
    text: str


async def load_campaigns(reader: Connection | Pool, communities: Iterable[str]) -> dict[str, list[Campaign]]:
    """By community all its campaigns."""
    known: dict[str, list[Campaign]] = {}
    for row in await reader.fetch(LOAD_CAMPAIGNS, sorted(set(communities))):
        values = dict(row)
        values["windows"] = tuple(_window(each) for each in values["windows"])
        values["excused"] = frozenset(values["excused"])
        known.setdefault(row["community_id"], []).append(Campaign(**values))
    return known


def _window(text: str) -> Window:
    begins, _, ends = text.partition("-")
    return Window(time.fromisoformat(begins), time.fromisoformat(ends))


async def named_proofs(
    connection: Connection, keys: Iterable[tuple[str, str]]
) -> dict[tuple[str, str], DayKey]:
    """By community and message the date that a stored proof is for."""
    rows = await connection.fetch(NAMED_PROOFS, *columns_of(sorted(set(keys)), 2))
    return {(row["community_id"], row["message_id"]): tuple(row)[:4] for row in rows}


async def load_days(
    connection: Connection, members: Iterable[MemberKey], dates: Iterable[DayKey]
) -> dict[DayKey, Day]:
    """All dates of these members in their campaigns, and the proofs of the named dates."""
    days: dict[DayKey, Day] = {}
    for row in await connection.fetch(LOAD_DAYS, *columns_of(sorted(set(members)), 3)):
        key = (row["community_id"], row["campaign_id"], row["member_id"], row["local_date"])
        days[key] = Day(row["message_id"], row["revision"], row["is_made_up"])
    for row in await connection.fetch(LOAD_PROOFS, *columns_of(sorted(set(dates)), 4)):
        key = (row["community_id"], row["campaign_id"], row["member_id"], row["local_date"])
        entry = Entry(row["occurred_at"], row["message_id"], row["is_void"])
        days.setdefault(key, Day()).entries[entry.message_id] = entry
    return days


async def verdicts_of(
    connection: Connection, keys: Iterable[tuple[str, str]]
) -> dict[tuple[str, str], Verdict]:
    """What was decided about these messages."""
    rows = await connection.fetch(VERDICTS, *columns_of(sorted(set(keys)), 2))
    return {(row["community_id"], row["message_id"]): Verdict(*tuple(row)[2:]) for row in rows}


async def day_ends(
    connection: Connection, keys: Iterable[tuple[str, str]]
) -> dict[tuple[str, str], datetime]:
    """When the date of each stored proof ended."""
    rows = await connection.fetch(DAY_ENDS, *columns_of(sorted(set(keys)), 2))
    return {(row["community_id"], row["message_id"]): row["day_ends_at"] for row in rows}


async def save_proofs(
    connection: Connection, proofs: Sequence[ProofRow], voided: Iterable[tuple[str, str, bool]]
) -> None:
    """Insert new proofs, and note of old ones whether they are void."""
    if proofs:
        await connection.execute(SAVE_PROOFS, *columns_of(sorted(proofs), 9))
    rows = sorted(voided)
    if rows:
        await connection.execute(VOID_PROOFS, *columns_of(rows, 3))


async def save_days(connection: Connection, days: Iterable[tuple[DayKey, Day]]) -> None:
    """Write dates, in the order of their keys."""
    rows = [
        (*key, day.message_id, day.revision, day.is_made_up) for key, day in sorted(days, key=lambda d: d[0])
    ]
    if rows:
        await connection.execute(SAVE_DAYS, *columns_of(rows, 7))


async def save_testimonies(connection: Connection, testimonies: Iterable[Testimony]) -> None:
    """Insert, once each."""
    rows = sorted(testimonies)
    if rows:
        await connection.execute(SAVE_TESTIMONIES, *columns_of(rows, 6))


async def testimonies(
    pool: Pool, community_id: str, campaign_id: str, after: tuple[datetime, str] | None, rows: int
) -> list[asyncpg.Record]:
    """What members say, newest first."""
    return await pool.fetch(TESTIMONIES, community_id, campaign_id, *(after or (None, None)), rows)


async def add_campaign(connection: Connection, campaign: Campaign, by: str) -> bool:
    """Insert; False when the id is taken."""
    c = campaign
    windows = [f"{each.begins:%H:%M}-{each.ends:%H:%M}" for each in c.windows]
    return bool(
        await connection.fetchval(
            ADD_CAMPAIGN, c.community_id, c.campaign_id, c.title, c.keyword, c.channel_id, c.first_date,
            c.last_date, windows, c.proof, c.text_min, c.freezes, c.makeups, by,
        )
    )  # fmt: skip


async def excuse(
    connection: Connection, community_id: str, campaign_id: str, dates: Sequence[date], by: str
) -> bool:
    """Dates that break nobody's streak; False when there is no such campaign."""
    return bool(await connection.fetchval(EXCUSE, community_id, campaign_id, list(dates), by))


async def close(connection: Connection, community_id: str, campaign_id: str, by: str) -> bool:
    """End it early; False when there is no such campaign."""
    return bool(await connection.fetchval(CLOSE, community_id, campaign_id, by))


async def counting_days(
    reader: Connection | Pool, community_id: str, campaign_id: str
) -> list[tuple[str, date]]:
    """Member and date of everything that counts."""
    rows = await reader.fetch(COUNTING_DAYS, community_id, campaign_id)
    return [(row["member_id"], row["local_date"]) for row in rows]


async def refuse_proof(
    connection: Connection, community_id: str, message_id: str, by: str
) -> asyncpg.Record | None:
    """A person says that it does not count."""
    return await connection.fetchrow(REFUSE_PROOF, community_id, message_id, by)
