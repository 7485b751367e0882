"""Months: their state, the facts of all candidates at the close, and the frozen results."""

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import NamedTuple

import asyncpg

from services.rewards.domain.facts import MonthKey
from services.rewards.domain.people import Same
from services.rewards.domain.score import Standing
from services.rewards.store.people import Span
from services.rewards.store.prizes import Prize
from shared.contracts.identity import milliseconds
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
        WHERE m.community_id = wanted.community_id AND m.month = wanted.month
          AND m.state IN ('open', 'closing') FOR UPDATE
    ) AS known
"""
SAVE_RESULTS = """
    INSERT INTO month_result (community_id, month, closed_at, candidates, score_version, evidence_hash,
                              excluded, dead_letters, text, honours, people)
    SELECT * FROM unnest($1::text[], $2::date[], $3::timestamptz[], $4::int[], $5::int[], $6::text[],
                         $7::jsonb[], $8::int[], $9::text[], $10::jsonb[], $11::jsonb[])
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
EXCLUDED_OF = "SELECT excluded FROM month_result WHERE community_id = $1 AND month = $2"
# Ids begin with the time of what happened; what had no id at all may be of any month.
DEAD_LETTERS = """
    SELECT w.community_id, w.month, count(*)::int
    FROM unnest($1::text[], $2::date[], $3::text[], $4::text[]) AS w (community_id, month, first, last)
    JOIN dead_letter d ON d.key = convert_to(w.community_id, 'UTF8') AND d.status = 'dead'
     AND (d.event_id IS NULL OR (d.event_id >= w.first::uuid AND d.event_id < w.last::uuid))
    GROUP BY 1, 2
"""
WAIT_UNTIL = """
    UPDATE month SET state = 'closing', waits_until = coalesce(waits_until, $3)
    WHERE community_id = $1 AND month = $2 RETURNING waits_until
"""
CLOSE_LATER = "UPDATE month SET closes_at = $3 WHERE community_id = $1 AND month = $2"
ADD_BADGES = """
    INSERT INTO badge (community_id, member_id, badge, earned_at, cause_id)
    SELECT $1, * FROM unnest($2::text[], $3::text[], $4::timestamptz[], $5::text[]) ON CONFLICT DO NOTHING
"""
MONTH = """
    SELECT month.month, month.state, month.closes_at, month.late_facts,
           result.closed_at, result.candidates, result.score_version, result.evidence_hash, result.excluded,
           result.text, result.honours, result.dead_letters
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
    excluded: Mapping[str, str]
    """By member why they are no candidate."""
    dead_letters: int
    """Records of the month that were set aside and waited for in vain."""
    text: str
    honours: Mapping[str, Sequence[object]]
    """By part of the score: the member and what they have of it."""
    people: Sequence[Same] = ()
    """Whose facts those of linked accounts were."""


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
        [json.dumps(dict(row.excluded)) for row in rows],
        [row.dead_letters for row in rows],
        [row.text for row in rows],
        [json.dumps(dict(row.honours)) for row in rows],
        [json.dumps({each.account_id: [each.member_id, each.twice] for each in row.people}) for row in rows],
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


async def dead_letters(connection: Connection, spans: Sequence[Span]) -> dict[MonthKey, int]:
    """How many records of these months were set aside and are not resolved, where there are any."""
    rows = await connection.fetch(
        DEAD_LETTERS,
        [each.community_id for each in spans],
        [each.month for each in spans],
        [_first_id(each.begins) for each in spans],
        [_first_id(each.ends) for each in spans],
    )
    return {(row[0], row[1]): row[2] for row in rows}


def _first_id(moment: datetime) -> str:
    return f"{milliseconds(moment):012x}".ljust(32, "0")


async def close_later(connection: Connection, key: MonthKey, moment: datetime) -> None:
    """The month is over later than when it was opened."""
    await connection.execute(CLOSE_LATER, *key, moment)


async def wait_until(connection: Connection, key: MonthKey, until: datetime) -> datetime:
    """The month's close is put off; the first word about until when counts."""
    moment: datetime = await connection.fetchval(WAIT_UNTIL, *key, until)
    return moment


async def add_badges(
    connection: Connection, community_id: str, places: Sequence[Prize], at: datetime, cause_id: str
) -> None:
    """A badge for each of a month's first three."""
    if places:
        names = [f"month:{each.month:%Y-%m}:{each.rank}" for each in places]
        await connection.execute(
            ADD_BADGES,
            community_id,
            [each.member_id for each in places],
            names,
            [at] * len(places),
            [cause_id] * len(places),
        )


async def load_frozen(connection: Connection, community_id: str) -> list[Frozen]:
    """Every closed month of which nobody was forgotten."""
    rows = await connection.fetch(FROZEN, community_id)
    return [Frozen(row[0], json.loads(row[1]), row[2]) for row in rows]


async def load_excluded_of(connection: Connection, key: MonthKey) -> dict[str, str]:
    """By member why they were no candidate of a closed month."""
    found: dict[str, str] = json.loads(await connection.fetchval(EXCLUDED_OF, *key) or "{}")
    return found


async def read_winners(connection: Connection, key: MonthKey) -> list[Standing]:
    """The frozen top of a closed month."""
    rows = await connection.fetch(WINNERS, *key)
    return [Standing(row[0], row[1], row[2], json.loads(row[3]), row[4]) for row in rows]
