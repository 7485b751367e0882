"""What is known of persons beside their messages: roles, coming and going, sanctions."""

from collections.abc import Collection, Iterable
from datetime import date, datetime
from typing import NamedTuple

from services.rewards.domain.facts import MonthKey
from shared.postgres.connection import Connection

SAVE_STAFF = """
    INSERT INTO person AS known (community_id, member_id, is_staff, roles_at)
    SELECT * FROM unnest($1::text[], $2::text[], $3::boolean[], $4::timestamptz[])
    ON CONFLICT (community_id, member_id) DO UPDATE SET is_staff = excluded.is_staff,
        roles_at = excluded.roles_at
    WHERE known.roles_at IS NULL OR known.roles_at < excluded.roles_at
       OR (known.roles_at = excluded.roles_at AND known.is_staff <> excluded.is_staff)
"""
SAVE_PRESENCE = """
    INSERT INTO person AS known (community_id, member_id, joined_at, left_at)
    SELECT * FROM unnest($1::text[], $2::text[], $3::timestamptz[], $4::timestamptz[])
    ON CONFLICT (community_id, member_id) DO UPDATE SET
        joined_at = greatest(known.joined_at, excluded.joined_at),
        left_at = greatest(known.left_at, excluded.left_at)
"""
# Whichever word of a sanction comes first waits for the other.
SAVE_APPLIED = """
    INSERT INTO sanction AS known (community_id, sanction_id, member_id, kind, applied_at, until)
    SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::timestamptz[], $6::timestamptz[])
    ON CONFLICT (community_id, sanction_id) DO UPDATE SET
        kind = excluded.kind, applied_at = excluded.applied_at, until = excluded.until
"""
SAVE_LIFTED = """
    INSERT INTO sanction AS known (community_id, sanction_id, member_id, lifted_by)
    SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::text[])
    ON CONFLICT (community_id, sanction_id) DO UPDATE SET lifted_by = excluded.lifted_by
"""
# A month's candidates are people whom nothing speaks against; a sanction that a person lifted does not.
EXCLUDED = """
    WITH wanted AS MATERIALIZED (SELECT * FROM unnest($1::text[], $2::date[], $3::timestamptz[],
        $4::timestamptz[])
                                 AS w (community_id, month, begins, ends))
    SELECT w.community_id, w.month, p.member_id, 'staff' AS why
    FROM wanted w JOIN person p ON p.community_id = w.community_id WHERE p.is_staff
    UNION ALL
    SELECT w.community_id, w.month, s.member_id, 'sanctioned'
    FROM wanted w JOIN sanction s ON s.community_id = w.community_id
    WHERE s.kind IN ('mute', 'removal') AND s.applied_at >= w.begins AND s.applied_at < w.ends
      AND (s.lifted_by IS NULL OR s.lifted_by = '')
    UNION ALL
    SELECT w.community_id, w.month, r.member_id, 'held'
    FROM wanted w JOIN review r ON r.community_id = w.community_id WHERE r.state = 'held'
    UNION ALL
    SELECT w.community_id, w.month, p.member_id, 'left'
    FROM wanted w JOIN person p ON p.community_id = w.community_id
    WHERE p.left_at IS NOT NULL AND p.left_at > coalesce(p.joined_at, '-infinity')
"""
STAFF = "operator"
"""The role that a connector gives to operators."""


class Roles(NamedTuple):
    """What was told of a member's roles."""

    community_id: str
    member_id: str
    is_staff: bool
    at: datetime


class Presence(NamedTuple):
    """A member came, or went."""

    community_id: str
    member_id: str
    joined_at: datetime | None
    left_at: datetime | None


class Span(NamedTuple):
    """A month, and its first and last instants in the community's zone."""

    community_id: str
    month: date
    begins: datetime
    ends: datetime


async def save_roles(connection: Connection, told: Iterable[Roles]) -> None:
    """Keep the newest word about each member, in order of its time."""
    rows = sorted({each[:2]: each for each in sorted(told, key=lambda each: each.at)}.values())
    if rows:
        await connection.execute(SAVE_STAFF, *zip(*rows, strict=True))


async def save_presence(connection: Connection, told: Iterable[Presence]) -> None:
    """Keep when members came and went last."""
    kept: dict[tuple[str, str], Presence] = {}
    for each in told:
        before = kept.get(each[:2], each)
        kept[each[:2]] = Presence(
            *each[:2], _later(before.joined_at, each.joined_at), _later(before.left_at, each.left_at)
        )
    rows = [kept[key] for key in sorted(kept)]
    if rows:
        await connection.execute(SAVE_PRESENCE, *zip(*rows, strict=True))


def _later(one: datetime | None, other: datetime | None) -> datetime | None:
    return max((each for each in (one, other) if each), default=None)


async def save_applied(connection: Connection, rows: Collection[tuple[object, ...]]) -> None:
    """Keep sanctions: community_id, sanction_id, member_id, kind, applied_at, until."""
    if rows:
        kept = {row[:2]: row for row in rows}
        await connection.execute(SAVE_APPLIED, *zip(*(kept[key] for key in sorted(kept)), strict=True))


async def save_lifted(connection: Connection, rows: Collection[tuple[str, str, str, str]]) -> None:
    """Keep who lifted a sanction (empty: its time passed): community, sanction, member, lifted_by."""
    if rows:
        kept = {row[:2]: row for row in rows}
        await connection.execute(SAVE_LIFTED, *zip(*(kept[key] for key in sorted(kept)), strict=True))


async def load_excluded(connection: Connection, spans: Collection[Span]) -> dict[MonthKey, dict[str, str]]:
    """By month and member why they are no candidate."""
    found: dict[MonthKey, dict[str, str]] = {(each.community_id, each.month): {} for each in spans}
    for row in await connection.fetch(EXCLUDED, *zip(*spans, strict=True)):
        found[row[0], row[1]].setdefault(row[2], row[3])
    return found
