"""What every person of a month did: the facts that its score is made of."""

from collections.abc import Collection

from services.rewards.domain.facts import MonthKey
from services.rewards.domain.people import Same
from services.rewards.domain.score import MemberFacts, ScoreRule
from shared.postgres.connection import Connection

MONTH_FACTS = """
    WITH wanted AS MATERIALIZED (SELECT * FROM unnest($1::text[], $2::date[]) AS w (community_id, month)),
    days AS (
        SELECT wanted.community_id, wanted.month, known.member_id,
               sum(least(known.messages, $3)) AS messages, sum(known.checkins) AS checkins,
               max(known.last_at) AS last_at
        FROM wanted CROSS JOIN LATERAL (
            SELECT * FROM member_day d
            WHERE d.community_id = wanted.community_id AND d.day >= wanted.month
              AND d.day < (wanted.month + interval '1 month')::date
              AND (d.messages > 0 OR d.checkins > 0) OFFSET 0
        ) AS known
        GROUP BY 1, 2, 3
    ),
    talks AS (
        SELECT wanted.community_id, wanted.month, known.member_id, count(*) AS talked_with
        FROM wanted CROSS JOIN LATERAL (
            SELECT * FROM talk t
            WHERE t.community_id = wanted.community_id AND t.month = wanted.month AND t.messages > 0 OFFSET 0
        ) AS known
        GROUP BY 1, 2, 3
    )
    SELECT days.community_id, days.month, days.member_id, days.messages::int, days.checkins::int,
           coalesce(talks.talked_with, 0)::int, days.last_at
    FROM days LEFT JOIN talks USING (community_id, month, member_id)
"""
# Days and partners of linked accounts are put together first; nobody talks with themselves.
MONTH_FACTS_OF_PEOPLE = """
    WITH wanted AS MATERIALIZED (SELECT * FROM unnest($1::text[], $2::date[]) AS w (community_id, month)),
    same AS MATERIALIZED (
        SELECT * FROM unnest($4::text[], $5::date[], $6::text[], $7::text[], $8::int[])
            AS s (community_id, month, account_id, member_id, twice)
    ),
    accounts AS (
        SELECT wanted.community_id, wanted.month, coalesce(same.member_id, known.member_id) AS member_id,
               known.day, sum(known.messages) AS messages, sum(known.checkins) AS checkins,
               max(known.last_at) AS last_at
        FROM wanted CROSS JOIN LATERAL (
            SELECT * FROM member_day d
            WHERE d.community_id = wanted.community_id AND d.day >= wanted.month
              AND d.day < (wanted.month + interval '1 month')::date
              AND (d.messages > 0 OR d.checkins > 0) OFFSET 0
        ) AS known
        LEFT JOIN same ON same.community_id = wanted.community_id AND same.month = wanted.month
                      AND same.account_id = known.member_id
        GROUP BY 1, 2, 3, 4
    ),
    days AS (
        SELECT community_id, month, member_id, sum(least(messages, $3)) AS messages,
               sum(checkins) AS checkins, max(last_at) AS last_at
        FROM accounts GROUP BY 1, 2, 3
    ),
    twice AS (SELECT community_id, month, member_id, sum(twice) AS twice FROM same GROUP BY 1, 2, 3),
    pairs AS (
        SELECT DISTINCT wanted.community_id, wanted.month,
               coalesce(one.member_id, known.member_id) AS member_id,
               coalesce(other.member_id, known.partner_id) AS partner_id
        FROM wanted CROSS JOIN LATERAL (
            SELECT * FROM talk t
            WHERE t.community_id = wanted.community_id AND t.month = wanted.month AND t.messages > 0 OFFSET 0
        ) AS known
        LEFT JOIN same one ON one.community_id = wanted.community_id AND one.month = wanted.month
                          AND one.account_id = known.member_id
        LEFT JOIN same other ON other.community_id = wanted.community_id AND other.month = wanted.month
                            AND other.account_id = known.partner_id
    ),
    talks AS (
        SELECT community_id, month, member_id, count(*) AS talked_with FROM pairs
        WHERE member_id <> partner_id GROUP BY 1, 2, 3
    )
    SELECT days.community_id, days.month, days.member_id, days.messages::int,
           (days.checkins - coalesce(twice.twice, 0))::int, coalesce(talks.talked_with, 0)::int, days.last_at
    FROM days LEFT JOIN talks USING (community_id, month, member_id)
    LEFT JOIN twice USING (community_id, month, member_id)
"""
# A closed month keeps whose facts they were; an open one has the links that hold now.
PEOPLE = """
    WITH wanted AS MATERIALIZED (SELECT * FROM unnest($1::text[], $2::date[]) AS w (community_id, month)),
    linked AS MATERIALIZED (
        SELECT w.community_id, w.month, (w.month + interval '1 month')::date AS ends, l.account_id,
               l.member_id
        FROM wanted w JOIN link l ON l.community_id = w.community_id AND l.unlinked_at IS NULL
        WHERE NOT EXISTS (
            SELECT FROM month_result r WHERE r.community_id = w.community_id AND r.month = w.month)
    )
    SELECT w.community_id, w.month, p.key, p.value ->> 0, (p.value ->> 1)::int
    FROM wanted w JOIN month_result r ON r.community_id = w.community_id AND r.month = w.month
    CROSS JOIN LATERAL jsonb_each(r.people) AS p
    UNION ALL
    SELECT l.community_id, l.month, l.account_id, l.member_id, (
        SELECT count(*)::int FROM checkin c
        WHERE c.community_id = l.community_id AND c.local_date >= l.month AND c.local_date < l.ends
          AND c.member_id = l.account_id AND c.stands AND EXISTS (
            SELECT FROM checkin o
            WHERE o.community_id = c.community_id AND o.local_date = c.local_date
              AND o.campaign_id = c.campaign_id AND o.stands
              AND (o.member_id = l.member_id OR o.member_id IN (
                SELECT b.account_id FROM linked b
                WHERE b.community_id = l.community_id AND b.month = l.month AND b.member_id = l.member_id
                  AND b.account_id < l.account_id)))
    )
    FROM linked l
"""


async def load_people(connection: Connection, months: Collection[MonthKey]) -> dict[MonthKey, list[Same]]:
    """By month the linked accounts, and whose facts theirs are; keys must not repeat."""
    columns = list(zip(*months, strict=True)) or [(), ()]
    people: dict[MonthKey, list[Same]] = {}
    for row in await connection.fetch(PEOPLE, *columns):
        people.setdefault((row[0], row[1]), []).append(Same(*row[2:]))
    return people


async def load_month_facts(
    connection: Connection, months: Collection[MonthKey], rule: ScoreRule
) -> dict[MonthKey, list[MemberFacts]]:
    """What every candidate of these months did; keys must not repeat."""
    columns = list(zip(*months, strict=True)) or [(), ()]
    facts: dict[MonthKey, list[MemberFacts]] = {key: [] for key in months}
    people = await load_people(connection, months)
    same = [(*key, *each) for key, linked in people.items() for each in linked]
    values = (*columns, rule.messages_per_day_max)
    rows = (
        await connection.fetch(MONTH_FACTS_OF_PEOPLE, *values, *zip(*same, strict=True))
        if same
        else await connection.fetch(MONTH_FACTS, *values)
    )
    for row in rows:
        facts[row[0], row[1]].append(MemberFacts(row[2], row[3], row[4], row[5], row[6]))
    return facts
