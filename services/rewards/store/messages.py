"""Messages with what was ruled about them."""

import json
from collections.abc import Collection, Iterable
from typing import Any

import asyncpg

from services.rewards.domain.message import Message, MessageKey, Ruling
from shared.postgres.connection import Connection

LOAD_MESSAGES = """
    SELECT known.community_id, known.member_id, known.message_id, known.posted_at, known.day, known.partners,
           known.points, known.rule_version, known.removed, known.restored, known.is_deleted, known.award_id
    FROM unnest($1::text[], $2::text[], $3::text[]) AS wanted (community_id, member_id, message_id)
    CROSS JOIN LATERAL (
        SELECT * FROM message m
        WHERE m.community_id = wanted.community_id AND m.member_id = wanted.member_id
          AND m.message_id = wanted.message_id OFFSET 0
    ) AS known
"""
NEW_COLUMNS = (
    "community_id", "member_id", "message_id", "posted_at", "day", "partners", "points", "rule_version",
    "award_id",
)  # fmt: skip
COLUMNS = (*NEW_COLUMNS, "removed", "restored", "is_deleted", "stands")
SAVE_MESSAGES = f"""
    INSERT INTO message ({", ".join(COLUMNS)})
    SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::timestamptz[], $5::date[], $6::jsonb[],
                         $7::int[], $8::int[], $9::uuid[], $10::int[], $11::int[], $12::boolean[],
                         $13::boolean[])
    ON CONFLICT (community_id, member_id, message_id) DO UPDATE SET
        posted_at = excluded.posted_at, day = excluded.day, partners = excluded.partners,
        points = excluded.points, rule_version = excluded.rule_version, removed = excluded.removed,
        restored = excluded.restored, is_deleted = excluded.is_deleted, stands = excluded.stands,
        award_id = excluded.award_id
"""  # noqa: S608 - constants


async def load_messages(connection: Connection, keys: Collection[MessageKey]) -> dict[MessageKey, Message]:
    """Those of the messages of which anything is known; keys must not repeat."""
    columns = list(zip(*keys, strict=True)) or [(), (), ()]
    rows = await connection.fetch(LOAD_MESSAGES, *columns)
    messages = (
        Message(
            (row[0], row[1], row[2]),
            posted_at=row[3],
            day=row[4],
            partners=tuple(json.loads(row[5])) if row[5] else (),
            points=row[6],
            rule_version=row[7],
            ruling=Ruling(row[8], row[9], row[10]),
            award_id=str(row[11]) if row[11] else None,
        )
        for row in rows
    )
    return {message.key: message for message in messages}


async def add_messages(connection: Connection, messages: Iterable[Message]) -> bool:
    """Insert messages of which nothing was ruled; False, and none is inserted, when one of them is known.

    COPY takes half the time of an insert by unnest.
    """
    rows = sorted(map(_new_row, messages))
    if not rows:
        return True
    try:
        async with connection.transaction():
            await connection.copy_records_to_table("message", records=rows, columns=NEW_COLUMNS)
    except asyncpg.UniqueViolationError:
        return False
    return True


async def save_messages(connection: Connection, messages: Iterable[Message]) -> None:
    """Insert or replace, in the order of their keys."""
    rows = sorted(map(_row, messages))
    if rows:
        await connection.execute(SAVE_MESSAGES, *zip(*rows, strict=True))


def _new_row(message: Message) -> tuple[Any, ...]:
    """Its key first: rows of different messages sort by it."""
    key, posted_at, day, partners, points, rule_version, _, award_id = message
    return (*key, posted_at, day, json.dumps(partners) if partners else None, points, rule_version, award_id)


def _row(message: Message) -> tuple[Any, ...]:
    ruling = message.ruling
    return (*_new_row(message), ruling.removed, ruling.restored, ruling.is_deleted, ruling.stands)
