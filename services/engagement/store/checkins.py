"""All SQL of engagement: the state of the days that a batch touches, and what people ask about check-ins."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from datetime import UTC, date, datetime
from operator import attrgetter
from typing import Any, TypeAlias
from zoneinfo import ZoneInfo

import asyncpg

from services.engagement.domain.book import Book, Day, MemberKey
from services.engagement.domain.message import DAILY, DayKey, Message, MessageKey, Verdict
from services.engagement.domain.streak import Run, Streaks
from shared.contracts.profiles import DEFAULT_TIME_ZONE
from shared.postgres.connection import Connection, Pool

Reader: TypeAlias = Connection | Pool

# In the order of Message, and of the statements that select and insert them.
_fields_of = attrgetter(
    "community_id", "message_id", "member_id", "channel_id", "occurred_at", "local_date", "day_ends_at"
)

# Each look-up below is LATERAL behind OFFSET 0 or LIMIT, so that it always goes through the index: a plan
# made while the tables are empty would else scan them for as long as it is cached.

NAMED_MESSAGES = """
    SELECT wanted.community_id, wanted.message_id,
           message.member_id, message.channel_id,
           message.occurred_at, message.local_date, message.day_ends_at,
           verdict.noted_at, verdict.decision, verdict.is_removed, verdict.deleted_at
    FROM unnest($1::text[], $2::text[]) AS wanted (community_id, message_id)
    LEFT JOIN LATERAL (
        SELECT * FROM checkin_message m
        WHERE m.community_id = wanted.community_id AND m.message_id = wanted.message_id OFFSET 0
    ) AS message ON true
    LEFT JOIN LATERAL (
        SELECT * FROM message_verdict v
        WHERE v.community_id = wanted.community_id AND v.message_id = wanted.message_id OFFSET 0
    ) AS verdict ON true
    WHERE message.message_id IS NOT NULL OR verdict.message_id IS NOT NULL
"""
GOOD_MESSAGES = """
    SELECT message.community_id, message.message_id, message.member_id, message.channel_id,
           message.occurred_at, message.local_date, message.day_ends_at
    FROM unnest($1::text[], $2::text[], $3::date[]) AS wanted (community_id, member_id, local_date)
    CROSS JOIN LATERAL (
        SELECT * FROM checkin_message m
        WHERE m.community_id = wanted.community_id AND m.member_id = wanted.member_id
          AND m.local_date = wanted.local_date AND NOT m.is_void
        ORDER BY m.occurred_at, m.message_id LIMIT $4
    ) AS message
"""  # a member who floods a day with check-ins costs at most the batch's size once more
DAYS = """
    SELECT day.community_id, day.member_id, day.local_date,
           day.message_id, day.occurred_at, day.revision, day.is_repeat_answered
    FROM unnest($1::text[], $2::text[], $3::date[]) AS wanted (community_id, member_id, local_date)
    CROSS JOIN LATERAL (
        SELECT * FROM checkin c
        WHERE c.community_id = wanted.community_id AND c.campaign_id = $4
          AND c.local_date = wanted.local_date AND c.member_id = wanted.member_id OFFSET 0
    ) AS day
"""
RUNS = """
    SELECT wanted.community_id, wanted.member_id, run.first_date, run.last_date
    FROM unnest($1::text[], $2::text[], $3::date[], $4::date[])
         AS wanted (community_id, member_id, from_date, to_date)
    CROSS JOIN LATERAL (
        (SELECT s.first_date, s.last_date FROM checkin_streak s
         WHERE s.community_id = wanted.community_id AND s.campaign_id = $5 AND s.member_id = wanted.member_id
           AND s.first_date <= wanted.to_date + 1 AND s.last_date >= wanted.from_date - 1 OFFSET 0)
        UNION
        (SELECT s.first_date, s.last_date FROM checkin_streak s
         WHERE s.community_id = wanted.community_id AND s.campaign_id = $5 AND s.member_id = wanted.member_id
         ORDER BY s.first_date LIMIT $6)
    ) AS run
"""  # the earliest runs, one more than dates that may be taken away, tell whether a check-in is the first
SAVE_MESSAGES = """
    INSERT INTO checkin_message (community_id, message_id, member_id, channel_id, occurred_at, local_date,
                                 day_ends_at, is_void)
    SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::timestamptz[], $6::date[],
                         $7::timestamptz[], $8::boolean[])
    ON CONFLICT (community_id, message_id) DO UPDATE SET
        member_id = excluded.member_id, channel_id = excluded.channel_id, occurred_at = excluded.occurred_at,
        local_date = excluded.local_date, day_ends_at = excluded.day_ends_at, is_void = excluded.is_void
"""
SAVE_VERDICTS = """
    INSERT INTO message_verdict (community_id, message_id, noted_at, decision, is_removed, deleted_at)
    SELECT * FROM unnest($1::text[], $2::text[], $3::timestamptz[], $4::int[], $5::boolean[],
                         $6::timestamptz[])
    ON CONFLICT (community_id, message_id) DO UPDATE SET
        noted_at = excluded.noted_at, decision = excluded.decision,
        is_removed = excluded.is_removed, deleted_at = excluded.deleted_at
"""
SAVE_DAYS = """
    INSERT INTO checkin (community_id, member_id, local_date, campaign_id, message_id, occurred_at, revision,
                         is_repeat_answered)
    SELECT community_id, member_id, local_date, $8, message_id, occurred_at, revision, is_repeat_answered
    FROM unnest($1::text[], $2::text[], $3::date[], $4::text[], $5::timestamptz[], $6::int[], $7::boolean[])
         AS day (community_id, member_id, local_date, message_id, occurred_at, revision, is_repeat_answered)
    ON CONFLICT (community_id, campaign_id, local_date, member_id) DO UPDATE SET
        message_id = excluded.message_id, occurred_at = excluded.occurred_at,
        revision = excluded.revision, is_repeat_answered = excluded.is_repeat_answered
"""
END_RUNS = """
    DELETE FROM checkin_streak s
    USING unnest($1::text[], $2::text[], $3::date[]) AS ended (community_id, member_id, first_date)
    WHERE s.community_id = ended.community_id AND s.campaign_id = $4 AND s.member_id = ended.member_id
      AND s.first_date = ended.first_date
"""
SAVE_RUNS = """
    INSERT INTO checkin_streak (community_id, member_id, first_date, last_date, campaign_id)
    SELECT community_id, member_id, first_date, last_date, $5
    FROM unnest($1::text[], $2::text[], $3::date[], $4::date[])
         AS run (community_id, member_id, first_date, last_date)
    ON CONFLICT (community_id, campaign_id, member_id, first_date)
        DO UPDATE SET last_date = excluded.last_date
"""
FORGET_VERDICTS = """
    DELETE FROM message_verdict v
    USING unnest($1::text[], $2::timestamptz[]) AS old (community_id, noted_before)
    WHERE v.community_id = old.community_id AND v.noted_at < old.noted_before
      AND NOT EXISTS (SELECT FROM checkin_message m
                      WHERE m.community_id = v.community_id AND m.message_id = v.message_id)
"""
COMMUNITY_CLOCK = """
    SELECT CASE WHEN mode = 'event' AND event_clock IS NOT NULL THEN event_clock ELSE now() END,
           profile ->> 'time_zone'
    FROM community WHERE community_id = $1
"""
CHECKINS_OF_DATE = """
    SELECT c.member_id, c.local_date, c.message_id, m.channel_id, c.occurred_at, c.revision
    FROM checkin c JOIN checkin_message m USING (community_id, message_id)
    WHERE c.community_id = $1 AND c.campaign_id = $2 AND c.local_date = $3
      AND ($4::timestamptz IS NULL OR (c.occurred_at, c.member_id) > ($4, $5::text))
    ORDER BY c.occurred_at, c.member_id LIMIT $6
"""
MEMBER_TOTALS = """
    SELECT coalesce(sum(last_date - first_date + 1), 0)::int AS days,
           coalesce(max(last_date - first_date + 1) FILTER (WHERE last_date >= $4::date - 1), 0)::int
               AS current_streak_days,
           coalesce(max(last_date - first_date + 1), 0)::int AS longest_streak_days
    FROM checkin_streak WHERE community_id = $1 AND campaign_id = $2 AND member_id = $3
"""
MEMBER_DATES = """
    SELECT first_date + n AS local_date
    FROM checkin_streak
    CROSS JOIN LATERAL generate_series(0, least(last_date, $4::date - 1) - first_date) AS n
    WHERE community_id = $1 AND campaign_id = $2 AND member_id = $3 AND first_date < $4
    ORDER BY local_date DESC LIMIT $5
"""
BOARD = """
    SELECT row_number() OVER (ORDER BY count(*) DESC, max(occurred_at), member_id)::int AS rank,
           member_id, count(*)::int AS days, max(occurred_at) AS reached_at
    FROM checkin
    WHERE community_id = $1 AND campaign_id = $2 AND message_id IS NOT NULL
      AND local_date >= $3::date AND local_date < ($3::date + interval '1 month')::date
    GROUP BY member_id ORDER BY rank LIMIT $4
"""


async def load_book(
    connection: Connection, named: Collection[MessageKey], days: Iterable[DayKey], events: int
) -> Book:
    """What is stored of the messages that a batch names and of the days that it touches, by four statements.

    `days` are those of the batch's new messages, `events` is how many events may take an owner away.
    """
    messages, verdicts = await _named_messages(connection, named)
    touched = sorted({*days, *(message.day for message in messages.values())})
    if not touched:
        return Book(messages, verdicts, {}, {})
    keys = _columns(touched, 3)
    for row in await connection.fetch(GOOD_MESSAGES, *keys, events + 1):
        message = Message(*row)
        messages.setdefault(message.key, message)
    stored = await connection.fetch(DAYS, *keys, DAILY)
    by_key = {DayKey(*row[:3]): Day(*row[3:]) for row in map(tuple, stored)}
    return Book(messages, verdicts, by_key, await _streaks(connection, touched))


async def _named_messages(
    connection: Connection, named: Collection[MessageKey]
) -> tuple[dict[MessageKey, Message], dict[MessageKey, Verdict]]:
    messages: dict[MessageKey, Message] = {}
    verdicts: dict[MessageKey, Verdict] = {}
    for row in await connection.fetch(NAMED_MESSAGES, *_columns(sorted(named), 2)):
        key = MessageKey(row["community_id"], row["message_id"])
        if row["member_id"] is not None:
            messages[key] = Message(*row[:7])
        if row["noted_at"] is not None:
            verdicts[key] = Verdict(row["noted_at"], row["decision"], row["is_removed"], row["deleted_at"])
    return messages, verdicts


async def _streaks(connection: Connection, touched: Sequence[DayKey]) -> dict[MemberKey, Streaks]:
    dates: dict[MemberKey, list[date]] = defaultdict(list)
    for day in touched:
        dates[day.community_id, day.member_id].append(day.local_date)
    runs: dict[MemberKey, list[Run]] = {member: [] for member in dates}
    spans = [(*member, min(days), max(days)) for member, days in dates.items()]
    others = 1 + max(map(len, dates.values()))
    for row in await connection.fetch(RUNS, *_columns(spans, 4), DAILY, others):
        runs[row["community_id"], row["member_id"]].append(Run(row["first_date"], row["last_date"]))
    return {member: Streaks.of(known) for member, known in runs.items()}


async def save_book(connection: Connection, book: Book) -> None:
    """Write what the batch changed, in the order of the keys; at most five statements."""
    messages = [book.messages[key] for key in sorted(book.changed_messages)]
    if messages:
        rows = [(*_fields_of(message), book.is_void(message)) for message in messages]
        await connection.execute(SAVE_MESSAGES, *_columns(rows, 8))
    if book.changed_verdicts:
        verdicts = [(key, book.verdicts[key]) for key in sorted(book.changed_verdicts)]
        rows = [(*key, v.noted_at, v.decision, v.is_removed, v.deleted_at) for key, v in verdicts]
        await connection.execute(SAVE_VERDICTS, *_columns(rows, 6))
    if book.changed_days:
        days = [(key, book.days[key]) for key in sorted(book.changed_days)]
        rows = [(*key, d.message_id, d.occurred_at, d.revision, d.is_repeat_answered) for key, d in days]
        await connection.execute(SAVE_DAYS, *_columns(rows, 7), DAILY)
        await _save_streaks(connection, book)


async def _save_streaks(connection: Connection, book: Book) -> None:
    ended: list[tuple[Any, ...]] = []
    begun: list[tuple[Any, ...]] = []
    for member, streaks in sorted(book.streaks.items()):
        firsts = {run.first for run in streaks.begun}
        # a run that only grew or shrank at its end is updated in place
        ended += [(*member, run.first) for run in sorted(streaks.ended) if run.first not in firsts]
        begun += [(*member, run.first, run.last) for run in sorted(streaks.begun)]
    if ended:
        await connection.execute(END_RUNS, *_columns(ended, 3), DAILY)
    if begun:
        await connection.execute(SAVE_RUNS, *_columns(begun, 4), DAILY)


async def forget_verdicts(connection: Connection, before: Iterable[tuple[str, datetime]]) -> int:
    """Drop what was noted in these communities before these moments about no check-in; returns how many."""
    status: str = await connection.execute(FORGET_VERDICTS, *_columns(sorted(before), 2))
    return int(status.rpartition(" ")[2])


async def today(reader: Reader, community_id: str) -> date:
    """The local date by the community's own clock."""
    row = await reader.fetchrow(COMMUNITY_CLOCK, community_id)
    clock, zone = row or (datetime.now(UTC), None)
    there: datetime = clock.astimezone(ZoneInfo(zone or DEFAULT_TIME_ZONE))
    return there.date()


async def checkins_of_date(
    reader: Reader, community_id: str, day: date, after: tuple[Any, ...] | None, rows: int
) -> list[asyncpg.Record]:
    """The check-ins of a date, by time and member, after such a pair."""
    return await reader.fetch(CHECKINS_OF_DATE, community_id, DAILY, day, *(after or (None, None)), rows)


async def member_totals(reader: Reader, community_id: str, member_id: str, day: date) -> asyncpg.Record:
    """A member's days and streaks as of a date."""
    totals = await reader.fetchrow(MEMBER_TOTALS, community_id, DAILY, member_id, day)
    assert totals is not None
    return totals


async def member_dates(
    reader: Reader, community_id: str, member_id: str, before: date, rows: int
) -> list[asyncpg.Record]:
    """A member's dates before one, newest first."""
    return await reader.fetch(MEMBER_DATES, community_id, DAILY, member_id, before, rows)


async def board(reader: Reader, community_id: str, first: date, rows: int) -> list[asyncpg.Record]:
    """The members with the most days in the month that begins on `first`."""
    return await reader.fetch(BOARD, community_id, DAILY, first, rows)


def _columns(rows: Sequence[Sequence[Any]], width: int) -> list[list[Any]]:
    return [[row[column] for row in rows] for column in range(width)]
