"""Forms and their answers."""

import json
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, NamedTuple

import asyncpg

from services.engagement.domain.form import Form, Given
from services.engagement.store.columns import columns_of
from shared.postgres.connection import Connection, Pool

OPEN_FORMS = """
    SELECT community_id, form_id, kind, title, channel_id, options, answer, winners, closes_at, state, seed,
           seed_hash
    FROM form WHERE community_id = ANY($1::text[]) AND state = 'open'
    ORDER BY community_id, closes_at, form_id
"""
NAMED_FORMS = """
    SELECT community_id, form_id, kind, title, channel_id, options, answer, winners, closes_at, state, seed,
           seed_hash
    FROM form JOIN unnest($1::text[], $2::text[]) AS wanted (community_id, form_id)
         USING (community_id, form_id)
    ORDER BY community_id, form_id FOR UPDATE OF form
"""
ADD_FORM = """
    INSERT INTO form (community_id, form_id, kind, title, channel_id, options, answer, winners, closes_at,
                      state, seed, seed_hash, opened_by)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
    ON CONFLICT DO NOTHING RETURNING form_id
"""
CLOSE_FORM = """
    UPDATE form SET state = $3, result = $4::jsonb WHERE community_id = $1 AND form_id = $2 AND state = 'open'
"""
ANSWER = """
    INSERT INTO form_answer (community_id, form_id, member_id, number, text, answered_at)
    SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::int[], $5::text[], $6::timestamptz[])
    ON CONFLICT DO NOTHING
"""
REPLACE = """
    DELETE FROM form_answer a USING unnest($1::text[], $2::text[], $3::text[], $4::timestamptz[])
        AS t (community_id, form_id, member_id, at)
    WHERE a.community_id = t.community_id AND a.form_id = t.form_id AND a.member_id = t.member_id
      AND a.answered_at < t.at
"""
ANSWERS = """
    SELECT member_id, number, text, answered_at FROM form_answer
    WHERE community_id = $1 AND form_id = $2 ORDER BY answered_at, member_id, number
"""
FORMS = """
    SELECT form_id, kind, title, channel_id, options, winners, closes_at, state, seed_hash,
           CASE WHEN state = 'open' THEN NULL ELSE seed END AS seed, result
    FROM form WHERE community_id = $1 AND ($2::timestamptz IS NULL OR (closes_at, form_id) < ($2, $3::text))
    ORDER BY closes_at DESC, form_id DESC LIMIT $4
"""


class AnswerRow(NamedTuple):
    """A member's answer to a form."""

    community_id: str
    form_id: str
    member_id: str
    number: int
    text: str
    answered_at: datetime


async def open_forms(connection: Connection, communities: Iterable[str]) -> list[Form]:
    """Forms that take answers."""
    return [_form(row) for row in await connection.fetch(OPEN_FORMS, sorted(set(communities)))]


async def named_forms(connection: Connection, keys: Iterable[tuple[str, str]]) -> dict[tuple[str, str], Form]:
    """Forms by id, locked."""
    rows = await connection.fetch(NAMED_FORMS, *columns_of(sorted(set(keys)), 2))
    return {(row["community_id"], row["form_id"]): _form(row) for row in rows}


def _form(row: asyncpg.Record) -> Form:
    return Form(**{**row, "options": tuple(row["options"])})


async def add_form(connection: Connection, form: Form, by: str) -> bool:
    """Insert; False when the id is taken."""
    f = form
    return bool(
        await connection.fetchval(
            ADD_FORM, f.community_id, f.form_id, f.kind, f.title, f.channel_id, list(f.options), f.answer,
            f.winners, f.closes_at, f.state, f.seed, f.seed_hash, by,
        )
    )  # fmt: skip


async def close_form(
    connection: Connection, community_id: str, form_id: str, state: str, result: Mapping[str, Any]
) -> None:
    """It takes no more answers."""
    await connection.execute(CLOSE_FORM, community_id, form_id, state, json.dumps(dict(result)))


async def answer(
    connection: Connection, answers: Iterable[AnswerRow], replaced: Iterable[tuple[str, str, str, datetime]]
) -> None:
    """Take earlier answers of those who may give one away, and insert."""
    gone = sorted(replaced)
    if gone:
        await connection.execute(REPLACE, *columns_of(gone, 4))
    rows = sorted(answers)
    if rows:
        await connection.execute(ANSWER, *columns_of(rows, 6))


async def answers(reader: Connection | Pool, community_id: str, form_id: str) -> list[Given]:
    """All answers, earliest first."""
    return [Given(*row) for row in await reader.fetch(ANSWERS, community_id, form_id)]


async def forms(
    pool: Pool, community_id: str, after: tuple[datetime, str] | None, rows: int
) -> list[asyncpg.Record]:
    """By closing time, latest first; a lottery's seed only once it is drawn."""
    return await pool.fetch(FORMS, community_id, *(after or (None, None)), rows)
