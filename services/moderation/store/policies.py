"""Policies of communities, every version of them."""

import json
from datetime import datetime
from typing import NamedTuple

import asyncpg

from shared.postgres.connection import Connection

LOAD_VERSION = """
    SELECT community_id, version, document, rules, changed_at, changed_by, reason
    FROM policy WHERE community_id = $1 AND version = $2
"""
LOAD_VERSIONS = """
    SELECT community_id, version, document, rules, changed_at, changed_by, reason
    FROM policy WHERE community_id = $1 AND ($2::int IS NULL OR version < $2) ORDER BY version DESC LIMIT $3
"""
ADD_VERSION = """
    INSERT INTO policy (community_id, version, document, rules, changed_at, changed_by, reason)
    VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT DO NOTHING
"""


class PolicyVersion(NamedTuple):
    """One version of a community's policy."""

    community_id: str
    version: int
    document: str
    """JSON of what it changes of the shipped set."""
    rule_versions: dict[str, int]
    changed_at: datetime
    changed_by: str
    reason: str


async def load_version(connection: Connection, community_id: str, version: int) -> PolicyVersion | None:
    """One version."""
    row = await connection.fetchrow(LOAD_VERSION, community_id, version)
    return _version(row) if row else None


async def load_versions(
    connection: Connection, community_id: str, before: int | None, rows_max: int
) -> list[PolicyVersion]:
    """Versions below one, newest first."""
    rows = await connection.fetch(LOAD_VERSIONS, community_id, before, rows_max)
    return [_version(row) for row in rows]


async def add_version(connection: Connection, policy: PolicyVersion) -> bool:
    """Add it; False when somebody else added this version meanwhile."""
    status = await connection.execute(
        ADD_VERSION, policy.community_id, policy.version, policy.document, json.dumps(policy.rule_versions),
        policy.changed_at, policy.changed_by, policy.reason,
    )  # fmt: skip
    return status == "INSERT 0 1"


def _version(row: asyncpg.Record) -> PolicyVersion:
    return PolicyVersion(
        row["community_id"], row["version"], row["document"], json.loads(row["rules"]), row["changed_at"],
        row["changed_by"], row["reason"],
    )  # fmt: skip
