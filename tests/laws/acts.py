"""What operators had done before the story: requests of theirs, which no event can tell."""

from collections.abc import Mapping

from shared.contracts.partitioning import partition_of
from shared.postgres.connection import Connection
from tests.laws.gifts import GIFTS_ARE_OFFERED
from tests.laws.stories import COMMUNITY

CLEANING_RUNS = f"""
    WITH cleaning AS (
        INSERT INTO cleaning (cleaning_id, community_id, state, silent_days, members, planned_by, planned_at,
                              reason, expires_at, confirmed_by, confirmed_at)
        VALUES ('spring', '{COMMUNITY}', 'running', 90, 2, 'eve', '2024-03-01Z', 'spring cleaning',
                '2024-03-08Z', 'eve', '2024-03-01Z')
        RETURNING cleaning_id
    ), silent AS (
        INSERT INTO member_seen (community_id, member_id, first_on, seen_on, is_operator, is_bot, is_gone)
        VALUES ('{COMMUNITY}', 'gus', '2023-01-01', '2023-02-01', false, false, false)
    ), members AS (
        INSERT INTO cleaning_member (cleaning_id, member_id, seen_on, state, command_id)
        SELECT cleaning_id, m.member_id, '2023-02-01', m.state, m.command_id FROM cleaning, (VALUES
            ('gus', 'waiting', NULL), ('hal', 'asked', '018e0cc4-b263-8c1d-8755-3d685f791eea')
        ) AS m (member_id, state, command_id)
    )
    INSERT INTO timers (community_id, kind, key, due_at, payload, after, partition)
    VALUES ('{COMMUNITY}', 'cleaning', 'spring', '2024-03-08Z', '{{}}', '{{}}', {partition_of(COMMUNITY)})
"""
"""A cleaning that runs: one member waits; for another the command of the golden receipts was given."""

ACTS: Mapping[str, str] = {"moderation": CLEANING_RUNS, "rewards": GIFTS_ARE_OFFERED}


async def act(connection: Connection, service: str) -> None:
    """Do what the service's operators did."""
    if service in ACTS:
        await connection.execute(ACTS[service])
