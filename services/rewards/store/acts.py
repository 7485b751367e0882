"""What people did, and why: only added to."""

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any, NamedTuple

import asyncpg

from shared.postgres.connection import Connection

NOTE = """
    INSERT INTO act (community_id, at, actor, act, subject, reason, detail) VALUES ($1, $2, $3, $4, $5,
        $6, $7)
"""
PAGE = """
    SELECT number, at, actor, act, subject, reason, detail FROM act
    WHERE community_id = $1 AND ($2::bigint IS NULL OR number < $2) ORDER BY number DESC LIMIT $3
"""


class Act(NamedTuple):
    """One act of a person."""

    community_id: str
    at: datetime
    actor: str
    act: str
    subject: str
    """What it is about: a member, a month, a gift …"""
    reason: str
    detail: Mapping[str, Any] = {}


async def note(connection: Connection, act: Act) -> None:
    """Keep an act."""
    await connection.execute(NOTE, *act[:-1], json.dumps(dict(act.detail)))


async def page(
    connection: Connection, community_id: str, before: int | None, rows: int
) -> list[asyncpg.Record]:
    """Acts below a number, newest first."""
    return await connection.fetch(PAGE, community_id, before, rows)
