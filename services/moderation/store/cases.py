"""Cases: what a person may judge, with its messages and its history."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from services.moderation.store.columns import columns_of
from shared.postgres.connection import Connection

# Locked, so that no verdict is given on a case while a decision joins it.
UNRESOLVED = """
    SELECT case_id FROM moderation_case WHERE case_id = ANY($1::text[]) AND state <> 'resolved'
    ORDER BY case_id FOR UPDATE
"""
# A case's messages and its opening, with the case.
SAVE_CASES = """
    WITH wanted AS (
        SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::int[],
                             $7::float8[], $8::timestamptz[], $9::text[])
             AS t (case_id, community_id, kind, member_id, rule, rule_version, score, opened_at, note)
    ), saved AS (
        INSERT INTO moderation_case AS known
            (case_id, community_id, kind, member_id, rule, rule_version, score, opened_at, state)
        SELECT case_id, community_id, kind, member_id, rule, rule_version, score, opened_at, 'open'
        FROM wanted ORDER BY case_id
        ON CONFLICT (case_id) DO UPDATE SET score = greatest(known.score, excluded.score)
        RETURNING case_id, xmax = 0 AS is_new
    ), messages AS (
        INSERT INTO case_message AS known (case_id, message_id, member_id, channel_id, posted_at, text)
        SELECT * FROM unnest($10::text[], $11::text[], $12::text[], $13::text[], $14::timestamptz[],
                             $15::text[])
        ON CONFLICT (case_id, message_id) DO UPDATE SET text = excluded.text
        WHERE known.text = '' AND excluded.text <> ''
    ), opened AS (
        INSERT INTO case_history (case_id, version, at, actor, act, note)
        SELECT case_id, 1, opened_at, $16, 'opened', note FROM saved JOIN wanted USING (case_id) WHERE is_new
    )
    SELECT case_id FROM saved WHERE is_new
"""
ADD_HISTORY = """
    INSERT INTO case_history (case_id, version, at, actor, act, note)
    SELECT * FROM unnest($1::text[], $2::int[], $3::timestamptz[], $4::text[], $5::text[], $6::text[])
"""
EMPTY_TEXTS = """
    UPDATE case_message SET text = ''
    FROM unnest($1::text[], $2::timestamptz[]) AS old (community_id, opened_before)
    JOIN moderation_case c ON c.community_id = old.community_id AND c.opened_at < old.opened_before
    WHERE case_message.case_id = c.case_id AND case_message.text <> ''
"""
FILL_TEXTS = """
    UPDATE case_message m SET text = t.text
    FROM unnest($2::text[], $3::text[]) AS t (message_id, text)
    WHERE m.case_id = $1 AND m.message_id = t.message_id AND m.text = ''
"""
HOLD_TEXT = """
    SELECT community_id FROM unnest($1::text[]) AS asked (community_id)
    WHERE EXISTS (
        SELECT FROM moderation_case c JOIN case_message m USING (case_id)
        WHERE c.community_id = asked.community_id AND m.text <> ''
    )
"""
ENGINE_ACTOR = "hearth"


class Case(NamedTuple):
    """A case as it is opened."""

    case_id: str
    community_id: str
    kind: str
    """`decision`: acted upon already; `review`: waits; other kinds name what opened them."""
    member_id: str | None
    rule: str
    rule_version: int
    score: float
    opened_at: datetime
    note: str = ""
    """Why, for the history, where no finding says it."""


class CaseMessage(NamedTuple):
    """A message of a case."""

    case_id: str
    message_id: str
    member_id: str
    channel_id: str
    posted_at: datetime
    text: str
    """Empty where it was not at hand."""


async def unresolved(connection: Connection, case_ids: Collection[str]) -> set[str]:
    """Those of the cases that still wait for a verdict."""
    if not case_ids:
        return set()
    return {row["case_id"] for row in await connection.fetch(UNRESOLVED, list(case_ids))}


async def save_cases(
    connection: Connection, cases: Iterable[Case], messages: Iterable[CaseMessage]
) -> set[str]:
    """Open cases, or raise the score of those that are open; returns the ids of new ones."""
    rows = sorted(cases)
    if not rows:
        return set()
    columns = [*columns_of(rows, 9), *columns_of(sorted(messages), 6)]
    return {row["case_id"] for row in await connection.fetch(SAVE_CASES, *columns, ENGINE_ACTOR)}


async def fill_texts(connection: Connection, case_id: str, texts: Mapping[str, str]) -> None:
    """Add texts of messages of the case that have none, by message."""
    await connection.execute(FILL_TEXTS, case_id, list(texts), list(texts.values()))


async def empty_texts(connection: Connection, opened_before: Mapping[str, datetime]) -> set[str]:
    """Forget what was written in cases opened before a moment, by community; those that hold text still."""
    await connection.execute(EMPTY_TEXTS, list(opened_before), list(opened_before.values()))
    return {row["community_id"] for row in await connection.fetch(HOLD_TEXT, list(opened_before))}


async def add_history(
    connection: Connection, acts: Sequence[tuple[str, int, datetime, str, str, str]]
) -> None:
    """Append acts (case, its version after it, moment, actor, act, note)."""
    if acts:
        await connection.execute(ADD_HISTORY, *columns_of(acts, 6))
