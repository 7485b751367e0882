"""Counts by hour and day, and the warnings that followed from them."""

from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import NamedTuple

import asyncpg

from services.moderation.domain.pulse import IDS_KEPT, Bucket, Counts, Kind, Span
from services.moderation.store.columns import columns_of
from shared.postgres.connection import Connection, Pool

# ids travel as text, since arrays of arrays must not be ragged; no id of a platform holds the separator
ADD_COUNTS = """
    INSERT INTO pulse AS known (community_id, span, starts_at, messages, findings, negative, leaves,
                                finding_ids, negative_ids, leave_ids)
    SELECT t.community_id, t.span, t.starts_at, t.messages, t.findings, t.negative, t.leaves,
           string_to_array(t.finding_ids, chr(31)), string_to_array(t.negative_ids, chr(31)),
           string_to_array(t.leave_ids, chr(31))
    FROM unnest($1::text[], $2::text[], $3::timestamptz[], $4::int[], $5::int[], $6::int[], $7::int[],
                $8::text[], $9::text[], $10::text[])
         AS t (community_id, span, starts_at, messages, findings, negative, leaves,
               finding_ids, negative_ids, leave_ids)
    ON CONFLICT (community_id, span, starts_at) DO UPDATE SET
        messages = known.messages + excluded.messages, findings = known.findings + excluded.findings,
        negative = known.negative + excluded.negative, leaves = known.leaves + excluded.leaves,
        finding_ids = (known.finding_ids || excluded.finding_ids)[1:3],
        negative_ids = (known.negative_ids || excluded.negative_ids)[1:3],
        leave_ids = (known.leave_ids || excluded.leave_ids)[1:3]
    RETURNING community_id, span, starts_at, messages, findings, negative, leaves,
              finding_ids, negative_ids, leave_ids
"""
LOAD_COUNTS = """
    SELECT community_id, span, starts_at, p.messages, p.findings, p.negative, p.leaves
    FROM unnest($1::text[], $2::text[], $3::timestamptz[]) AS wanted (community_id, span, starts_at)
    JOIN pulse p USING (community_id, span, starts_at)
"""
SINCE = """
    SELECT community_id, (SELECT min(p.starts_at) FROM pulse p
                          WHERE p.community_id = asked.community_id AND p.span = 'day') AS since
    FROM unnest($1::text[]) AS asked (community_id)
"""
WARNED = """
    SELECT community_id, kind, day FROM unnest($1::text[], $2::text[], $3::date[])
         AS asked (community_id, kind, day)
    JOIN warning USING (community_id, kind, day)
"""
TOP_RULE = """
    SELECT f.rule FROM finding f
    WHERE f.community_id = $1 AND f.posted_at >= $2 AND f.posted_at < $3
      AND NOT EXISTS (SELECT FROM unnest($4::text[], $5::text[], $6::int[])
                             AS later (message_id, rule, version)
                      WHERE later.message_id = f.message_id AND later.rule = f.rule
                        AND later.version = f.rule_version)
    GROUP BY f.rule ORDER BY count(*) DESC, f.rule LIMIT 1
"""
SAVE_WARNINGS = """
    INSERT INTO warning (community_id, kind, day, span, starts_at, warned_at, counted, expected, rule, ids,
                         cause_id)
    SELECT t.community_id, t.kind, t.day, t.span, t.starts_at, t.warned_at, t.counted, t.expected, t.rule,
           string_to_array(t.ids, chr(31)), t.cause_id
    FROM unnest($1::text[], $2::text[], $3::date[], $4::text[], $5::timestamptz[], $6::timestamptz[],
                $7::int[], $8::float8[], $9::text[], $10::text[], $11::text[])
         AS t (community_id, kind, day, span, starts_at, warned_at, counted, expected, rule, ids, cause_id)
    ON CONFLICT DO NOTHING
"""
WARNINGS_OF_COMMUNITY = """
    SELECT kind, day, span, starts_at, warned_at, counted, expected, rule, ids FROM warning
    WHERE community_id = $1 AND ($2::timestamptz IS NULL OR (warned_at, kind) < ($2, $3::text))
    ORDER BY warned_at DESC, kind DESC LIMIT $4
"""
PRUNE_PULSE = """
    DELETE FROM pulse p USING unnest($1::text[], $2::timestamptz[]) AS kept (community_id, since)
    WHERE p.community_id = kept.community_id AND p.starts_at < kept.since
"""
SEPARATOR = "\x1f"
Ids = Mapping[Kind, Sequence[str]]


class RiskWarning(NamedTuple):
    """A count far above what is usual."""

    community_id: str
    kind: Kind
    day: date
    span: Span
    starts_at: datetime
    warned_at: datetime
    counted: int
    expected: float
    rule: str | None
    """The rule with most findings in that time."""
    ids: tuple[str, ...]
    """The first messages with findings or negative words, or members who left."""
    cause_id: str


async def add_counts(
    connection: Connection, totals: Mapping[Bucket, tuple[Counts, Ids]]
) -> dict[Bucket, tuple[Counts, Ids]]:
    """Add to the buckets; returns each as it is then, with its first three ids of each kind."""
    columns = columns_of((_bucket_row(bucket, *totals[bucket]) for bucket in sorted(totals)), 10)
    rows = await connection.fetch(ADD_COUNTS, *columns)
    return {_bucket(row): (_counts(row), _ids(row)) for row in rows}


async def load_counts(connection: Connection, buckets: Collection[Bucket]) -> dict[Bucket, Counts]:
    """Those of the buckets in which anything happened."""
    rows = await connection.fetch(LOAD_COUNTS, *columns_of(sorted(buckets), 3))
    return {_bucket(row): _counts(row) for row in rows}


async def counted_since(connection: Connection, communities: Sequence[str]) -> dict[str, datetime]:
    """The start of the first day of which each community has counts."""
    return {row["community_id"]: row["since"] for row in await connection.fetch(SINCE, communities)}


async def warned(
    connection: Connection, asked: Collection[tuple[str, Kind, date]]
) -> set[tuple[str, Kind, date]]:
    """Of which kinds on which days operators were warned."""
    rows = await connection.fetch(WARNED, *columns_of(sorted(asked), 3))
    return {(row["community_id"], Kind(row["kind"]), row["day"]) for row in rows}


async def top_rule(
    connection: Connection,
    community_id: str,
    between: tuple[datetime, datetime],
    later: Sequence[tuple[str, str, int]],
) -> str | None:
    """The rule with most findings in messages of that time, without these later ones."""
    rule: str | None = await connection.fetchval(TOP_RULE, community_id, *between, *columns_of(later, 3))
    return rule


async def save_warnings(connection: Connection, warnings: Sequence[RiskWarning]) -> None:
    """Record what operators are warned of."""
    rows = (each._replace(ids=SEPARATOR.join(each.ids)) for each in sorted(warnings))  # type: ignore[arg-type]
    await connection.execute(SAVE_WARNINGS, *columns_of(rows, 11))


async def warnings_of(
    pool: Pool, community_id: str, after: tuple[datetime, str] | None, rows_max: int
) -> list[asyncpg.Record]:
    """The community's warnings after this key (moment, kind), newest first."""
    return await pool.fetch(WARNINGS_OF_COMMUNITY, community_id, *(after or (None, None)), rows_max)


async def prune_pulse(connection: Connection, since: Mapping[str, datetime]) -> None:
    """Forget counts of what was before."""
    await connection.execute(PRUNE_PULSE, *columns_of(sorted(since.items()), 2))


def end_of(span: Span, start: datetime) -> datetime:
    """Where a bucket ends; a day with a change of the clock is taken as 24 hours."""
    return start + (timedelta(hours=1) if span is Span.HOUR else timedelta(days=1))


def _bucket_row(bucket: Bucket, counts: Counts, ids: Ids) -> tuple[object, ...]:
    numbers = (counts.messages, counts.findings, counts.negative, counts.leaves)
    return (*bucket, *numbers, *(SEPARATOR.join(ids.get(kind, ())[:IDS_KEPT]) for kind in Kind))


def _bucket(row: asyncpg.Record) -> Bucket:
    return row["community_id"], Span(row["span"]), row["starts_at"]


def _counts(row: asyncpg.Record) -> Counts:
    return Counts(row["messages"], row["findings"], row["negative"], row["leaves"])


def _ids(row: asyncpg.Record) -> Ids:
    return {
        Kind.FINDINGS: row["finding_ids"], Kind.NEGATIVE: row["negative_ids"], Kind.LEAVES: row["leave_ids"]
    }  # fmt: skip
