"""Forgets what rules remembered of communities as a whole."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from services.moderation.domain.originals import KEPT_DAYS
from services.moderation.store.columns import columns_of
from shared.postgres.connection import Connection

SAID_KEPT = timedelta(hours=2)
"""Four times the longest window of a campaign: what comes late still finds its neighbours."""
RECENT_KEPT = timedelta(days=1)
"""As much longer than the window of a wave of joins."""
SESSIONS_KEPT = timedelta(days=7)

PRUNE_SAID = """
    DELETE FROM recent_text t USING unnest($1::text[], $2::timestamptz[]) AS old (community_id, before)
    WHERE t.community_id = old.community_id AND t.posted_at < old.before
"""
PRUNE_EDITS = """
    DELETE FROM recent_edit t USING unnest($1::text[], $2::timestamptz[]) AS old (community_id, before)
    WHERE t.community_id = old.community_id AND t.posted_at < old.before
"""
PRUNE_ORIGINALS = """
    DELETE FROM original_text t USING unnest($1::text[], $2::timestamptz[]) AS old (community_id, before)
    WHERE t.community_id = old.community_id AND t.posted_at < old.before
"""
PRUNE_JOINS = """
    DELETE FROM recent_join t USING unnest($1::text[], $2::timestamptz[]) AS old (community_id, before)
    WHERE t.community_id = old.community_id AND t.joined_at < old.before
"""
PRUNE_WAVES = """
    DELETE FROM join_wave t USING unnest($1::text[], $2::timestamptz[]) AS old (community_id, before)
    WHERE t.community_id = old.community_id AND t.lasts_until < old.before
"""
PRUNE_OFFENCES = """
    DELETE FROM session_offence t USING unnest($1::text[], $2::timestamptz[]) AS old (community_id, before)
    WHERE t.community_id = old.community_id AND t.posted_at < old.before
"""
PRUNE_SESSIONS = """
    DELETE FROM hosted_session t USING unnest($1::text[], $2::timestamptz[]) AS old (community_id, before)
    WHERE t.community_id = old.community_id AND coalesce(t.ends_at, t.closed_at) < old.before
"""
STILL_THERE = """
    SELECT community_id FROM unnest($1::text[]) AS asked (community_id)
    WHERE EXISTS (SELECT FROM recent_text t WHERE t.community_id = asked.community_id)
       OR EXISTS (SELECT FROM recent_edit t WHERE t.community_id = asked.community_id)
       OR EXISTS (SELECT FROM original_text t WHERE t.community_id = asked.community_id)
       OR EXISTS (SELECT FROM recent_join t WHERE t.community_id = asked.community_id)
       OR EXISTS (SELECT FROM join_wave t WHERE t.community_id = asked.community_id)
       OR EXISTS (SELECT FROM hosted_session t WHERE t.community_id = asked.community_id)
       OR EXISTS (SELECT FROM session_offence t WHERE t.community_id = asked.community_id)
"""


async def forget_said(connection: Connection, since: Sequence[tuple[str, datetime]]) -> None:
    """Forget the communities' texts from before these moments."""
    await connection.execute(f"WITH edits AS ({PRUNE_EDITS}) {PRUNE_SAID}", *columns_of(since, 2))


async def prune(connection: Connection, moments: Sequence[tuple[str, datetime]]) -> set[str]:
    """Forget what is old at the communities' moments; returns the communities of which some is left."""
    for statement, kept in (
        (PRUNE_SAID, SAID_KEPT),
        (PRUNE_EDITS, SAID_KEPT),
        (PRUNE_ORIGINALS, timedelta(days=KEPT_DAYS)),
        (PRUNE_JOINS, RECENT_KEPT),
        (PRUNE_WAVES, RECENT_KEPT),
        (PRUNE_OFFENCES, SESSIONS_KEPT),
        (PRUNE_SESSIONS, SESSIONS_KEPT),
    ):
        old = [(community_id, moment - kept) for community_id, moment in moments]
        await connection.execute(statement, *columns_of(old, 2))
    rows = await connection.fetch(STILL_THERE, [community_id for community_id, _ in moments])
    return {row["community_id"] for row in rows}
