"""Forgets one member: every row that names the member in a community, table by table."""

import json
from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from shared.engine.erasure import erase_rows
from shared.postgres.connection import Connection

NOTE_MONTHS = """
    UPDATE month SET erased = erased + 1 WHERE community_id = $1 AND EXISTS (
        SELECT FROM member_day d WHERE d.community_id = month.community_id AND d.member_id = $2
          AND d.day >= month.month AND d.day < (month.month + interval '1 month')::date
    )
"""
FORGET_IN_BOOKS = "SELECT forget_in_books($1, $2, $3)"
OPEN_REDEMPTIONS = """
    SELECT redemption_id FROM redemption
    WHERE community_id = $1 AND member_id = $2 AND state = 'reserved' ORDER BY redemption_id FOR UPDATE
"""
OPEN_REVIEWS = "SELECT review_id FROM review WHERE community_id = $1 AND member_id = $2 AND state = 'held'"
ERASE_MESSAGES = "DELETE FROM message WHERE community_id = $1 AND member_id = $2"
FORGET_PARTNER = """
    UPDATE message SET partners = nullif(partners - $2::text, '[]'::jsonb)
    WHERE community_id = $1 AND partners ? $2
"""
ERASE_CHECKINS = "DELETE FROM checkin WHERE community_id = $1 AND member_id = $2"
ERASE_DAYS = "DELETE FROM member_day WHERE community_id = $1 AND member_id = $2"
ERASE_TALKS = "DELETE FROM talk WHERE community_id = $1 AND (member_id = $2 OR partner_id = $2)"
ERASE_EARNINGS = "DELETE FROM earning WHERE community_id = $1 AND (member_id = $2 OR giver_id = $2)"
ERASE_REFERRALS = "DELETE FROM referral WHERE community_id = $1 AND (invitee_id = $2 OR inviter_id = $2)"
ERASE_CODES = "DELETE FROM invite_code WHERE community_id = $1 AND member_id = $2"
ERASE_PERSON = "DELETE FROM person WHERE community_id = $1 AND member_id = $2"
ERASE_SANCTIONS = "DELETE FROM sanction WHERE community_id = $1 AND member_id = $2"
ERASE_LEVELS = "DELETE FROM member_level WHERE community_id = $1 AND member_id = $2"
ERASE_BADGES = "DELETE FROM badge WHERE community_id = $1 AND member_id = $2"
ERASE_ANSWERED = "DELETE FROM answered WHERE community_id = $1 AND member_id = $2"
ERASE_REVIEWS = "DELETE FROM review WHERE community_id = $1 AND member_id = $2"
ERASE_ADJUSTMENTS = "DELETE FROM adjustment WHERE community_id = $1 AND member_id = $2"
ERASE_ENTRIES = """
    DELETE FROM giveaway_entry e USING giveaway g
    WHERE g.giveaway_id = e.giveaway_id AND g.community_id = $1 AND e.member_id = $2
"""
ERASE_REDEMPTIONS = "DELETE FROM redemption WHERE community_id = $1 AND member_id = $2"
ERASE_FULFILMENTS = "DELETE FROM fulfilment WHERE community_id = $1 AND member_id = $2"
ERASE_LINKS = "DELETE FROM link WHERE community_id = $1 AND (account_id = $2 OR member_id = $2)"
ERASE_LINK_CODES = "DELETE FROM link_code WHERE community_id = $1 AND member_id = $2"
ERASE_LINK_TRIES = "DELETE FROM link_try WHERE community_id = $1 AND member_id = $2"
ERASE_ACTS = """
    DELETE FROM act WHERE community_id = $1 AND (subject = $2 OR detail ->> 'member_id' = $2)
"""
STEPS: tuple[tuple[str, str], ...] = (
    ("message", ERASE_MESSAGES),
    ("message_partner", FORGET_PARTNER),
    ("checkin", ERASE_CHECKINS),
    ("member_day", ERASE_DAYS),
    ("talk", ERASE_TALKS),
    ("earning", ERASE_EARNINGS),
    ("referral", ERASE_REFERRALS),
    ("invite_code", ERASE_CODES),
    ("person", ERASE_PERSON),
    ("sanction", ERASE_SANCTIONS),
    ("member_level", ERASE_LEVELS),
    ("badge", ERASE_BADGES),
    ("answered", ERASE_ANSWERED),
    ("review", ERASE_REVIEWS),
    ("adjustment", ERASE_ADJUSTMENTS),
    ("giveaway_entry", ERASE_ENTRIES),
    ("redemption", ERASE_REDEMPTIONS),
    ("fulfilment", ERASE_FULFILMENTS),
    ("link", ERASE_LINKS),
    ("link_code", ERASE_LINK_CODES),
    ("link_try", ERASE_LINK_TRIES),
    ("act", ERASE_ACTS),
)
"""What is counted under which name, in the order in which it goes."""
NOTE_ERASURE = """
    INSERT INTO erasure (community_id, erased_at, erased_by, reason, counts) VALUES ($1, $2, $3, $4, $5)
"""


async def open_redemptions(connection: Connection, community_id: str, member_id: str) -> list[UUID]:
    """Those that are neither confirmed nor cancelled."""
    return [row[0] for row in await connection.fetch(OPEN_REDEMPTIONS, community_id, member_id)]


async def open_reviews(connection: Connection, community_id: str, member_id: str) -> list[UUID]:
    """Those that nobody has decided."""
    return [row[0] for row in await connection.fetch(OPEN_REVIEWS, community_id, member_id)]


async def erase_member(
    connection: Connection, community_id: str, member_id: str, alias: str
) -> dict[str, int]:
    """Delete every row about the member; in the books another name takes the member's place."""
    await connection.execute(NOTE_MONTHS, community_id, member_id)
    await connection.execute(FORGET_IN_BOOKS, community_id, member_id, alias)
    return await erase_rows(connection, STEPS, community_id, member_id)


async def note_erasure(
    connection: Connection, community_id: str, at: datetime, by: str, reason: str, counts: Mapping[str, int]
) -> None:
    """Keep that somebody was forgotten, by whom and why, and how much went; never who it was."""
    await connection.execute(NOTE_ERASURE, community_id, at, by, reason, json.dumps(dict(counts)))
