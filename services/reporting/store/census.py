"""Who is about in the communities today, counted for Prometheus."""

from typing import NamedTuple

from shared.postgres.connection import Connection

CENSUS = """
    WITH RECURSIVE known AS (
        (SELECT community_id FROM day ORDER BY community_id LIMIT 1)
        UNION ALL
        SELECT (SELECT d.community_id FROM day d WHERE d.community_id > known.community_id
                ORDER BY d.community_id LIMIT 1)
        FROM known WHERE known.community_id IS NOT NULL
    )
    SELECT coalesce(c.mode, 'wall') AS mode, count(*) AS communities, count(d.local_date) AS active,
           coalesce(sum(d.active_members), 0)::bigint AS members
    FROM known LEFT JOIN community c USING (community_id)
    LEFT JOIN day d ON d.community_id = known.community_id AND d.local_date =
        (now() AT TIME ZONE coalesce(c.profile ->> 'time_zone', 'Asia/Shanghai'))::date
    WHERE known.community_id IS NOT NULL
    GROUP BY 1
"""  # a few looks at an index a community, whatever the number of its days


class Census(NamedTuple):
    """Communities on one clock."""

    mode: str
    communities: int
    active: int
    """Those with an event on their present day."""
    members: int
    """Who wrote on it, each counted once a community."""


async def census(connection: Connection) -> list[Census]:
    """The communities on each clock, and who is about in them today."""
    return [Census(*row) for row in await connection.fetch(CENSUS)]
