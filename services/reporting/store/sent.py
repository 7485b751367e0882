"""Which reports were sent, and what waits for a webhook."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any, NamedTuple

from services.reporting.domain.periods import By
from shared.postgres.connection import Connection

CLAIM = """
    INSERT INTO sent_report
        (community_id, by, first_day, attempt, period, state, revision, sent_at, sent_to, requested_by)
    SELECT $1, $2, $3, CASE WHEN $9::text IS NULL THEN 1 ELSE coalesce(max(attempt), 1) + 1 END,
           $4, $5, $6, $7, $8::text[], $9
    FROM sent_report WHERE community_id = $1 AND by = $2 AND first_day = $3
    ON CONFLICT DO NOTHING RETURNING attempt
"""  # by schedule it is the first and there is one; a person's come after it
IS_CLAIMED = """
    SELECT EXISTS (SELECT FROM sent_report
                   WHERE community_id = $1 AND by = $2 AND first_day = $3 AND attempt = 1)
"""
SENT = """
    SELECT by, first_day, attempt, period, state, revision, sent_at, sent_to, requested_by,
           (SELECT coalesce(sum(day.revision), 0)::bigint FROM day
            WHERE day.community_id = $1 AND local_date >= first_day AND local_date < first_day + (
                CASE by WHEN 'day' THEN '1 day' WHEN 'week' THEN '7 days' ELSE '1 month' END)::interval
           ) AS revision_now
    FROM sent_report
    WHERE community_id = $1
      AND ($2::timestamptz IS NULL OR (sent_at, by, first_day, attempt) < ($2, $3, $4, $5))
    ORDER BY sent_at DESC, by DESC, first_day DESC, attempt DESC LIMIT $6
"""
ADD_DELIVERY = """
    INSERT INTO delivery (delivery_id, community_id, body, next_at) VALUES ($1, $2, $3, $4)
    ON CONFLICT DO NOTHING
"""
TAKE_DELIVERIES = """
    UPDATE delivery SET
        attempts = attempts + 1, next_at = $1::timestamptz + $3::interval * 2 ^ least(attempts, 10)
    WHERE delivery_id IN (
        SELECT delivery_id FROM delivery WHERE state = 'waiting' AND next_at <= $1
        ORDER BY next_at LIMIT $2 FOR UPDATE SKIP LOCKED
    )
    RETURNING delivery_id::text, community_id, body, attempts,
        (SELECT webhook_url FROM report_setting s WHERE s.community_id = delivery.community_id),
        (SELECT webhook_secret FROM report_setting s WHERE s.community_id = delivery.community_id)
"""  # taken with its next attempt already set: who dies in between has lost nothing
NOTE_ANSWER = """
    UPDATE delivery SET state = coalesce($2, state), last_answer = $3,
        body = CASE WHEN $2::text IS NULL THEN body ELSE '' END
    WHERE delivery_id = $1
"""  # what is over is not kept: a report names people
FIRST_PAUSE = timedelta(seconds=30)


class SentReport(NamedTuple):
    """A report that was sent, was empty, or failed."""

    by: str
    first_day: date
    attempt: int
    period: str
    state: str
    revision: int
    sent_at: datetime
    sent_to: Sequence[str]
    requested_by: str | None
    revision_now: int
    """Of the period's days now: higher than `revision` when late events came since."""


class Delivery(NamedTuple):
    """What is to be brought to a webhook."""

    delivery_id: str
    community_id: str
    body: str
    attempts: int
    url: str | None
    secret: str | None


async def is_claimed(connection: Connection, community_id: str, by: By, first_day: date) -> bool:
    """Whether the period's report was sent by schedule."""
    claimed: bool = await connection.fetchval(IS_CLAIMED, community_id, by, first_day)
    return claimed


async def claim(
    connection: Connection,
    community_id: str,
    by: By,
    first_day: date,
    told: tuple[str, str, int, datetime, Sequence[str]],
    requested_by: str | None = None,
) -> int | None:
    """Note a report: (period, state, revision, sent_at, sent_to). Its attempt; None if it was there."""
    attempt: int | None = await connection.fetchval(
        CLAIM, community_id, by, first_day, *told[:3], told[3], list(told[4]), requested_by
    )
    return attempt


async def sent(
    connection: Connection, community_id: str, after: tuple[Any, ...] | None, limit: int
) -> list[SentReport]:
    """Newest first, behind (sent_at, by, first_day, attempt)."""
    rows = await connection.fetch(SENT, community_id, *(after or (None, None, None, None)), limit)
    return [SentReport(*row) for row in rows]


async def add_delivery(
    connection: Connection, delivery_id: str, community_id: str, body: str, at: datetime
) -> None:
    """Let something wait for the webhook; the same id once."""
    await connection.execute(ADD_DELIVERY, delivery_id, community_id, body, at)


async def take_deliveries(connection: Connection, now: datetime, limit: int) -> list[Delivery]:
    """Those that are due, each for one who asks; their next attempt is set already."""
    return [Delivery(*row) for row in await connection.fetch(TAKE_DELIVERIES, now, limit, FIRST_PAUSE)]


async def note_answer(connection: Connection, delivery_id: str, state: str | None, answer: str) -> None:
    """What came of an attempt; a state ends the delivery."""
    await connection.execute(NOTE_ANSWER, delivery_id, state, answer)
