"""Cold spells: what was done about each, and what came of it."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import NamedTuple

import asyncpg

from services.engagement.domain.uplift import Outcome
from services.engagement.store.columns import columns_of
from shared.postgres.connection import Connection, Pool

SAVE_SPELLS = """
    INSERT INTO cold_spell (community_id, spell_id, channel_id, opened_at, silent_since, usual_gap_minutes,
                            expected, outcome, reason, topic_id)
    SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::timestamptz[], $5::timestamptz[],
                         $6::double precision[], $7::double precision[], $8::text[], $9::text[], $10::text[])
    ON CONFLICT (community_id, spell_id) DO UPDATE SET outcome = excluded.outcome, reason = excluded.reason
"""
SETTLE_SPELL = """
    UPDATE cold_spell SET outcome = t.outcome, reason = t.reason
    FROM unnest($1::text[], $2::text[], $3::text[], $4::text[])
         AS t (community_id, spell_id, outcome, reason)
    WHERE cold_spell.community_id = t.community_id AND cold_spell.spell_id = t.spell_id
    RETURNING cold_spell.community_id, cold_spell.spell_id, silent_since, opened_at, usual_gap_minutes,
              channel_id, topic_id
"""
MEASURE_SPELLS = """
    UPDATE cold_spell s SET measured_at = t.at, messages = t.messages, members = t.members
    FROM unnest($1::text[], $2::text[], $3::timestamptz[], $4::int[], $5::int[])
         AS t (community_id, spell_id, at, messages, members)
    WHERE s.community_id = t.community_id AND s.spell_id = t.spell_id
    RETURNING s.community_id, s.spell_id, s.expected
"""
SPELLS = """
    SELECT spell_id, channel_id, opened_at, silent_since, usual_gap_minutes, expected, outcome, reason,
           topic_id, messages, members
    FROM cold_spell WHERE community_id = $1 AND ($2::text IS NULL OR channel_id = $2)
      AND ($3::timestamptz IS NULL OR (opened_at, spell_id) < ($3, $4::text))
    ORDER BY opened_at DESC, spell_id DESC LIMIT $5
"""
OUTCOMES = """
    SELECT outcome, messages, members, expected FROM cold_spell
    WHERE community_id = $1 AND opened_at >= $2 AND opened_at < $3 AND messages IS NOT NULL
      AND ($4::text IS NULL OR channel_id = $4)
    ORDER BY opened_at, spell_id
"""


class Spell(NamedTuple):
    """A channel that was found cold."""

    community_id: str
    spell_id: str
    channel_id: str
    opened_at: datetime
    silent_since: datetime
    usual_gap_minutes: float
    expected: float
    """Usual messages in the half hour after."""
    outcome: str
    reason: str | None
    topic_id: str | None


async def save_spells(connection: Connection, spells: Sequence[Spell]) -> None:
    """Insert, in the order of their names."""
    if spells:
        await connection.execute(SAVE_SPELLS, *columns_of(sorted(spells), 10))


async def settle_spells(
    connection: Connection, outcomes: Iterable[tuple[str, str, str, str | None]]
) -> list[asyncpg.Record]:
    """What became of spells that waited: community, spell, outcome, reason; returns the spells."""
    rows = sorted((*each[:3], each[3] or "") for each in outcomes)
    given = [(*row[:3], row[3] or None) for row in rows]
    return await connection.fetch(SETTLE_SPELL, *columns_of(given, 4))


async def measure_spells(
    connection: Connection, measured: Iterable[tuple[str, str, datetime, int, int]]
) -> dict[tuple[str, str], float]:
    """Community, spell, moment, messages, members; returns what was expected of each."""
    rows = await connection.fetch(MEASURE_SPELLS, *columns_of(sorted(measured), 5))
    return {(row["community_id"], row["spell_id"]): row["expected"] for row in rows}


async def spells(
    reader: Connection | Pool,
    community_id: str,
    channel_id: str | None,
    after: tuple[datetime, str] | None,
    rows: int,
) -> list[asyncpg.Record]:
    """Newest first."""
    return await reader.fetch(SPELLS, community_id, channel_id, *(after or (None, None)), rows)


async def outcomes(
    reader: Connection | Pool, community_id: str, begins: datetime, ends: datetime, channel_id: str | None
) -> dict[str, list[Outcome]]:
    """Measured spells that opened in a span, by what was done: `sent` and `held_out`."""
    known: dict[str, list[Outcome]] = {"sent": [], "held_out": []}
    for row in await reader.fetch(OUTCOMES, community_id, begins, ends, channel_id):
        known.setdefault(row["outcome"], []).append(Outcome(row["messages"], row["members"], row["expected"]))
    return known
