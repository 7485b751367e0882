"""The topic bank."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

import asyncpg

from services.engagement.domain.topic import Seeding, Topic
from services.engagement.store.columns import columns_of
from shared.postgres.connection import Connection, Pool

LOAD_TOPICS = """
    SELECT community_id, topic_id, text, tags, source, state, seeded, answered, replies, members, failures,
           last_seeded_at, rests_days
    FROM topic WHERE community_id = ANY($1::text[]) AND (state = 'active' OR source = 'shipped')
    ORDER BY community_id, topic_id FOR UPDATE
"""
NAMED_TOPICS = """
    SELECT community_id, topic_id, text, tags, source, state, seeded, answered, replies, members, failures,
           last_seeded_at, rests_days
    FROM topic JOIN unnest($1::text[], $2::text[]) AS wanted (community_id, topic_id)
         USING (community_id, topic_id)
    ORDER BY community_id, topic_id FOR UPDATE OF topic
"""
SAVE_TOPICS = """
    INSERT INTO topic (community_id, topic_id, text, tags, source, state, seeded, answered, replies, members,
                       failures, last_seeded_at, rests_days, changed_by)
    SELECT community_id, topic_id, text, CASE tags WHEN '' THEN '{}' ELSE string_to_array(tags, chr(31)) END,
           source, state, seeded, answered, replies, members, failures, last_seeded_at, rests_days, $14
    FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::int[], $8::int[],
                $9::int[], $10::int[], $11::int[], $12::timestamptz[], $13::int[])
         AS t (community_id, topic_id, text, tags, source, state, seeded, answered, replies, members,
               failures, last_seeded_at, rests_days)
    ON CONFLICT (community_id, topic_id) DO UPDATE SET
        text = excluded.text, tags = excluded.tags, state = excluded.state, seeded = excluded.seeded,
        answered = excluded.answered, replies = excluded.replies, members = excluded.members,
        failures = excluded.failures, last_seeded_at = excluded.last_seeded_at,
        rests_days = excluded.rests_days, changed_by = excluded.changed_by
"""
ADD_TOPICS = """
    INSERT INTO topic (community_id, topic_id, text, tags, source, state, seeded, answered, replies, members,
                       failures, last_seeded_at, rests_days, changed_by)
    SELECT community_id, topic_id, text, CASE tags WHEN '' THEN '{}' ELSE string_to_array(tags, chr(31)) END,
           source, state, 0, 0, 0, 0, 0, NULL, rests_days, $8
    FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::int[])
         AS t (community_id, topic_id, text, tags, source, state, rests_days)
    ON CONFLICT DO NOTHING RETURNING topic_id
"""
SEEDINGS = """
    SELECT community_id, channel_id, topic_id, seeded_at, tags FROM topic_seeding
    WHERE community_id = ANY($1::text[]) AND seeded_at > $2
"""
SAVE_SEEDINGS = """
    INSERT INTO topic_seeding (community_id, seed_id, topic_id, channel_id, seeded_at, tags)
    SELECT community_id, seed_id, topic_id, channel_id, seeded_at,
           CASE WHEN tags = '' THEN '{}' ELSE string_to_array(tags, chr(31)) END
    FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::timestamptz[], $6::text[])
         AS t (community_id, seed_id, topic_id, channel_id, seeded_at, tags)
    ON CONFLICT DO NOTHING
"""
FORGET_SEEDINGS = "DELETE FROM topic_seeding WHERE community_id = $1 AND seeded_at < $2"
TOPICS = """
    SELECT topic_id, text, tags, source, state, seeded, answered, replies, members, failures, last_seeded_at,
           rests_days
    FROM topic WHERE community_id = $1 AND ($2::text IS NULL OR state = $2)
      AND ($3::text IS NULL OR $3 = ANY(tags)) AND ($4::text IS NULL OR topic_id > $4)
    ORDER BY topic_id LIMIT $5
"""
_JOINT = chr(31)


class Seeded(NamedTuple):
    """A topic put to a channel."""

    community_id: str
    seed_id: str
    topic_id: str
    channel_id: str
    seeded_at: datetime
    tags: tuple[str, ...]


async def load_topics(connection: Connection, communities: Sequence[str]) -> list[Topic]:
    """All topics of these communities that may be chosen, and what became of shipped ones; locked."""
    return [_topic(row) for row in await connection.fetch(LOAD_TOPICS, list(communities))]


async def named_topics(connection: Connection, keys: Iterable[tuple[str, str]]) -> list[Topic]:
    """Topics by community and id, locked, whatever their state."""
    return [_topic(row) for row in await connection.fetch(NAMED_TOPICS, *columns_of(sorted(set(keys)), 2))]


def _topic(row: asyncpg.Record) -> Topic:
    values = dict(row)
    rests = timedelta(days=values.pop("rests_days"))
    return Topic(**{**values, "tags": tuple(values["tags"]), "rests": rests})


async def save_topics(connection: Connection, topics: Iterable[Topic], by: str) -> None:
    """Write, in the order of their keys."""
    rows = sorted(
        (
            (
                t.community_id, t.topic_id, t.text, _JOINT.join(t.tags), t.source, t.state, t.seeded,
                t.answered, t.replies, t.members, t.failures, t.last_seeded_at, t.rests.days,
            )
            for t in topics
        ),
        key=lambda row: row[:2],
    )  # fmt: skip
    if rows:
        await connection.execute(SAVE_TOPICS, *columns_of(rows, 13), by)


async def add_topics(connection: Connection, topics: Iterable[Topic], by: str) -> list[str]:
    """Insert those that are not there; returns their ids."""
    rows = sorted(
        (t.community_id, t.topic_id, t.text, _JOINT.join(t.tags), t.source, t.state, t.rests.days)
        for t in topics
    )
    added = await connection.fetch(ADD_TOPICS, *columns_of(rows, 7), by) if rows else []
    return [row["topic_id"] for row in added]


async def recent_seedings(
    connection: Connection, communities: Sequence[str], since: datetime
) -> dict[tuple[str, str], list[Seeding]]:
    """By channel what was put to it lately."""
    known: dict[tuple[str, str], list[Seeding]] = {}
    for row in await connection.fetch(SEEDINGS, list(communities), since):
        seeding = Seeding(row["topic_id"], row["seeded_at"], tuple(row["tags"]))
        known.setdefault((row["community_id"], row["channel_id"]), []).append(seeding)
    return known


async def save_seedings(connection: Connection, seeded: Iterable[Seeded]) -> None:
    """Insert, in the order of their ids."""
    rows = [(*each[:5], _JOINT.join(each.tags)) for each in sorted(seeded)]
    if rows:
        await connection.execute(SAVE_SEEDINGS, *columns_of(rows, 6))


async def forget_seedings(connection: Connection, community_id: str, before: datetime) -> None:
    """What no fatigue asks for any more."""
    await connection.execute(FORGET_SEEDINGS, community_id, before)


async def topics(
    reader: Connection | Pool,
    community_id: str,
    state: str | None,
    tag: str | None,
    after: str | None,
    rows: int,
) -> list[asyncpg.Record]:
    """The bank, by id."""
    return await reader.fetch(TOPICS, community_id, state, tag, after, rows)
