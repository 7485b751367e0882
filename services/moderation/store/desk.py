"""What operators' acts change: the case itself, and everything that followed from it."""

from collections.abc import Collection
from datetime import datetime
from typing import NamedTuple

import asyncpg

from services.moderation.domain.case_file import CaseFile
from services.moderation.domain.message import Key
from services.moderation.store.cases import add_history
from services.moderation.store.columns import columns_of
from shared.postgres.connection import Connection

LOCK_CASE = """
    SELECT c.case_id, c.community_id, c.kind, c.member_id, c.rule, c.rule_version, c.state, c.version,
           c.claimed_by, c.verdict, c.resolved_by, c.resolved_at, c.reason, c.verdicts,
           (SELECT a.appeal_id FROM appeal a WHERE a.case_id = c.case_id AND a.outcome IS NULL) AS open_appeal
    FROM moderation_case c WHERE c.case_id = $1 FOR UPDATE OF c
"""
SAVE_CASE = """
    UPDATE moderation_case SET state = $2, version = $3, claimed_by = $4, verdict = $5, resolved_by = $6,
                               resolved_at = $7, reason = $8, verdicts = $9
    WHERE case_id = $1
"""
# A removal stands until a later decision restores the message. What another case confirms stays.
RESTORE = """
    WITH standing AS (
        SELECT DISTINCT ON (r.message_id) r.*
        FROM case_message m
        JOIN removal r ON r.community_id = $2 AND r.message_id = m.message_id
        WHERE m.case_id = $1
          AND NOT EXISTS (SELECT FROM restoration b WHERE b.community_id = r.community_id
                          AND b.message_id = r.message_id AND b.decision > r.decision)
          AND NOT EXISTS (SELECT FROM case_message o JOIN moderation_case c ON c.case_id = o.case_id
                          WHERE o.message_id = m.message_id AND c.community_id = $2 AND c.case_id <> $1
                            AND c.verdict = 'confirmed')
        ORDER BY r.message_id, r.decision DESC
    ), restored AS (
        INSERT INTO restoration
            (community_id, message_id, decision, case_id, restored_by, restored_at, reason)
        SELECT community_id, message_id, decision + 1, $1, $3, $4, $5 FROM standing
    )
    SELECT message_id, member_id, channel_id, decision + 1 AS decision, posted_at FROM standing
    ORDER BY posted_at, message_id
"""
STANDING_MESSAGES = """
    SELECT m.message_id, m.member_id, m.channel_id, m.posted_at,
           greatest(gone.decision, back.decision, 0) + 1 AS decision,
           coalesce(f.rule, c.rule) AS rule, coalesce(f.rule_version, c.rule_version) AS rule_version,
           coalesce(f.score, 1) AS score, coalesce(f.evidence, '') AS evidence,
           back.decision IS NOT NULL AS was_restored
    FROM case_message m
    JOIN moderation_case c USING (case_id)
    LEFT JOIN LATERAL (SELECT max(decision) AS decision FROM removal r
                       WHERE r.community_id = c.community_id AND r.message_id = m.message_id) gone ON true
    LEFT JOIN LATERAL (SELECT max(decision) AS decision FROM restoration r
                       WHERE r.community_id = c.community_id AND r.message_id = m.message_id) back ON true
    LEFT JOIN LATERAL (SELECT * FROM finding f
                       WHERE f.community_id = c.community_id AND f.message_id = m.message_id
                       ORDER BY f.rule = c.rule DESC, f.found_at, f.rule LIMIT 1) f ON true
    WHERE m.case_id = $1 AND (gone.decision IS NULL OR back.decision > gone.decision)
    ORDER BY m.posted_at, m.message_id
"""
SANCTIONS_IN_FORCE = "SELECT sanction_id FROM sanction WHERE case_id = $1 AND lifted_at IS NULL ORDER BY 1"
MUTES_OF = """
    SELECT s.sanction_id, s.community_id, s.member_id, s.applied_at, s.until
    FROM unnest($1::text[], $2::text[]) AS t (community_id, member_id)
    JOIN sanction s USING (community_id, member_id)
    WHERE s.lifted_at IS NULL AND s.until > $3 AND s.applied_by IS NULL
    ORDER BY s.sanction_id
"""
SHORTEN = "UPDATE sanction SET until = $2 WHERE sanction_id = $1 AND lifted_at IS NULL"
VOID_STRIKES = """
    UPDATE strike SET voided_at = $2 WHERE case_id = $1 AND voided_at IS NULL
    RETURNING community_id, member_id
"""
REVIVE_STRIKES = "UPDATE strike SET voided_at = NULL WHERE case_id = $1 AND voided_at IS NOT NULL"
# A batch at work on the same member may write the mark back; it is read for two minutes at most, and no
# rule removes a message a second time.
CLEAR_MARKS = """
    UPDATE member_window w SET recent = (
        SELECT jsonb_agg(CASE WHEN each.value ->> 1 = ANY($3::text[])
                              THEN jsonb_set(each.value, '{5}', '0') ELSE each.value END ORDER BY each.place)
        FROM jsonb_array_elements(w.recent) WITH ORDINALITY AS each (value, place))
    FROM (SELECT DISTINCT member_id FROM unnest($2::text[]) AS t (member_id)) AS members
    WHERE w.community_id = $1 AND w.member_id = members.member_id AND w.recent <> '[]'
"""
# The newest verdict about a message teaches; one that took an earlier verdict back teaches the contrary.
SAVE_SAMPLES = """
    INSERT INTO training_sample (community_id, message_id, text, label, verdict_at, overturned)
    SELECT $2, message_id, text, $3, $4, false FROM case_message WHERE case_id = $1 AND text <> ''
    ORDER BY message_id
    ON CONFLICT (community_id, message_id) DO UPDATE SET
        text = excluded.text, label = excluded.label, verdict_at = excluded.verdict_at, overturned = false
"""
JUDGE_REPORTS = """
    UPDATE member_report SET verdict = $3
    WHERE community_id = $1 AND message_id IN (SELECT message_id FROM case_message WHERE case_id = $2)
"""
CHANNEL_OF_CASE = """
    SELECT channel_id FROM case_message WHERE case_id = $1 ORDER BY posted_at, message_id LIMIT 1
"""


class Restored(NamedTuple):
    """A message that is no longer held to be removed."""

    message_id: str
    member_id: str
    channel_id: str
    decision: int
    posted_at: datetime


async def lock_case(connection: Connection, case_id: str) -> CaseFile | None:
    """The case; who else wants to act on it waits until this transaction ends."""
    row = await connection.fetchrow(LOCK_CASE, case_id)
    return CaseFile(*row) if row else None


async def save_case(
    connection: Connection, case: CaseFile, at: datetime, actor: str, act: str, note: str
) -> None:
    """The case after an act, and the act in its history."""
    await connection.execute(
        SAVE_CASE, case.case_id, case.state, case.version, case.claimed_by, case.verdict, case.resolved_by,
        case.resolved_at, case.reason, case.verdicts,
    )  # fmt: skip
    await add_history(connection, [(case.case_id, case.version, at, actor, act, note)])


async def restore(connection: Connection, case: CaseFile, at: datetime) -> list[Restored]:
    """Take back all removals of the case that stand; returns their messages."""
    rows = await connection.fetch(RESTORE, case.case_id, case.community_id, case.resolved_by, at, case.reason)
    return [Restored(*row) for row in rows]


async def standing_messages(connection: Connection, case_id: str) -> list[asyncpg.Record]:
    """The case's messages of which no removal stands, with the finding behind each."""
    return await connection.fetch(STANDING_MESSAGES, case_id)


async def sanctions_in_force(connection: Connection, case_id: str) -> list[str]:
    """Ids of the case's sanctions that nobody has lifted."""
    return [row["sanction_id"] for row in await connection.fetch(SANCTIONS_IN_FORCE, case_id)]


async def mutes_of(connection: Connection, members: Collection[Key], now: datetime) -> list[asyncpg.Record]:
    """Mutes that rules put on these members and that hold them still."""
    return await connection.fetch(MUTES_OF, *columns_of(sorted(members), 2), now)


async def shorten(connection: Connection, sanction_id: str, until: datetime) -> None:
    """Let a mute end earlier."""
    await connection.execute(SHORTEN, sanction_id, until)


async def void_strikes(connection: Connection, case_id: str, at: datetime) -> list[Key]:
    """Points of the case count for nothing; returns the members who had them."""
    rows = await connection.fetch(VOID_STRIKES, case_id, at)
    return [(row["community_id"], row["member_id"]) for row in rows]


async def revive_strikes(connection: Connection, case_id: str) -> None:
    """Points of the case count again."""
    await connection.execute(REVIVE_STRIKES, case_id)


async def clear_marks(connection: Connection, community_id: str, restored: Collection[Restored]) -> None:
    """The members' windows hold these messages as standing."""
    pairs = sorted((each.member_id, each.message_id) for each in restored)
    if pairs:
        await connection.execute(CLEAR_MARKS, community_id, *columns_of(pairs, 2))


async def note_verdict(connection: Connection, case: CaseFile, at: datetime, *, by_text: bool) -> None:
    """The verdict teaches how far to trust who reported the messages, and the classifier by their texts.

    `by_text`: whether the rule reads texts; what is only too much or too often is no spam.
    """
    if by_text:
        label = "spam" if case.verdict == "confirmed" else "ham"
        await connection.execute(SAVE_SAMPLES, case.case_id, case.community_id, label, at)
    await connection.execute(JUDGE_REPORTS, case.community_id, case.case_id, case.verdict)


async def channel_of(connection: Connection, case_id: str) -> str | None:
    """Where the case's first message was written."""
    found: str | None = await connection.fetchval(CHANNEL_OF_CASE, case_id)
    return found
