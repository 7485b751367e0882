"""What communities chose of engagement."""

import json
from collections.abc import Sequence
from dataclasses import asdict

from services.engagement.domain.choices import Choices
from shared.postgres.connection import Connection, Pool

LOAD_CHOICES = """
    SELECT community_id, version, choices FROM community_choice WHERE community_id = ANY($1::text[])
"""
# version 1 are the starting values, which no row holds
CHANGE_CHOICES = """
    INSERT INTO community_choice AS known (community_id, version, choices, changed_by, reason)
    SELECT $1, 2, $3::jsonb, $4, $5 WHERE $2 = 1 OR EXISTS (
        SELECT FROM community_choice c WHERE c.community_id = $1 AND c.version = $2)
    ON CONFLICT (community_id) DO UPDATE SET
        version = known.version + 1, choices = excluded.choices, changed_by = excluded.changed_by,
        reason = excluded.reason
    WHERE known.version = $2
    RETURNING version
"""


async def load_choices(
    reader: Connection | Pool, communities: Sequence[str]
) -> dict[str, tuple[Choices, int]]:
    """By community its choices and their version; the starting values where nobody changed them."""
    rows = await reader.fetch(LOAD_CHOICES, list(communities))
    known = {
        row["community_id"]: (Choices().changed(json.loads(row["choices"])), row["version"]) for row in rows
    }
    return {name: known.get(name, (Choices(), 1)) for name in communities}


async def change_choices(
    connection: Connection, community_id: str, expected: int, choices: Choices, by: str, reason: str
) -> int | None:
    """Save; returns the new version, or None when the known one is not the expected."""
    values = {name: value for name, value in asdict(choices).items() if value != getattr(Choices(), name)}
    version: int | None = await connection.fetchval(
        CHANGE_CHOICES, community_id, expected, json.dumps(values), by, reason
    )
    return version
