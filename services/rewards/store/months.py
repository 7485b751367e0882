"""Months: their state, the facts of all candidates at the close, and the frozen results."""

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import NamedTuple

import asyncpg

from services.rewards.domain.facts import MonthKey
from services.rewards.domain.score import MemberFacts, ScoreRule, Standing
from shared.postgres.connection import Connection

# FOR SHARE: a month closes after the batches that add to it, or before; never in between.
LOAD_STATES = """
    SELECT known.community_id, known.month, known.state
    FROM (SELECT * FROM unnest($1::text[], $2::date[]) AS w (community_id, month) ORDER BY 1, 2) AS wanted
    CROSS JOIN LATERAL (
        SELECT * FROM month m
        WHERE m.community_id = wanted.community_id AND m.month = wanted.month FOR SHARE
    ) AS known
"""
OPEN_MONTHS = """
    INSERT INTO month (community_id, month, closes_at)
    SELECT * FROM unnest($1::text[], $2::date[], $3::timestamptz[])
    ON CONFLICT (community_id, month) DO NOTHING
"""
COUNT_LATE = """
    UPDATE month SET late_facts = month.late_facts + late.facts
    FROM unnest($1::text[], $2::date[], $3::int[]) AS late (community_id, month, facts)
    WHERE month.community_id = late.community_id AND month.month = late.month
"""
LOCK_OPEN = """
    SELECT known.community_id, known.month
    FROM (SELECT * FROM unnest($1::text[], $2::date[]) AS w (community_id, month) ORDER BY 1, 2) AS wanted
    CROSS JOIN LATERAL (
        SELECT * FROM month m
        WHERE m.community_id = wanted.community_id AND m.month = wanted.month AND m.state = 'open' FOR UPDATE
    ) AS known
"""
MONTH_FACTS = """
    WITH wanted AS MATERIALIZED (SELECT * FROM unnest($1::text[], $2::date[]) AS w (community_id, month)),
    days AS (
        SELECT wanted.community_id, wanted.month, known.member_id,
               sum(least(known.messages, $3)) AS messages, sum(known.checkins) AS checkins,
               max(known.last_at) AS last_at
        FROM wanted CROSS JOIN LATERAL (
            SELECT * FROM member_day d
            WHERE d.community_id = wanted.community_id AND d.day >= wanted.month
              AND d.day < (wanted.month + interval '1 month')::date
              AND (d.messages > 0 OR d.checkins > 0) OFFSET 0
        ) AS known
        GROUP BY 1, 2, 3
    ),
    talks AS (
        SELECT wanted.community_id, wanted.month, known.member_id, count(*) AS talked_with
        FROM wanted CROSS JOIN LATERAL (
            SELECT * FROM talk t
            WHERE t.community_id = wanted.community_id AND t.month = wanted.month AND t.messages > 0 OFFSET 0
        ) AS known
        GROUP BY 1, 2, 3
    )
    SELECT days.community_id, days.month, days.member_id, days.messages::int, days.checkins::int,
           coalesce(talks.talked_with, 0)::int, days.last_at
    FROM days LEFT JOIN talks USING (community_id, month, member_id)
"""
SAVE_RESULTS = """
    INSERT INTO month_result (community_id, month, closed_at, candidates, score_version, evidence_hash)
    SELECT * FROM unnest($1::text[], $2::date[], $3::timestamptz[], $4::int[], $5::int[], $6::text[])
"""
SAVE_WINNERS = """
    INSERT INTO month_winner (community_id, month, rank, member_id, score, parts, last_at)
    SELECT * FROM unnest($1::text[], $2::date[], $3::int[], $4::text[], $5::int[], $6::json[],
                         $7::timestamptz[])
"""
CLOSE = """
    UPDATE month SET state = 'published'
    FROM unnest($1::text[], $2::date[]) AS done (community_id, month)
    WHERE month.community_id = done.community_id AND month.month = done.month
"""
MONTH = """
    SELECT month.month, month.state, month.closes_at, month.late_facts,
           result.closed_at, result.candidates, result.score_version, result.evidence_hash
    FROM month LEFT JOIN month_result AS result USING (community_id, month)
    WHERE community_id = $1 AND ($2::date IS NULL OR month = $2)
    ORDER BY month DESC LIMIT 1
"""
# A month of which somebody was forgotten has its evidence no longer.
FROZEN = """
    SELECT r.month, r.excluded, r.evidence_hash FROM month_result r JOIN month m USING (community_id, month)
    WHERE r.community_id = $1 AND m.erased = 0 ORDER BY r.month
"""
WINNERS = """
    SELECT rank, member_id, score, parts, last_at FROM month_winner
    WHERE community_id = $1 AND month = $2 ORDER BY rank
"""


class Frozen(NamedTuple):
    """What a closed month's evidence was made of."""

    month: date
    excluded: dict[str, str]
    evidence_hash: str


class Result(NamedTuple):
    """A month as it was closed."""

    community_id: str
    month: date
    closed_at: datetime
    candidates: int
    score_version: int
    evidence_hash: str
    top: Sequence[Standing]


async def load_states(connection: Connection, months: Collection[MonthKey]) -> dict[MonthKey, str]:
    """The states of those of the months that are known, `open` or `closed`; keys must not repeat."""
    columns = list(zip(*months, strict=True)) or [(), ()]
    rows = await connection.fetch(LOAD_STATES, *columns)
    return {(row[0], row[1]): row[2] for row in rows}


async def open_months(connection: Connection, months: Mapping[MonthKey, datetime]) -> None:
    """Open months that are not known yet; by month, when it may close."""
    rows = sorted(months.items())
    await connection.execute(
        OPEN_MONTHS, [key[0] for key, _ in rows], [key[1] for key, _ in rows], [at for _, at in rows]
    )


async def count_late(connection: Connection, late: Mapping[MonthKey, int]) -> None:
    """Count facts that came after their month was closed."""
    if late:
        rows = sorted(late.items())
        await connection.execute(
            COUNT_LATE, [key[0] for key, _ in rows], [key[1] for key, _ in rows], [n for _, n in rows]
        )


async def lock_open(connection: Connection, months: Collection[MonthKey]) -> list[MonthKey]:
    """Those of the months that are open; nobody else closes them or adds to them until the end."""
    columns = list(zip(*months, strict=True)) or [(), ()]
    return [(row[0], row[1]) for row in await connection.fetch(LOCK_OPEN, *columns)]


async def load_month_facts(
    connection: Connection, months: Collection[MonthKey], rule: ScoreRule
) -> dict[MonthKey, list[MemberFacts]]:
    """What every candidate of these months did, in one query; keys must not repeat."""
    columns = list(zip(*months, strict=True)) or [(), ()]
    facts: dict[MonthKey, list[MemberFacts]] = {key: [] for key in months}
    for row in await connection.fetch(MONTH_FACTS, *columns, rule.messages_per_day_max):
        facts[row[0], row[1]].append(MemberFacts(row[2], row[3], row[4], row[5], row[6]))
    return facts


async def save_results(connection: Connection, results: Iterable[Result]) -> None:
    """Freeze results and close their months."""
    rows = sorted(results, key=lambda result: result[:2])
    names = [row.community_id for row in rows], [row.month for row in rows]
    await connection.execute(
        SAVE_RESULTS,
        *names,
        [row.closed_at for row in rows],
        [row.candidates for row in rows],
        [row.score_version for row in rows],
        [row.evidence_hash for row in rows],
    )
    winners = [(row, standing) for row in rows for standing in row.top]
    await connection.execute(
        SAVE_WINNERS,
        [row.community_id for row, _ in winners],
        [row.month for row, _ in winners],
        [standing.rank for _, standing in winners],
        [standing.member_id for _, standing in winners],
        [standing.score for _, standing in winners],
        [json.dumps(standing.parts) for _, standing in winners],
        [standing.last_at for _, standing in winners],
    )
    await connection.execute(CLOSE, *names)


async def read_month(connection: Connection, community_id: str, month: date | None) -> asyncpg.Record | None:
    """A month with its result, if it has one; the newest that is known when none is named."""
    return await connection.fetchrow(MONTH, community_id, month)


async def load_frozen(connection: Connection, community_id: str) -> list[Frozen]:
    """Every closed month of which nobody was forgotten."""
    rows = await connection.fetch(FROZEN, community_id)
    return [Frozen(row[0], json.loads(row[1]), row[2]) for row in rows]


async def read_winners(connection: Connection, key: MonthKey) -> list[Standing]:
    """The frozen top of a closed month."""
    rows = await connection.fetch(WINNERS, *key)
    return [Standing(row[0], row[1], row[2], json.loads(row[3]), row[4]) for row in rows]
