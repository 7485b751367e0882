"""Hosted sessions, and the messages that disturbed them."""

import json
from collections.abc import Collection, Sequence
from datetime import datetime

from services.moderation.domain.message import Key
from services.moderation.domain.sessions import Offence, Session, Sessions
from services.moderation.store.columns import columns_of
from services.moderation.store.moments import microseconds_of, moment_of
from shared.postgres.connection import Connection

LOAD_SESSIONS = """
    SELECT s.* FROM unnest($1::text[], $2::timestamptz[]) AS wanted (community_id, after)
    JOIN hosted_session s ON s.community_id = wanted.community_id
     AND (s.ends_at IS NULL OR s.ends_at > wanted.after OR s.session_id = ANY($3::text[]))
    ORDER BY s.community_id, s.session_id
"""
SAVE_SESSIONS = """
    INSERT INTO hosted_session (community_id, session_id, channel_id, opened_at, ends_at, closed_at,
                                speaker_ids)
    SELECT t.community_id, t.session_id, t.channel_id, t.opened_at, t.ends_at, t.closed_at,
           ARRAY(SELECT jsonb_array_elements_text(t.speaker_ids))
    FROM unnest($1::text[], $2::text[], $3::text[], $4::timestamptz[], $5::timestamptz[], $6::timestamptz[],
                $7::jsonb[])
         AS t (community_id, session_id, channel_id, opened_at, ends_at, closed_at, speaker_ids)
    ON CONFLICT (community_id, session_id) DO UPDATE SET
        opened_at = excluded.opened_at, ends_at = excluded.ends_at, closed_at = excluded.closed_at,
        speaker_ids = excluded.speaker_ids
"""
LOAD_OFFENCES = """
    SELECT o.* FROM unnest($1::text[], $2::text[]) AS wanted (community_id, session_id)
    JOIN session_offence o USING (community_id, session_id)
    WHERE o.member_id = ANY($3::text[])
"""
SAVE_OFFENCES = """
    INSERT INTO session_offence (community_id, session_id, member_id, message_id, posted_at)
    SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::timestamptz[])
    ON CONFLICT DO NOTHING
"""


async def load_sessions(
    connection: Connection, communities: Sequence[tuple[str, datetime]], session_ids: Collection[str],
    members: Collection[str],
) -> Sessions:  # fmt: skip
    """Sessions that end after the communities' moments or have these ids, and these members' offences."""
    rows = await connection.fetch(LOAD_SESSIONS, *columns_of(communities, 2), list(session_ids))
    known: dict[Key, Session] = {
        (row["community_id"], row["session_id"]): Session(
            row["channel_id"], _micros(row["opened_at"]), _micros(row["ends_at"]), _micros(row["closed_at"]),
            tuple(row["speaker_ids"]),
        )
        for row in rows
    }  # fmt: skip
    sessions = Sessions(known)
    if known and members:
        for row in await connection.fetch(LOAD_OFFENCES, *columns_of(known, 2), list(members)):
            about = (row["community_id"], row["session_id"], row["member_id"], row["message_id"])
            sessions.offences.append(Offence(*about, microseconds_of(row["posted_at"])))
    return sessions


async def save_sessions(connection: Connection, sessions: Sessions) -> None:
    """Insert or replace sessions; insert offences."""
    rows = [(key, sessions.known[key]) for key in sorted(sessions.changed)]
    if rows:
        columns = columns_of(
            (
                (*key, each.channel_id, _moment(each.opened_us), _moment(each.ends_us),
                 _moment(each.closed_us), json.dumps(each.speaker_ids))
                for key, each in rows
            ),
            7,
        )  # fmt: skip
        await connection.execute(SAVE_SESSIONS, *columns)
    offences = [(*each[:4], moment_of(each.posted_us)) for each in sorted(sessions.fresh)]
    if offences:
        await connection.execute(SAVE_OFFENCES, *columns_of(offences, 5))


def _micros(moment: datetime | None) -> int | None:
    return None if moment is None else microseconds_of(moment)


def _moment(microseconds: int | None) -> datetime | None:
    return None if microseconds is None else moment_of(microseconds)
