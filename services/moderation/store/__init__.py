"""All SQL of moderation: windows of members, findings, removals, messages that are gone."""

import json
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import asyncpg

from services.moderation.domain.docket import Found, Removal
from services.moderation.domain.message import Key, Recent
from services.moderation.domain.window import Window
from shared.postgres.connection import Connection, Pool
from shared.text import Fingerprint

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
FIRST_DECISION = 1
"""This version never judges a message twice; a later decision counts on."""

LOAD_WINDOWS = """
    SELECT community_id, member_id, recent, told_at, alerted_at, is_exempt
    FROM unnest($1::text[], $2::text[]) AS wanted (community_id, member_id)
    JOIN member_window USING (community_id, member_id)
"""
SAVE_WINDOWS = """
    INSERT INTO member_window (community_id, member_id, recent, told_at, alerted_at, is_exempt, touched_at)
    SELECT community_id, member_id, recent, told_at, alerted_at, is_exempt, $7
    FROM unnest($1::text[], $2::text[], $3::jsonb[], $4::timestamptz[], $5::timestamptz[], $6::boolean[])
         AS t (community_id, member_id, recent, told_at, alerted_at, is_exempt)
    ON CONFLICT (community_id, member_id) DO UPDATE SET
        recent = excluded.recent, told_at = excluded.told_at, alerted_at = excluded.alerted_at,
        is_exempt = excluded.is_exempt, touched_at = excluded.touched_at
"""
SAVE_FINDINGS = """
    INSERT INTO finding (community_id, message_id, rule, rule_version, member_id, channel_id, score, spans,
                         evidence, posted_at, found_at)
    SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::int[], $5::text[], $6::text[], $7::float8[],
                         $8::jsonb[], $9::text[], $10::timestamptz[], $11::timestamptz[])
    ON CONFLICT DO NOTHING
    RETURNING community_id, message_id, rule, rule_version
"""
SAVE_REMOVALS = """
    INSERT INTO removal (community_id, message_id, decision, member_id, channel_id, rule, rule_version,
                         evidence, posted_at, removed_at, cause_id, deletion)
    SELECT * FROM unnest($1::text[], $2::text[], $3::int[], $4::text[], $5::text[], $6::text[], $7::int[],
                         $8::text[], $9::timestamptz[], $10::timestamptz[], $11::text[], $12::text[])
    ON CONFLICT DO NOTHING
    RETURNING community_id, message_id
"""
SAVE_GONE = """
    INSERT INTO gone_message (community_id, message_id, noted_at)
    SELECT community_id, message_id, $3 FROM unnest($1::text[], $2::text[]) AS t (community_id, message_id)
    ON CONFLICT DO NOTHING
"""
LOAD_GONE = """
    SELECT community_id, message_id
    FROM unnest($1::text[], $2::text[]) AS wanted (community_id, message_id)
    JOIN gone_message USING (community_id, message_id)
"""
PRUNE_WINDOWS = """
    DELETE FROM member_window
    WHERE community_id = ANY($1::text[]) AND touched_at < $2 AND NOT is_exempt
"""  # an operator's edit of an old message must still find that it is an operator's
PRUNE_GONE = "DELETE FROM gone_message WHERE community_id = ANY($1::text[]) AND noted_at < $2"
STILL_REMEMBERED = """
    SELECT community_id FROM unnest($1::text[]) AS asked (community_id)
    WHERE EXISTS (SELECT FROM member_window w WHERE w.community_id = asked.community_id AND NOT w.is_exempt)
       OR EXISTS (SELECT FROM gone_message g WHERE g.community_id = asked.community_id)
"""
REMOVALS_OF_COMMUNITY = """
    SELECT r.message_id, r.decision, r.member_id, r.channel_id, r.rule, r.rule_version, r.evidence,
           r.posted_at, r.removed_at, r.deletion, f.score, f.spans
    FROM removal r
    JOIN finding f USING (community_id, message_id, rule, rule_version)
    WHERE r.community_id = $1
      AND ($2::timestamptz IS NULL OR (r.removed_at, r.message_id, r.decision) < ($2, $3::text, $4::int))
    ORDER BY r.removed_at DESC, r.message_id DESC, r.decision DESC
    LIMIT $5
"""


@dataclass(frozen=True, slots=True)
class Decided:
    """A removal with what the event behind it says."""

    removal: Removal
    removed_at: datetime
    cause_id: str
    deletion: str
    """`asked` of the connector, `unable` where the channel cannot, or `gone` already."""


async def load_windows(connection: Connection, members: Collection[Key]) -> dict[Key, Window]:
    """The windows of these members, as far as there are any."""
    rows = await connection.fetch(LOAD_WINDOWS, *_columns(members, 2))
    return {(row["community_id"], row["member_id"]): _window(row) for row in rows}


async def save_windows(connection: Connection, windows: dict[Key, Window], touched_at: datetime) -> None:
    """Insert or replace, in the order of their keys."""
    if not windows:
        return
    rows = sorted(windows.items())
    await connection.execute(
        SAVE_WINDOWS,
        [community for (community, _), _ in rows],
        [member for (_, member), _ in rows],
        [_encode(window.recent) for _, window in rows],
        [_moment(window.told_us) for _, window in rows],
        [_moment(window.alerted_us) for _, window in rows],
        [window.is_exempt for _, window in rows],
        touched_at,
    )


async def save_findings(
    connection: Connection, found: Sequence[tuple[Found, datetime]]
) -> set[tuple[str, str, str, int]]:
    """Keys of those that were not there yet."""
    if not found:
        return set()
    rows = sorted(found, key=lambda pair: pair[0].key)
    columns = _columns((_finding_row(each, found_at) for each, found_at in rows), 11)
    return {tuple(row) for row in await connection.fetch(SAVE_FINDINGS, *columns)}


async def save_removals(connection: Connection, decided: Sequence[Decided]) -> set[Key]:
    """Keys of those that were not there yet."""
    if not decided:
        return set()
    rows = sorted(decided, key=lambda each: each.removal.key)
    inserted = await connection.fetch(SAVE_REMOVALS, *_columns(map(_removal_row, rows), 12))
    return {(row["community_id"], row["message_id"]) for row in inserted}


async def load_gone(connection: Connection, messages: Collection[Key]) -> set[Key]:
    """Those of the messages that the platform deleted."""
    if not messages:
        return set()
    rows = await connection.fetch(LOAD_GONE, *_columns(messages, 2))
    return {(row["community_id"], row["message_id"]) for row in rows}


async def save_gone(connection: Connection, messages: Collection[Key], noted_at: datetime) -> None:
    """Note that the platform deleted these messages."""
    if messages:
        await connection.execute(SAVE_GONE, *_columns(sorted(messages), 2), noted_at)


async def prune(connection: Connection, communities: Sequence[str], untouched_since: datetime) -> set[str]:
    """Forget windows and notes of deletions that old; returns the communities of which some are left."""
    await connection.execute(PRUNE_WINDOWS, communities, untouched_since)
    await connection.execute(PRUNE_GONE, communities, untouched_since)
    return {row["community_id"] for row in await connection.fetch(STILL_REMEMBERED, communities)}


async def removals_of(
    pool: Pool, community_id: str, after: tuple[datetime, str, int] | None, rows_max: int
) -> list[asyncpg.Record]:
    """The community's removals after this key (moment, message, decision), newest first."""
    moment, message_id, decision = after or (None, None, None)
    return await pool.fetch(REMOVALS_OF_COMMUNITY, community_id, moment, message_id, decision, rows_max)


def moment_of(microseconds: int) -> datetime:
    """A domain time as a datetime."""
    return EPOCH + timedelta(microseconds=microseconds)


def microseconds_of(moment: datetime) -> int:
    """A datetime as a domain time."""
    since = moment - EPOCH
    return (since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds


def _moment(microseconds: int | None) -> datetime | None:
    return None if microseconds is None else moment_of(microseconds)


def _window(row: asyncpg.Record) -> Window:
    told, alerted = row["told_at"], row["alerted_at"]
    return Window(
        tuple(
            Recent(posted_us, message_id, channel_id, Fingerprint(length, sketch), bool(removed))
            for posted_us, message_id, channel_id, length, sketch, removed in json.loads(row["recent"])
        ),
        told and microseconds_of(told),
        alerted and microseconds_of(alerted),
        row["is_exempt"],
    )


def _finding_row(found: Found, found_at: datetime) -> tuple[object, ...]:
    message, finding = found.message, found.finding
    about = (found.member_id, message.channel_id, finding.score, json.dumps(finding.spans), finding.evidence)
    return *found.key, *about, moment_of(message.posted_us), found_at


def _removal_row(decided: Decided) -> tuple[object, ...]:
    removal, finding = decided.removal, decided.removal.finding
    about = (removal.member_id, removal.message.channel_id, finding.rule, finding.version, finding.evidence)
    posted_at = moment_of(removal.message.posted_us)
    return (
        *removal.key,
        FIRST_DECISION,
        *about,
        posted_at,
        decided.removed_at,
        decided.cause_id,
        decided.deletion,
    )


def _encode(recent: Sequence[Recent]) -> str:
    return json.dumps(
        [
            (each.posted_us, each.message_id, each.channel_id, *each.fingerprint, int(each.removed))
            for each in recent
        ],
        separators=(",", ":"),
    )


def _columns(rows: Iterable[tuple[object, ...]], width: int) -> list[list[object]]:
    """Rows turned into one list for each column, as `unnest` wants them."""
    columns: list[list[object]] = [list(column) for column in zip(*rows, strict=True)]
    return columns or [[] for _ in range(width)]
