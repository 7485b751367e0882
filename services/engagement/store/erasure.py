"""Forgets one member: every row that names the member in a community, table by table."""

import json
from collections.abc import Mapping
from datetime import datetime

from shared.engine.erasure import erase_rows
from shared.postgres.connection import Connection

# decisions name messages alone: they go while it is known whose messages these are
ERASE_VERDICTS = """
    DELETE FROM message_verdict WHERE community_id = $1 AND message_id IN (
        SELECT message_id FROM checkin_message WHERE community_id = $1 AND member_id = $2
        UNION SELECT message_id FROM campaign_proof WHERE community_id = $1 AND member_id = $2)
"""
ERASE_MESSAGES = "DELETE FROM checkin_message WHERE community_id = $1 AND member_id = $2"
ERASE_CHECKINS = "DELETE FROM checkin WHERE community_id = $1 AND member_id = $2"
ERASE_STREAKS = "DELETE FROM checkin_streak WHERE community_id = $1 AND member_id = $2"
ERASE_PROOFS = "DELETE FROM campaign_proof WHERE community_id = $1 AND member_id = $2"
ERASE_DAYS = "DELETE FROM campaign_day WHERE community_id = $1 AND member_id = $2"
ERASE_TESTIMONIES = "DELETE FROM campaign_testimony WHERE community_id = $1 AND member_id = $2"
FORGET_WATCHED = """
    UPDATE channel_watch SET members = array_remove(members, $2) WHERE community_id = $1 AND $2 = ANY(members)
"""
# what was said stays counted; a name of one letter would tear words that are nobody's name
FORGET_IN_POSTS = """
    UPDATE post SET subject_id = CASE subject_id WHEN $2 THEN '…' ELSE subject_id END,
                    text = replace(replace(post.text, $2, '…'), coalesce(known.name, $2), '…')
    FROM (SELECT (SELECT member_name FROM newcomer WHERE community_id = $1 AND member_id = $2
                  AND length(member_name) > 1) AS name) AS known
    WHERE community_id = $1 AND kind IN ('welcome', 'care', 'form', 'question')
      AND (subject_id = $2 OR position($2 IN post.text) > 0 OR position(known.name IN post.text) > 0)
"""
ERASE_NEWCOMER = "DELETE FROM newcomer WHERE community_id = $1 AND member_id = $2"
FORGET_INVITER = "UPDATE newcomer SET invited_by = NULL WHERE community_id = $1 AND invited_by = $2"
ERASE_QUESTIONS = "DELETE FROM question WHERE community_id = $1 AND member_id = $2"
FORGET_ANSWERER = """
    UPDATE question SET answered_by = NULL, answer_id = NULL WHERE community_id = $1 AND answered_by = $2
"""
ERASE_ACTIVITY = "DELETE FROM member_activity WHERE community_id = $1 AND member_id = $2"
ERASE_EDGES = "DELETE FROM member_edge WHERE community_id = $1 AND (member_a = $2 OR member_b = $2)"
FORGET_IN_MESHES = """
    UPDATE mesh_report SET cut_members = array_remove(cut_members, $2), introductions = coalesce(
        (SELECT jsonb_agg(pair) FROM jsonb_array_elements(introductions) AS pair
         WHERE NOT pair @> jsonb_build_array($2::text)), '[]')
    WHERE community_id = $1
      AND ($2 = ANY(cut_members) OR introductions @> jsonb_build_array(jsonb_build_array($2::text)))
"""
ERASE_GUEST = "DELETE FROM gathering_member WHERE community_id = $1 AND member_id = $2"
ERASE_SESSION_QUESTIONS = "DELETE FROM session_question WHERE community_id = $1 AND member_id = $2"
FORGET_HOST = """
    UPDATE gathering SET host_id = nullif(host_id, $2), speaker_ids = array_remove(speaker_ids, $2)
    WHERE community_id = $1 AND (host_id = $2 OR $2 = ANY(speaker_ids))
"""
ERASE_ANSWERS = "DELETE FROM form_answer WHERE community_id = $1 AND member_id = $2"
FORGET_IN_RESULTS = """
    UPDATE form SET result = replace(result::text, to_json($2::text)::text, '"…"')::jsonb
    WHERE community_id = $1 AND position(to_json($2::text)::text IN result::text) > 0
"""
ERASE_LEADER = "DELETE FROM opinion_leader WHERE community_id = $1 AND member_id = $2"
ERASE_TOLD = "DELETE FROM member_told WHERE community_id = $1 AND member_id = $2"
STEPS: tuple[tuple[str, str], ...] = (
    ("message_verdict", ERASE_VERDICTS),
    ("checkin_message", ERASE_MESSAGES),
    ("checkin", ERASE_CHECKINS),
    ("checkin_streak", ERASE_STREAKS),
    ("campaign_proof", ERASE_PROOFS),
    ("campaign_day", ERASE_DAYS),
    ("campaign_testimony", ERASE_TESTIMONIES),
    ("channel_watch", FORGET_WATCHED),
    ("post", FORGET_IN_POSTS),
    ("newcomer", ERASE_NEWCOMER),
    ("newcomer_invited", FORGET_INVITER),
    ("question", ERASE_QUESTIONS),
    ("question_answered", FORGET_ANSWERER),
    ("member_activity", ERASE_ACTIVITY),
    ("member_edge", ERASE_EDGES),
    ("mesh_report", FORGET_IN_MESHES),
    ("gathering_member", ERASE_GUEST),
    ("session_question", ERASE_SESSION_QUESTIONS),
    ("gathering", FORGET_HOST),
    ("form_answer", ERASE_ANSWERS),
    ("form", FORGET_IN_RESULTS),
    ("opinion_leader", ERASE_LEADER),
    ("member_told", ERASE_TOLD),
)
"""What is counted under which name, in the order in which it goes."""
NOTE_ERASURE = """
    INSERT INTO erasure (community_id, erased_at, erased_by, reason, counts, request_id)
    VALUES ($1, $2, $3, $4, $5, $6)
"""
IS_DONE = "SELECT EXISTS (SELECT FROM erasure WHERE community_id = $1 AND request_id = $2)"


async def erase_member(connection: Connection, community_id: str, member_id: str) -> dict[str, int]:
    """Delete every row about the member; returns how many by table."""
    return await erase_rows(connection, STEPS, community_id, member_id)


async def note_erasure(
    connection: Connection,
    community_id: str,
    at: datetime,
    by: str,
    reason: str,
    counts: Mapping[str, int],
    request_id: str | None = None,
) -> None:
    """Keep that somebody was forgotten, by whom and why, and how much went; never who it was."""
    told = json.dumps(dict(counts))
    await connection.execute(NOTE_ERASURE, community_id, at, by, reason, told, request_id)


async def is_done(connection: Connection, community_id: str, request_id: str) -> bool:
    """Whether this request was obeyed before: who came back since is not forgotten by it."""
    done: bool = await connection.fetchval(IS_DONE, community_id, request_id)
    return done
