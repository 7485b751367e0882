"""Check-ins with their revisions."""

from collections.abc import Collection, Iterable

from services.rewards.domain.checkin import Checkin, CheckinKey
from shared.postgres.connection import Connection

LOAD_CHECKINS = """
    SELECT known.community_id, known.local_date, known.member_id, known.campaign_id, known.recorded,
           known.revoked, known.recorded_at, known.points, known.rule_version, known.award_id
    FROM unnest($1::text[], $2::date[], $3::text[], $4::text[])
         AS wanted (community_id, local_date, member_id, campaign_id)
    CROSS JOIN LATERAL (
        SELECT * FROM checkin c
        WHERE c.community_id = wanted.community_id AND c.local_date = wanted.local_date
          AND c.member_id = wanted.member_id AND c.campaign_id = wanted.campaign_id OFFSET 0
    ) AS known
"""
SAVE_CHECKINS = """
    INSERT INTO checkin (community_id, local_date, member_id, campaign_id, recorded, revoked, recorded_at,
                         points, rule_version, stands, award_id)
    SELECT * FROM unnest($1::text[], $2::date[], $3::text[], $4::text[], $5::int[], $6::int[],
                         $7::timestamptz[], $8::int[], $9::int[], $10::boolean[], $11::uuid[])
    ON CONFLICT (community_id, local_date, member_id, campaign_id) DO UPDATE SET
        recorded = excluded.recorded, revoked = excluded.revoked, recorded_at = excluded.recorded_at,
        points = excluded.points, rule_version = excluded.rule_version, stands = excluded.stands,
        award_id = excluded.award_id
"""


async def load_checkins(connection: Connection, keys: Collection[CheckinKey]) -> dict[CheckinKey, Checkin]:
    """Those of the check-ins of which anything is known; keys must not repeat."""
    columns = list(zip(*keys, strict=True)) or [(), (), (), ()]
    rows = await connection.fetch(LOAD_CHECKINS, *columns)
    checkins = (
        Checkin(
            (row[0], row[1], row[2], row[3]),
            recorded=row[4],
            revoked=row[5],
            recorded_at=row[6],
            points=row[7],
            rule_version=row[8],
            award_id=str(row[9]) if row[9] else None,
        )
        for row in rows
    )
    return {checkin.key: checkin for checkin in checkins}


async def save_checkins(connection: Connection, checkins: Iterable[Checkin]) -> None:
    """Insert or replace, in the order of their keys."""
    rows = sorted(checkins, key=lambda checkin: checkin.key)
    await connection.execute(
        SAVE_CHECKINS,
        [row.key[0] for row in rows],
        [row.key[1] for row in rows],
        [row.key[2] for row in rows],
        [row.key[3] for row in rows],
        [row.recorded for row in rows],
        [row.revoked for row in rows],
        [row.recorded_at for row in rows],
        [row.points for row in rows],
        [row.rule_version for row in rows],
        [row.stands for row in rows],
        [row.award_id for row in rows],
    )
