"""A community of many messages, generated straight into reporting's tables: what its handler would have left.

Through Kafka and the handler ten million messages take a multiple of the time and of the disk. The roll-ups
are computed from the facts, by the statements that the tests hold the handler to.
"""

from datetime import date
from itertools import pairwise

from shared.postgres.connection import Connection
from tests.reporting_world import BY_THE_FACTS, ROLL_UPS

COMMUNITY, ZONE = "crowd", "Asia/Shanghai"
FIRST, LAST, TODAY = date(2024, 1, 1), date(2024, 12, 31), date(2025, 1, 1)
MEMBERS, CHANNELS, MESSAGES_A_THREAD = 20_000, 40, 50
TEXT_DAYS = 30
# A fifth of the members is there from the start, the others join in order of their number; the lower the
# number the more one writes. Messages are spread evenly over the year.
MESSAGES = f"""
    INSERT INTO fact (event_id, community_id, occurred_at, local_date, local_hour, type, member_id,
                      channel_id, subject_id, label, amount, is_bot, is_late, answers_id, thread_key)
    SELECT gen_random_uuid(), '{COMMUNITY}', moment, timezone('{ZONE}', moment)::date,
           extract(hour FROM timezone('{ZONE}', moment))::smallint, 'message.posted',
           'm' || floor({MEMBERS} * (0.2 + 0.8 * n / $3::float8) * power(random(), 3))::int,
           'c' || n / {MESSAGES_A_THREAD} % {CHANNELS}, n::text,
           (ARRAY['question', 'link', 'picture', 'text', 'text', 'text'])[1 + floor(6 * random())::int],
           1 + floor(200 * random())::int, random() < 0.03, false,
           CASE WHEN random() < 0.2 THEN (n - 1 - floor(20 * random())::bigint)::text END,
           CASE WHEN n / {MESSAGES_A_THREAD} % 3 = 0 THEN n / {MESSAGES_A_THREAD} END
    FROM generate_series($1::bigint, $2::bigint - 1) AS n,
         LATERAL (SELECT timestamptz '{FIRST} 00:00 {ZONE}'
                         + n / $3::float8 * interval '366 days' AS moment) t
"""
JOINS = f"""
    INSERT INTO fact (event_id, community_id, occurred_at, local_date, local_hour, type, member_id,
                      amount, is_bot, is_late)
    SELECT gen_random_uuid(), '{COMMUNITY}', moment, timezone('{ZONE}', moment)::date,
           extract(hour FROM timezone('{ZONE}', moment))::smallint, 'member.joined', 'm' || n, 0, false, false
    FROM generate_series(0, {MEMBERS} - 1) AS n,
         LATERAL (SELECT timestamptz '{FIRST} 00:00 {ZONE}'
                         + greatest(0, n / {MEMBERS}::float8 - 0.2) / 0.8 * interval '366 days' AS moment) t
"""
MEMBERS_OF_FACTS = """
    INSERT INTO member (community_id, member_id, first_seen_on, joined_at, joined_on, first_message_at,
                        first_message_on, last_message_at, name, named_at)
    SELECT community_id, member_id, min(local_date), min(occurred_at) FILTER (WHERE type = 'member.joined'),
           min(local_date) FILTER (WHERE type = 'member.joined'),
           min(occurred_at) FILTER (WHERE type = 'message.posted'),
           min(local_date) FILTER (WHERE type = 'message.posted'),
           max(occurred_at) FILTER (WHERE type = 'message.posted'), 'Member ' || member_id, max(occurred_at)
    FROM fact WHERE NOT is_bot GROUP BY 1, 2
"""
PRESENCES = """
    INSERT INTO presence SELECT community_id, member_id, occurred_at, local_date, true
    FROM fact WHERE type = 'member.joined'
"""
TEXTS = f"""
    INSERT INTO message_text (community_id, message_id, local_date, member_id, text)
    SELECT community_id, subject_id, local_date, member_id, repeat('今天喝什么茶', 1 + amount::int / 12)
    FROM fact WHERE type = 'message.posted' AND NOT is_bot AND local_date > date '{LAST}' - {TEXT_DAYS}
    ORDER BY occurred_at
"""
WORDS = f"""
    INSERT INTO word_day
    SELECT '{COMMUNITY}', day, 'word', 'word' || n, 2 + floor(3000 / n * random())::int
    FROM generate_series(date '{FIRST}', date '{LAST}', interval '1 day') AS day, generate_series(1, 300) AS n
"""
PROFILE = f"""
    INSERT INTO community (community_id, partition, profile, revision, mode, event_clock)
    VALUES ('{COMMUNITY}', 0, jsonb_build_object('community_id', '{COMMUNITY}', 'revision', 1,
                                                 'time_zone', '{ZONE}'), 1, 'event', '{TODAY} 12:00 {ZONE}')
"""
SIZES = """
    SELECT coalesce(parent.relname, c.relname) AS name, sum(pg_total_relation_size(c.oid))::bigint AS bytes
    FROM pg_class c LEFT JOIN pg_inherits i ON i.inhrelid = c.oid
         LEFT JOIN pg_class parent ON parent.oid = i.inhparent
    WHERE c.relnamespace = current_schema()::regnamespace AND c.relkind = 'r'
    GROUP BY 1 ORDER BY bytes DESC
"""
STEPS = 12


async def generate(owner: Connection, messages: int) -> None:
    """A year of so many messages, as the service's owner."""
    await owner.execute("SET statement_timeout = 0; SET work_mem = '128MB'; SELECT setseed(0.5)")
    await owner.execute(PROFILE)
    await owner.execute(JOINS)
    edges = [messages * step // STEPS for step in range(STEPS + 1)]
    for first, last in pairwise(edges):
        await owner.execute(MESSAGES, first, last, messages)
    for name in ("day", "day_count", "channel_count", "hour_count", "member_period", "thread"):
        columns = ROLL_UPS[name].partition(" FROM ")[0].removeprefix("SELECT ")
        await owner.execute(f"INSERT INTO {name} ({columns}) {BY_THE_FACTS[name]}")
    for statement in (MEMBERS_OF_FACTS, PRESENCES, TEXTS, WORDS, "VACUUM ANALYZE"):
        await owner.execute(statement)


async def sizes(connection: Connection) -> dict[str, int]:
    """Bytes of every table with its indexes, partitions together, the largest first."""
    return {row["name"]: row["bytes"] for row in await connection.fetch(SIZES)}
