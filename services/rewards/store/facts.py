"""The facts of months: members' days with their slots, and who talked with whom."""

from collections.abc import Collection
from typing import NamedTuple

from services.rewards.domain.facts import DayChange, DayKey, FactChanges, TalkKey
from services.rewards.store.months import count_late
from shared.postgres.connection import Connection

LOAD_SLOTS = """
    SELECT known.community_id, known.day, known.member_id, known.slots, known.sketches
    FROM unnest($1::text[], $2::date[], $3::text[]) AS wanted (community_id, day, member_id)
    CROSS JOIN LATERAL (
        SELECT * FROM member_day d
        WHERE d.community_id = wanted.community_id AND d.day = wanted.day
          AND d.member_id = wanted.member_id OFFSET 0
    ) AS known
"""
ADD_TO_DAYS = """
    INSERT INTO member_day AS known (community_id, day, member_id, messages, checkins, last_at, slots,
                                     sketches, alike)
    SELECT community_id, day, member_id, messages, checkins, last_at, slots::bigint[], sketches::text[], alike
    FROM unnest($1::text[], $2::date[], $3::text[], $4::int[], $5::int[], $6::timestamptz[], $7::text[],
                $8::text[], $9::int[])
         AS added (community_id, day, member_id, messages, checkins, last_at, slots, sketches, alike)
    ON CONFLICT (community_id, day, member_id) DO UPDATE SET
        messages = known.messages + excluded.messages, checkins = known.checkins + excluded.checkins,
        last_at = greatest(known.last_at, excluded.last_at), slots = known.slots || excluded.slots,
        alike = known.alike + excluded.alike,
        sketches = CASE WHEN excluded.sketches = '{}' THEN known.sketches ELSE excluded.sketches END
"""
TAKE_FROM_DAYS = """
    UPDATE member_day AS known SET
        messages = known.messages - taken.messages, checkins = known.checkins - taken.checkins,
        last_at = greatest(
            (SELECT max(m.posted_at) FROM message m
             WHERE m.community_id = known.community_id AND m.member_id = known.member_id
               AND m.day = known.day AND m.stands),
            (SELECT max(c.recorded_at) FROM checkin c
             WHERE c.community_id = known.community_id AND c.local_date = known.day
               AND c.member_id = known.member_id AND c.stands))
    FROM unnest($1::text[], $2::date[], $3::text[], $4::int[], $5::int[])
         AS taken (community_id, day, member_id, messages, checkins)
    WHERE known.community_id = taken.community_id AND known.day = taken.day
      AND known.member_id = taken.member_id
"""  # reads every message of the member; only removals and revocations come here
ADD_TO_TALKS = """
    INSERT INTO talk AS known (community_id, month, member_id, partner_id, messages)
    SELECT * FROM unnest($1::text[], $2::date[], $3::text[], $4::text[], $5::int[])
    ON CONFLICT (community_id, month, member_id, partner_id) DO UPDATE SET
        messages = known.messages + excluded.messages
"""
TAKE_FROM_TALKS = """
    UPDATE talk AS known SET messages = known.messages - taken.messages
    FROM unnest($1::text[], $2::date[], $3::text[], $4::text[], $5::int[])
         AS taken (community_id, month, member_id, partner_id, messages)
    WHERE known.community_id = taken.community_id AND known.month = taken.month
      AND known.member_id = taken.member_id AND known.partner_id = taken.partner_id
"""


class DaySlots(NamedTuple):
    """A member's day: the moments of its paid messages, and sketches of the last five."""

    moments: list[int]
    sketches: list[str]


async def load_slots(connection: Connection, keys: Collection[DayKey]) -> dict[DayKey, DaySlots]:
    """What is known of paid messages of these days, where there is anything; keys must not repeat."""
    columns = list(zip(*keys, strict=True)) or [(), (), ()]
    rows = await connection.fetch(LOAD_SLOTS, *columns)
    return {(row[0], row[1], row[2]): DaySlots(row[3], row[4]) for row in rows}


async def save_facts(connection: Connection, changes: FactChanges) -> None:
    """Apply the changes; messages and check-ins that they speak of must be saved before."""
    days = sorted(changes.days.items())
    await _add_to_days(connection, [(key, change) for key, change in days if change.grows])
    await _take_from_days(connection, [(key, change) for key, change in days if change.shrinks])
    talks = sorted(changes.talks.items())
    await _change_talks(connection, ADD_TO_TALKS, [(key, by) for key, by in talks if by > 0])
    await _change_talks(connection, TAKE_FROM_TALKS, [(key, -by) for key, by in talks if by < 0])
    await count_late(connection, changes.late)


async def _add_to_days(connection: Connection, days: list[tuple[DayKey, DayChange]]) -> None:
    if not days:
        return
    await connection.execute(
        ADD_TO_DAYS,
        *zip(*(key for key, _ in days), strict=True),
        [change.messages_added for _, change in days],
        [change.checkins_added for _, change in days],
        [change.last_at for _, change in days],
        [f"{{{','.join(map(str, change.slots))}}}" for _, change in days],
        [f"{{{','.join(change.sketches)}}}" for _, change in days],
        [change.alike for _, change in days],
    )


async def _take_from_days(connection: Connection, days: list[tuple[DayKey, DayChange]]) -> None:
    if not days:
        return
    await connection.execute(
        TAKE_FROM_DAYS,
        *zip(*(key for key, _ in days), strict=True),
        [change.messages_taken for _, change in days],
        [change.checkins_taken for _, change in days],
    )


async def _change_talks(connection: Connection, statement: str, talks: list[tuple[TalkKey, int]]) -> None:
    if not talks:
        return
    columns = zip(*((*key, by) for key, by in talks), strict=True)
    await connection.execute(statement, *columns)
