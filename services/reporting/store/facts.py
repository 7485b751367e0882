"""Facts and roll-ups, as they are written with each batch."""

from collections.abc import Sequence

import asyncpg

from services.reporting.domain.fact import COLUMNS, Fact
from services.reporting.domain.roll_up import RollUp
from services.reporting.store.columns import columns_of
from shared.postgres.connection import Connection

COPY_FROM_FACTS = 24
"""From this many facts on, COPY and its savepoint cost less than an INSERT."""

INSERT_FACTS = """
    INSERT INTO fact
        (event_id, community_id, occurred_at, local_date, local_hour, type, member_id, channel_id, subject_id,
         other_member_id, label, amount, is_bot, is_late, answers_id, thread_key)
    SELECT * FROM unnest(
        $1::uuid[], $2::text[], $3::timestamptz[], $4::date[], $5::smallint[], $6::text[], $7::text[],
        $8::text[], $9::text[], $10::text[], $11::text[], $12::bigint[], $13::bool[], $14::bool[],
        $15::text[], $16::bigint[])
    ON CONFLICT DO NOTHING
    RETURNING event_id::text
"""
ADD_PERIODS = """
    WITH touched AS (
        INSERT INTO member_period AS known (community_id, by, first_day, member_id, messages, answers)
        SELECT * FROM unnest($1::text[], $2::text[], $3::date[], $4::text[], $5::int[], $6::int[])
        ON CONFLICT (community_id, by, first_day, member_id) DO UPDATE SET
            messages = known.messages + excluded.messages, answers = known.answers + excluded.answers
        RETURNING community_id, by, first_day, xmax = 0 AS is_new
    )
    SELECT community_id, first_day, count(*) FROM touched
    WHERE is_new AND by = 'day' GROUP BY community_id, first_day
"""
ADD_DAYS = """
    INSERT INTO day
        (community_id, local_date, events, revision, first_event_at, last_event_at, active_members)
    SELECT * FROM unnest(
        $1::text[], $2::date[], $3::bigint[], $4::bigint[], $5::timestamptz[], $6::timestamptz[], $7::int[])
    ON CONFLICT (community_id, local_date) DO UPDATE SET
        events = day.events + excluded.events,
        revision = day.revision + excluded.revision,
        first_event_at = least(day.first_event_at, excluded.first_event_at),
        last_event_at = greatest(day.last_event_at, excluded.last_event_at),
        active_members = day.active_members + excluded.active_members
"""
ADD_COUNTS = """
    INSERT INTO day_count AS known
        (community_id, local_date, type, is_bot, label, events, amount, answers)
    SELECT * FROM unnest($1::text[], $2::date[], $3::text[], $4::bool[], $5::text[],
                         $6::bigint[], $7::bigint[], $8::bigint[])
    ON CONFLICT (community_id, local_date, type, is_bot, label) DO UPDATE SET
        events = known.events + excluded.events, amount = known.amount + excluded.amount,
        answers = known.answers + excluded.answers
"""
ADD_CHANNELS = """
    INSERT INTO channel_count AS known
        (community_id, local_date, channel_id, type, is_bot, events, amount, answers)
    SELECT * FROM unnest($1::text[], $2::date[], $3::text[], $4::text[], $5::bool[],
                         $6::bigint[], $7::bigint[], $8::bigint[])
    ON CONFLICT (community_id, local_date, channel_id, type, is_bot) DO UPDATE SET
        events = known.events + excluded.events, amount = known.amount + excluded.amount,
        answers = known.answers + excluded.answers
"""
ADD_HOURS = """
    INSERT INTO hour_count AS known
        (community_id, local_date, local_hour, type, is_bot, events, amount, answers)
    SELECT * FROM unnest($1::text[], $2::date[], $3::smallint[], $4::text[], $5::bool[],
                         $6::bigint[], $7::bigint[], $8::bigint[])
    ON CONFLICT (community_id, local_date, local_hour, type, is_bot) DO UPDATE SET
        events = known.events + excluded.events, amount = known.amount + excluded.amount,
        answers = known.answers + excluded.answers
"""
ADD_MEMBERS = """
    INSERT INTO member AS known
        (community_id, member_id, first_seen_on, joined_at, joined_on, invited_by, first_message_at,
         first_message_on, last_message_at, name, named_at)
    SELECT * FROM unnest($1::text[], $2::text[], $3::date[], $4::timestamptz[], $5::date[], $6::text[],
                         $7::timestamptz[], $8::date[], $9::timestamptz[], $10::text[], $11::timestamptz[])
    ON CONFLICT (community_id, member_id) DO UPDATE SET
        first_seen_on = least(known.first_seen_on, excluded.first_seen_on),
        joined_at = least(known.joined_at, excluded.joined_at),
        joined_on = CASE WHEN known.joined_at <= excluded.joined_at OR excluded.joined_at IS NULL
                         THEN known.joined_on ELSE excluded.joined_on END,
        invited_by = CASE WHEN known.joined_at <= excluded.joined_at OR excluded.joined_at IS NULL
                          THEN known.invited_by ELSE excluded.invited_by END,
        first_message_at = least(known.first_message_at, excluded.first_message_at),
        first_message_on = least(known.first_message_on, excluded.first_message_on),
        last_message_at = greatest(known.last_message_at, excluded.last_message_at),
        name = CASE WHEN (known.named_at, known.name) >= (excluded.named_at, excluded.name)
                         OR excluded.named_at IS NULL THEN known.name ELSE excluded.name END,
        named_at = greatest(known.named_at, excluded.named_at)
"""
ADD_PRESENCES = """
    INSERT INTO presence (community_id, member_id, occurred_at, local_date, is_join)
    SELECT * FROM unnest($1::text[], $2::text[], $3::timestamptz[], $4::date[], $5::bool[])
    ON CONFLICT DO NOTHING
"""


async def add_facts(connection: Connection, facts: Sequence[Fact]) -> Sequence[Fact]:
    """Keep facts; returns those that were not there, in order."""
    if len(facts) >= COPY_FROM_FACTS:
        try:
            async with connection.transaction():
                await connection.copy_records_to_table("fact", records=facts, columns=COLUMNS)
            return facts
        except (asyncpg.UniqueViolationError, OverflowError, ValueError):
            pass  # COPY cannot skip what is there, nor does it say that a value does not fit as INSERT does
    rows = await connection.fetch(INSERT_FACTS, *columns_of(facts, len(COLUMNS)))
    fresh = {row[0] for row in rows}
    return [fact for fact in facts if fact.event_id in fresh]


async def add_roll_up(connection: Connection, added: RollUp) -> None:
    """Add to the roll-ups; every statement takes its rows in the order of their keys."""
    joined = {}
    if added.active:
        rows = await connection.fetch(ADD_PERIODS, *columns_of(added.active, 6))
        joined = {(row[0], row[1]): row[2] for row in rows}
    active = [joined.get(change[:2], 0) for change in added.days]
    await connection.execute(ADD_DAYS, *columns_of(added.days, 6), active)
    await connection.execute(ADD_COUNTS, *columns_of(added.counts, 8))
    for statement, rows_of, width in (
        (ADD_CHANNELS, added.channels, 8),
        (ADD_HOURS, added.hours, 8),
        (ADD_MEMBERS, added.members, 11),
        (ADD_PRESENCES, added.presences, 5),
    ):
        if rows_of:
            await connection.execute(statement, *columns_of(rows_of, width))
