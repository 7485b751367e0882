"""Channels as they are heard: pulses, counts by hour, and what is watched after a post."""

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import NamedTuple

from services.engagement.domain.choices import Choices
from services.engagement.domain.pulse import RECENT_KEPT, ChannelKey, Pulse, Said, Watch
from services.engagement.store.columns import columns_of
from shared.postgres.connection import Connection

LOAD_COMMUNITIES = """
    SELECT asked.community_id, p.look_at, p.learned_day, p.learns_at, c.choices
    FROM unnest($1::text[]) AS asked (community_id)
    LEFT JOIN community_pulse p USING (community_id) LEFT JOIN community_choice c USING (community_id)
"""
SAVE_COMMUNITIES = """
    INSERT INTO community_pulse (community_id, look_at, learned_day, learns_at)
    SELECT * FROM unnest($1::text[], $2::timestamptz[], $3::date[], $4::timestamptz[])
    ON CONFLICT (community_id) DO UPDATE SET
        look_at = excluded.look_at, learned_day = excluded.learned_day, learns_at = excluded.learns_at
"""
LOAD_CHANNELS = """
    SELECT wanted.community_id, wanted.channel_id, known.look_at, known.pulse,
           p.look_at AS looks, p.learned_day, p.learns_at, c.choices,
           EXISTS (SELECT FROM channel_watch w WHERE w.community_id = wanted.community_id
                   AND w.channel_id = wanted.channel_id) AS is_watched
    FROM unnest($1::text[], $2::text[]) AS wanted (community_id, channel_id)
    LEFT JOIN LATERAL (
        SELECT * FROM channel_pulse c
        WHERE c.community_id = wanted.community_id AND c.channel_id = wanted.channel_id OFFSET 0
    ) AS known ON true
    LEFT JOIN community_pulse p ON p.community_id = wanted.community_id
    LEFT JOIN community_choice c ON c.community_id = wanted.community_id
"""
SAVE_HEARD = """
    WITH hours AS (
        INSERT INTO channel_hour AS known (community_id, hour_at, channel_id, messages)
        SELECT * FROM unnest($6::text[], $7::timestamptz[], $8::text[], $9::int[])
        ON CONFLICT (community_id, hour_at, channel_id) DO UPDATE SET
            messages = known.messages + excluded.messages
    )
    INSERT INTO channel_pulse (community_id, channel_id, last_at, look_at, pulse)
    SELECT * FROM unnest($1::text[], $2::text[], $3::timestamptz[], $4::timestamptz[], $5::jsonb[])
    ON CONFLICT (community_id, channel_id) DO UPDATE SET
        last_at = excluded.last_at, look_at = excluded.look_at, pulse = excluded.pulse
"""  # two tables in one statement: a history's day is cut by timers into many small batches
SAVE_LOOKS = """
    WITH looks AS (
        UPDATE channel_pulse p SET look_at = t.look_at
        FROM unnest($1::text[], $2::text[], $3::timestamptz[]) AS t (community_id, channel_id, look_at)
        WHERE p.community_id = t.community_id AND p.channel_id = t.channel_id
    )
    UPDATE community_pulse c SET look_at = t.look_at
    FROM unnest($4::text[], $5::timestamptz[]) AS t (community_id, look_at)
    WHERE c.community_id = t.community_id
"""
LOAD_WATCHES = """
    SELECT w.community_id, w.channel_id, w.subject_id, w.kind, w.since, w.until, w.topic_id, w.messages,
           w.members
    FROM channel_watch w
    JOIN unnest($1::text[], $2::text[]) AS wanted (community_id, channel_id) USING (community_id, channel_id)
"""
SAVE_WATCHES = """
    INSERT INTO channel_watch (community_id, channel_id, subject_id, kind, since, until, topic_id, messages,
                               members)
    SELECT community_id, channel_id, subject_id, kind, since, until, topic_id, messages,
           CASE WHEN members = '' THEN '{}' ELSE string_to_array(members, chr(31)) END
    FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::timestamptz[], $6::timestamptz[],
                $7::text[], $8::int[], $9::text[])
         AS t (community_id, channel_id, subject_id, kind, since, until, topic_id, messages, members)
    ON CONFLICT (community_id, channel_id, subject_id) DO UPDATE SET
        messages = excluded.messages, members = excluded.members
"""  # ids travel as text, since arrays of arrays must not be ragged; no id of a platform holds the separator
END_WATCHES = """
    DELETE FROM channel_watch w USING unnest($1::text[], $2::timestamptz[]) AS ended (community_id, now)
    WHERE w.community_id = ended.community_id AND w.until <= ended.now
    RETURNING w.community_id, w.channel_id, w.subject_id, w.kind, w.since, w.until, w.topic_id, w.messages,
              w.members
"""
LAST_SAID = """
    SELECT community_id, channel_id, last_at FROM channel_pulse
    JOIN unnest($1::text[], $2::text[]) AS wanted (community_id, channel_id) USING (community_id, channel_id)
"""
BUSIEST = """
    SELECT DISTINCT ON (community_id) community_id, channel_id FROM channel_baseline
    WHERE community_id = ANY($1::text[]) ORDER BY community_id, level / weight DESC, channel_id
"""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


class Heard(NamedTuple):
    """What is known of a community as a whole."""

    look_at: datetime | None
    learned_day: date | None
    """The last local date that baselines learned; None: nothing was heard of it yet."""
    learns_at: datetime | None
    """When the next one is learned; None: not before somebody writes."""
    choices: Choices


async def load_heard(connection: Connection, communities: Sequence[str]) -> dict[str, Heard]:
    """By community."""
    rows = await connection.fetch(LOAD_COMMUNITIES, list(communities))
    return {
        row["community_id"]: Heard(
            row["look_at"], row["learned_day"], row["learns_at"],
            Choices().changed(json.loads(row["choices"])) if row["choices"] else Choices(),
        )
        for row in rows
    }  # fmt: skip


async def save_heard(connection: Connection, heard: Mapping[str, Heard]) -> None:
    """Write by community."""
    if heard:
        rows = [(name, *each[:3]) for name, each in sorted(heard.items())]
        await connection.execute(SAVE_COMMUNITIES, *columns_of(rows, 4))


class Loaded(NamedTuple):
    """What a batch needs to know before it is heard."""

    heard: dict[str, Heard]
    pulses: dict[ChannelKey, Pulse]
    """Of channels that were ever heard of."""
    watched: list[ChannelKey]


async def load_channels(connection: Connection, keys: Iterable[ChannelKey]) -> Loaded:
    """Channels, and what is known of their communities."""
    loaded = Loaded({}, {}, [])
    for row in await connection.fetch(LOAD_CHANNELS, *columns_of(sorted(keys), 2)):
        key = row["community_id"], row["channel_id"]
        if key[0] not in loaded.heard:
            mine = Choices().changed(json.loads(row["choices"])) if row["choices"] else Choices()
            loaded.heard[key[0]] = Heard(row["looks"], row["learned_day"], row["learns_at"], mine)
        if row["pulse"] is not None:
            loaded.pulses[key] = pulse_of(row["pulse"], row["look_at"])
        if row["is_watched"]:
            loaded.watched.append(key)
    return loaded


async def save_channels(
    connection: Connection,
    pulses: Mapping[ChannelKey, Pulse],
    hours: Mapping[tuple[str, datetime, str], int],
) -> None:
    """Write channels, and add messages by community, start of the local hour and channel."""
    rows = [(*key, pulse.last_at, pulse.look_at, _dumped(pulse)) for key, pulse in sorted(pulses.items())]
    if rows:
        added = [(*key, messages) for key, messages in sorted(hours.items())]
        await connection.execute(SAVE_HEARD, *columns_of(rows, 5), *columns_of(added, 4))


async def save_looks(
    connection: Connection,
    looks: Mapping[ChannelKey, datetime | None],
    following: Mapping[str, datetime | None],
) -> None:
    """Write when each channel is looked at next, and when the first of each community is."""
    rows = [(*key, moment) for key, moment in sorted(looks.items())]
    await connection.execute(SAVE_LOOKS, *columns_of(rows, 3), *columns_of(sorted(following.items()), 2))


def pulse_of(text: str, look_at: datetime | None, recent_kept: int = RECENT_KEPT) -> Pulse:
    """As stored; its last messages suffice for who only looks."""
    known = json.loads(text)
    recent = [
        Said(_EPOCH + at * _MICROSECOND, message_id) for at, message_id in known["recent"][-recent_kept:]
    ]
    return Pulse(recent, known["reached"], known["resumed"], look_at, known["wait"])


def _dumped(pulse: Pulse) -> str:
    return json.dumps(
        {
            "recent": [((said.at - _EPOCH) // _MICROSECOND, said.message_id) for said in pulse.recent],
            "reached": pulse.reached,
            "resumed": pulse.resumed,
            "wait": pulse.wait_minutes,
        },
        separators=(",", ":"),
    )


async def load_watches(connection: Connection, keys: Iterable[ChannelKey]) -> list[Watch]:
    """What is watched in these channels."""
    rows = await connection.fetch(LOAD_WATCHES, *columns_of(sorted(keys), 2))
    return [_watch(*row) for row in rows]


async def save_watches(connection: Connection, watches: Iterable[Watch]) -> None:
    """Begin to watch, or write what was heard."""
    rows = sorted(
        (*w.channel, w.subject_id, w.kind, w.since, w.until, w.topic_id or "", w.messages,
         chr(31).join(sorted(w.members)))
        for w in watches
    )  # fmt: skip
    if rows:
        given = [(*row[:6], row[6] or None, *row[7:]) for row in rows]
        await connection.execute(SAVE_WATCHES, *columns_of(given, 9))


async def end_watches(connection: Connection, moments: Mapping[str, datetime]) -> list[Watch]:
    """Take out, by community and moment, the watches that are over by then."""
    rows = await connection.fetch(END_WATCHES, *columns_of(sorted(moments.items()), 2))
    return sorted(
        (_watch(*row) for row in rows), key=lambda each: (each.until, each.channel, each.subject_id)
    )


def _watch(*row: object) -> Watch:
    community_id, channel_id, subject_id, kind, since, until, topic_id, messages, members = row
    return Watch(
        subject_id, (community_id, channel_id), kind, since, until, topic_id, messages, set(members)  # type: ignore
    )  # fmt: skip


async def last_said(connection: Connection, keys: Iterable[ChannelKey]) -> dict[ChannelKey, datetime]:
    """When people wrote last in these channels."""
    rows = await connection.fetch(LAST_SAID, *columns_of(sorted(set(keys)), 2))
    return {(row["community_id"], row["channel_id"]): row["last_at"] for row in rows}


async def busiest(connection: Connection, communities: Iterable[str]) -> dict[str, str]:
    """By community the channel in which most is written lately."""
    rows = await connection.fetch(BUSIEST, sorted(set(communities)))
    return {row["community_id"]: row["channel_id"] for row in rows}
