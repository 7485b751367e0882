"""What reports say beyond metrics: people, cohorts of two groups, what draws answers, what the log held."""

from typing import NamedTuple

from services.reporting.domain.periods import Span
from services.reporting.domain.report import PersonRow, Reconciled
from services.reporting.domain.series import Tally
from shared.contracts.partitioning import partition_of
from shared.postgres.connection import Connection

# bounds on occurred_at are wider than any zone; they choose partitions and the index's range
PEOPLE = """
    WITH now AS (
        SELECT member_id, sum(messages)::int AS messages FROM member_period
        WHERE community_id = $1 AND by = 'day' AND first_day BETWEEN $2 AND $3 GROUP BY member_id
    ), before AS (
        SELECT member_id, sum(messages)::int AS messages FROM member_period
        WHERE community_id = $1 AND by = 'day' AND first_day BETWEEN $4 AND $5 GROUP BY member_id
    )
    SELECT wrote.member_id, coalesce(member.name, wrote.member_id) AS name, wrote.messages, wrote.before
    FROM (
        SELECT member_id, coalesce(now.messages, 0) AS messages, coalesce(before.messages, 0) AS before
        FROM now FULL JOIN before USING (member_id)
    ) AS wrote
    LEFT JOIN member ON member.community_id = $1 AND member.member_id = wrote.member_id
    WHERE wrote.messages + wrote.before >= $6
"""
ANSWERED = """
    WITH said AS (
        SELECT subject_id, member_id, answers_id, other_member_id FROM fact
        WHERE community_id = $1 AND occurred_at BETWEEN $2::date - 2 AND $3::date + 3
          AND local_date BETWEEN $2 AND $3 AND type = 'message.posted' AND NOT is_bot
    )
    SELECT reply.member_id, count(DISTINCT coalesce(reply.other_member_id, original.member_id))
    FROM said reply LEFT JOIN said original ON original.subject_id = reply.answers_id
    WHERE reply.answers_id IS NOT NULL
      AND coalesce(reply.other_member_id, original.member_id) <> reply.member_id
    GROUP BY reply.member_id
"""
FORMS = """
    WITH said AS (
        SELECT subject_id, member_id, answers_id, label FROM fact
        WHERE community_id = $1 AND occurred_at BETWEEN $2::date - 2 AND $3::date + 3
          AND local_date BETWEEN $2 AND $3 AND type = 'message.posted' AND NOT is_bot
    ), answered AS (
        SELECT DISTINCT original.subject_id FROM said original
        JOIN said reply ON reply.answers_id = original.subject_id AND reply.member_id <> original.member_id
    )
    SELECT said.label, count(*), count(answered.subject_id)
    FROM said LEFT JOIN answered USING (subject_id) GROUP BY said.label ORDER BY 2 DESC, 1
"""
CHECKED_IN = """
    WITH earlier AS (
        SELECT member_id FROM member_period
        WHERE community_id = $1 AND by = 'day' AND first_day BETWEEN $2 AND $3 GROUP BY member_id
    ), marked AS (
        SELECT DISTINCT member_id FROM fact
        WHERE community_id = $1 AND occurred_at BETWEEN $2::date - 2 AND $3::date + 3
          AND local_date BETWEEN $2 AND $3 AND type = $6
    ), later AS (
        SELECT DISTINCT member_id FROM member_period
        WHERE community_id = $1 AND by = 'day' AND first_day BETWEEN $4 AND $5
    )
    SELECT marked.member_id IS NOT NULL, count(*), count(later.member_id)
    FROM earlier LEFT JOIN marked USING (member_id) LEFT JOIN later USING (member_id) GROUP BY 1
"""
REFUSED = "SELECT count(*) FROM dead_letter WHERE key = convert_to($1, 'UTF8')"
LANE = """
    SELECT coalesce(sum(next_offset - first_offset), 0)::bigint, coalesce(sum(applied), 0)::bigint,
           coalesce(sum(duplicates), 0)::bigint, coalesce(sum(dead_lettered), 0)::bigint,
           coalesce(sum(skipped), 0)::bigint
    FROM lane_offset WHERE consumer_group = $1 AND partition = $2
"""
CHANNELS_MAX = 10
PEOPLE_MESSAGES_MIN = 5
"""Who wrote fewer in both periods is in no list of people."""


class Kept(NamedTuple):
    """Of a group that wrote in the period before, how many and how many wrote again."""

    members: int
    again: int


async def people(connection: Connection, community_id: str, span: Span, before: Span) -> list[PersonRow]:
    """Everybody who wrote enough in either period, and how many people each answered."""
    answered = {
        row[0]: row[1] for row in await connection.fetch(ANSWERED, community_id, span.first, span.last)
    }
    rows = await connection.fetch(
        PEOPLE, community_id, span.first, span.last, before.first, before.last, PEOPLE_MESSAGES_MIN
    )
    return [PersonRow(row[0], row[1], row[2], row[3], answered.get(row["member_id"], 0)) for row in rows]


async def forms(connection: Connection, community_id: str, span: Span) -> list[tuple[str, int, int]]:
    """By form of message how many, and how many were answered by somebody else in the same span."""
    rows = await connection.fetch(FORMS, community_id, span.first, span.last)
    return [(row[0] or "", row[1], row[2]) for row in rows]


async def kept_of(
    connection: Connection, community_id: str, before: Span, span: Span, marked_by: str
) -> dict[bool, Kept]:
    """Of those who wrote before: with and without an event of a type, how many wrote again."""
    rows = await connection.fetch(
        CHECKED_IN, community_id, before.first, before.last, span.first, span.last, marked_by
    )
    return {row[0]: Kept(row[1], row[2]) for row in rows}


async def reconciled(
    connection: Connection, community_id: str, group: str, tallies: list[Tally], late: int
) -> Reconciled:
    """The period's facts beside the state of the lane that they came through."""
    received: dict[str, int] = {}
    for tally in tallies:
        received[tally.type] = received.get(tally.type, 0) + tally.events
    refused = await connection.fetchval(REFUSED, community_id)
    lane = await connection.fetchrow(LANE, group, partition_of(community_id))
    assert lane is not None
    bots = sum(tally.events for tally in tallies if tally.is_bot)
    return Reconciled(received, bots, late, refused, *lane)
