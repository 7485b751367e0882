"""Forgets one member: every row that names the member in a community, table by table."""

import json
from collections.abc import Mapping
from datetime import datetime

from shared.engine.erasure import erase_rows
from shared.postgres.connection import Connection

# first, as handlers take it: they hold a case while they write what belongs to it
LOCK_CASES = """
    SELECT case_id FROM moderation_case WHERE community_id = $1 AND member_id = $2 ORDER BY case_id FOR UPDATE
"""
# what names the messages goes before the messages' own rows do
ERASE_GONE = """
    DELETE FROM gone_message WHERE community_id = $1 AND message_id IN (
        SELECT message_id FROM finding WHERE community_id = $1 AND member_id = $2
        UNION SELECT message_id FROM removal WHERE community_id = $1 AND member_id = $2
    )
"""
ERASE_FINDINGS = "DELETE FROM finding WHERE community_id = $1 AND member_id = $2"
ERASE_REMOVALS = "DELETE FROM removal WHERE community_id = $1 AND member_id = $2"
ERASE_STRIKES = "DELETE FROM strike WHERE community_id = $1 AND member_id = $2"
ERASE_SANCTIONS = "DELETE FROM sanction WHERE community_id = $1 AND member_id = $2"
ERASE_CASE_HISTORY = """
    DELETE FROM case_history
    WHERE case_id IN (SELECT case_id FROM moderation_case WHERE community_id = $1 AND member_id = $2)
"""
ERASE_CASE_MESSAGES = """
    DELETE FROM case_message m USING moderation_case c
    WHERE c.case_id = m.case_id AND c.community_id = $1 AND (m.member_id = $2 OR c.member_id = $2)
"""
ERASE_CASES = "DELETE FROM moderation_case WHERE community_id = $1 AND member_id = $2"
ERASE_WINDOW = "DELETE FROM member_window WHERE community_id = $1 AND member_id = $2"
ERASE_ENTRIES = """
    DELETE FROM list_entry e USING list_subscription s
    WHERE s.list_id = e.list_id AND s.community_id = $1 AND e.kind = 'member' AND e.value = $2
"""
ERASE_LIST_HISTORY = """
    DELETE FROM list_history h USING list_subscription s
    WHERE s.list_id = h.list_id AND s.community_id = $1 AND h.kind = 'member' AND h.value = $2
"""
ERASE_REQUESTS = "DELETE FROM join_request WHERE community_id = $1 AND member_id = $2"
FORGET_INVITER_OF_REQUESTS = """
    UPDATE join_request SET invited_by = NULL WHERE community_id = $1 AND invited_by = $2
"""
ERASE_ARRIVALS = "DELETE FROM member_arrival WHERE community_id = $1 AND member_id = $2"
FORGET_INVITER = "UPDATE member_arrival SET invited_by = NULL WHERE community_id = $1 AND invited_by = $2"
ERASE_TEXTS = "DELETE FROM recent_text WHERE community_id = $1 AND member_id = $2"
ERASE_EDITS = "DELETE FROM recent_edit WHERE community_id = $1 AND member_id = $2"
ERASE_ORIGINALS = "DELETE FROM original_text WHERE community_id = $1 AND member_id = $2"
ERASE_JOINS = "DELETE FROM recent_join WHERE community_id = $1 AND member_id = $2"
ERASE_OFFENCES = "DELETE FROM session_offence WHERE community_id = $1 AND member_id = $2"
ERASE_SAMPLES = """
    DELETE FROM training_sample WHERE community_id = $1 AND message_id IN (
        SELECT m.message_id FROM case_message m JOIN moderation_case c USING (case_id)
        WHERE c.community_id = $1 AND m.member_id = $2
    )
"""
ERASE_REPORTED = """
    DELETE FROM reported_message WHERE community_id = $1 AND message_id IN (
        SELECT m.message_id FROM case_message m JOIN moderation_case c USING (case_id)
        WHERE c.community_id = $1 AND m.member_id = $2
    )
"""
ERASE_APPEALS = "DELETE FROM appeal WHERE community_id = $1 AND member_id = $2"
ERASE_REPORTS = "DELETE FROM member_report WHERE community_id = $1 AND reporter_id = $2"
ERASE_SEEN = "DELETE FROM member_seen WHERE community_id = $1 AND member_id = $2"
ERASE_CLEANED = """
    DELETE FROM cleaning_member m USING cleaning c
    WHERE c.cleaning_id = m.cleaning_id AND c.community_id = $1 AND m.member_id = $2
"""
ERASE_PAIRS = "DELETE FROM dispute_pair WHERE community_id = $1 AND (member_a = $2 OR member_b = $2)"
ERASE_DISPUTES = "DELETE FROM dispute WHERE community_id = $1 AND (member_a = $2 OR member_b = $2)"
# examples of what was counted: members who left, and messages
FORGET_EXAMPLES = """
    WITH theirs AS (SELECT message_id FROM finding WHERE community_id = $1 AND member_id = $2)
    UPDATE pulse SET leave_ids = array_remove(leave_ids, $2),
        finding_ids = ARRAY(SELECT unnest(finding_ids) EXCEPT SELECT message_id FROM theirs),
        negative_ids = ARRAY(SELECT unnest(negative_ids) EXCEPT SELECT message_id FROM theirs)
    WHERE community_id = $1
      AND (leave_ids || finding_ids || negative_ids) && (SELECT array_agg(message_id) || $2 FROM theirs)
"""
FORGET_WARNED_OF = """
    WITH theirs AS (SELECT message_id FROM finding WHERE community_id = $1 AND member_id = $2
                    UNION SELECT $2)
    UPDATE warning SET ids = ARRAY(SELECT unnest(ids) EXCEPT SELECT message_id FROM theirs)
    WHERE community_id = $1 AND ids && (SELECT array_agg(message_id) FROM theirs)
"""
STEPS: tuple[tuple[str, str], ...] = (
    ("pulse", FORGET_EXAMPLES),
    ("warning", FORGET_WARNED_OF),
    ("gone_message", ERASE_GONE),
    ("finding", ERASE_FINDINGS),
    ("removal", ERASE_REMOVALS),
    ("case_history", ERASE_CASE_HISTORY),
    ("training_sample", ERASE_SAMPLES),
    ("reported_message", ERASE_REPORTED),
    ("appeal", ERASE_APPEALS),
    ("member_report", ERASE_REPORTS),
    ("case_message", ERASE_CASE_MESSAGES),
    ("moderation_case", ERASE_CASES),
    ("strike", ERASE_STRIKES),
    ("sanction", ERASE_SANCTIONS),
    ("member_window", ERASE_WINDOW),
    ("list_entry", ERASE_ENTRIES),
    ("list_history", ERASE_LIST_HISTORY),
    ("join_request", ERASE_REQUESTS),
    ("join_request_invited", FORGET_INVITER_OF_REQUESTS),
    ("member_arrival", ERASE_ARRIVALS),
    ("member_arrival_invited", FORGET_INVITER),
    ("recent_text", ERASE_TEXTS),
    ("recent_edit", ERASE_EDITS),
    ("original_text", ERASE_ORIGINALS),
    ("recent_join", ERASE_JOINS),
    ("session_offence", ERASE_OFFENCES),
    ("member_seen", ERASE_SEEN),
    ("cleaning_member", ERASE_CLEANED),
    ("dispute_pair", ERASE_PAIRS),
    ("dispute", ERASE_DISPUTES),
)
"""What is counted under which name, in the order in which it goes."""
NOTE_ERASURE = """
    INSERT INTO erasure (community_id, erased_at, erased_by, reason, counts) VALUES ($1, $2, $3, $4, $5)
"""
ERASURES = """
    SELECT number, erased_at, erased_by, reason, counts FROM erasure
    WHERE community_id = $1 AND ($2::bigint IS NULL OR number < $2) ORDER BY number DESC LIMIT $3
"""


async def erase_member(connection: Connection, community_id: str, member_id: str) -> dict[str, int]:
    """Delete every row about the member; returns how many by table."""
    await connection.execute(LOCK_CASES, community_id, member_id)
    return await erase_rows(connection, STEPS, community_id, member_id)


async def note_erasure(
    connection: Connection, community_id: str, at: datetime, by: str, reason: str, counts: Mapping[str, int]
) -> None:
    """Keep that somebody was forgotten, by whom and why, and how much went; never who it was."""
    await connection.execute(NOTE_ERASURE, community_id, at, by, reason, json.dumps(dict(counts)))
