"""Earnings that are neither messages nor check-ins."""

import json
from collections.abc import Collection, Iterable
from datetime import date
from typing import Any

import asyncpg

from services.rewards.domain.earning import Earning, EarningKey
from services.rewards.domain.message import MessageKey
from shared.postgres.connection import Connection

_COLUMNS = """
    known.community_id, known.member_id, known.rule, known.subject, known.occurred_at, known.day,
        known.message_id,
    known.giver_id, known.points, known.rule_version, known.told, known.stands, known.award_id
"""
LOAD_EARNINGS = f"""
    SELECT {_COLUMNS}
    FROM unnest($1::text[], $2::text[], $3::text[], $4::text[]) AS wanted (community_id, member_id, rule,
        subject)
    CROSS JOIN LATERAL (
        SELECT * FROM earning e
        WHERE e.community_id = wanted.community_id AND e.member_id = wanted.member_id
          AND e.rule = wanted.rule AND e.subject = wanted.subject OFFSET 0
    ) AS known
"""  # noqa: S608 - constants
LOAD_ABOUT_MESSAGES = f"""
    SELECT {_COLUMNS}
    FROM unnest($1::text[], $2::text[], $3::text[]) AS wanted (community_id, member_id, message_id)
    CROSS JOIN LATERAL (
        SELECT * FROM earning e
        WHERE e.community_id = wanted.community_id AND e.member_id = wanted.member_id
          AND e.message_id = wanted.message_id AND e.message_id <> '' OFFSET 0
    ) AS known
    ORDER BY known.community_id, known.member_id, known.rule, known.subject
"""  # noqa: S608 - constants
COUNT_PAID = """
    SELECT wanted.community_id, wanted.member_id, wanted.rule, wanted.day, paid.places
    FROM unnest($1::text[], $2::text[], $3::text[], $4::date[]) AS wanted (community_id, member_id, rule, day)
    CROSS JOIN LATERAL (
        SELECT count(*)::int AS places FROM earning e
        WHERE e.community_id = wanted.community_id AND e.member_id = wanted.member_id
          AND e.rule = wanted.rule AND e.day = wanted.day AND e.points > 0
    ) AS paid
"""
SAVE_EARNINGS = """
    INSERT INTO earning (community_id, member_id, rule, subject, occurred_at, day, message_id, giver_id,
        points,
                         rule_version, told, stands, award_id)
    SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::timestamptz[], $6::date[],
        $7::text[],
                         $8::text[], $9::int[], $10::int[], $11::jsonb[], $12::boolean[], $13::uuid[])
    ON CONFLICT (community_id, member_id, rule, subject) DO UPDATE SET
        points = excluded.points, rule_version = excluded.rule_version, told = excluded.told,
        stands = excluded.stands, award_id = excluded.award_id
"""
PlaceKey = tuple[str, str, str, date]
"""community_id, member_id, rule, local day."""


async def load_earnings(connection: Connection, keys: Collection[EarningKey]) -> dict[EarningKey, Earning]:
    """Those of the earnings of which anything is known; keys must not repeat."""
    columns = list(zip(*keys, strict=True)) or [(), (), (), ()]
    earnings = map(_earning, await connection.fetch(LOAD_EARNINGS, *columns))
    return {earning.key: earning for earning in earnings}


async def load_about(
    connection: Connection, messages: Collection[MessageKey]
) -> dict[MessageKey, list[Earning]]:
    """The earnings about each message, where there are any."""
    columns = list(zip(*messages, strict=True)) or [(), (), ()]
    found: dict[MessageKey, list[Earning]] = {}
    for earning in map(_earning, await connection.fetch(LOAD_ABOUT_MESSAGES, *columns)):
        found.setdefault((*earning.key[:2], earning.message_id), []).append(earning)
    return found


async def count_paid(connection: Connection, places: Collection[PlaceKey]) -> dict[PlaceKey, int]:
    """How many places of each day are taken; keys must not repeat."""
    columns = list(zip(*places, strict=True)) or [(), (), (), ()]
    rows = await connection.fetch(COUNT_PAID, *columns)
    return {(row[0], row[1], row[2], row[3]): row[4] for row in rows}


async def save_earnings(connection: Connection, earnings: Iterable[Earning]) -> None:
    """Insert or replace, in the order of their keys."""
    rows = sorted((_row(earning) for earning in earnings), key=lambda row: row[:4])
    if rows:
        await connection.execute(SAVE_EARNINGS, *zip(*rows, strict=True))


def _earning(row: asyncpg.Record) -> Earning:
    told = {name: (said[0], said[1]) for name, said in json.loads(row["told"]).items()}
    return Earning(
        (row["community_id"], row["member_id"], row["rule"], row["subject"]),
        row["occurred_at"],
        row["day"],
        row["message_id"],
        row["giver_id"],
        row["points"],
        row["rule_version"],
        told,
        row["stands"],
        str(row["award_id"]) if row["award_id"] else None,
    )


def _row(earning: Earning) -> tuple[Any, ...]:
    key, occurred_at, day, message_id, giver_id, points, version, told, stands, award = earning
    return (
        *key, occurred_at, day, message_id, giver_id, points, version, json.dumps(dict(told)), stands, award,
    )  # fmt: skip
