"""Who came in, who asks to, and what a community asks of them."""

import json
from collections.abc import Collection
from datetime import datetime
from typing import Any, NamedTuple

import asyncpg

from services.moderation.store.columns import columns_of
from shared.postgres.connection import Connection

SAVE_ARRIVALS = """
    INSERT INTO member_arrival (community_id, member_id, joined_at, invited_by)
    SELECT * FROM unnest($1::text[], $2::text[], $3::timestamptz[], $4::text[])
    ON CONFLICT DO NOTHING RETURNING community_id, member_id, joined_at
"""
SAVE_REQUESTS = """
    INSERT INTO join_request (community_id, request_id, member_id, member_name, answers, invited_by, asked_at,
                              state, decided_at, reason)
    SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::jsonb[], $6::text[],
                         $7::timestamptz[], $8::text[], $9::timestamptz[], $10::text[])
    ON CONFLICT DO NOTHING RETURNING community_id, request_id
"""
REQUESTS = """
    SELECT request_id, member_id, member_name, answers, invited_by, asked_at, state, decided_at, decided_by,
           reason,
           EXISTS (SELECT FROM member_arrival a WHERE a.community_id = r.community_id
                   AND a.member_id = r.member_id AND a.joined_at >= r.asked_at) AS has_joined
    FROM join_request r
    WHERE community_id = $1 AND ($2::text IS NULL OR state = $2)
      AND ($3::timestamptz IS NULL OR (asked_at, request_id) < ($3, $4::text))
    ORDER BY asked_at DESC, request_id DESC LIMIT $5
"""
REQUEST = """
    SELECT member_id, state, decided_at, decided_by, reason FROM join_request
    WHERE community_id = $1 AND request_id = $2
"""
# of two who answer at once the later finds it answered
DECIDE = """
    UPDATE join_request SET state = $3, decided_at = $4, decided_by = $5, reason = $6
    WHERE community_id = $1 AND request_id = $2 AND state = 'waiting' RETURNING member_id
"""
JOIN_POLICIES = """
    SELECT DISTINCT ON (community_id) community_id, version, document, changed_at, changed_by, reason
    FROM join_policy WHERE community_id = ANY($1::text[]) ORDER BY community_id, version DESC
"""
ADD_JOIN_POLICY = """
    INSERT INTO join_policy (community_id, version, document, changed_at, changed_by, reason)
    VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING
"""


class Arrival(NamedTuple):
    """A member came in."""

    community_id: str
    member_id: str
    joined_at: datetime
    invited_by: str | None


class Request(NamedTuple):
    """Somebody asks to come in, and what the answers or a list decide of it."""

    community_id: str
    request_id: str
    member_id: str
    member_name: str | None
    answers: str
    """JSON: pairs of question and answer."""
    invited_by: str | None
    asked_at: datetime
    state: str
    decided_at: datetime | None
    reason: str


async def save_arrivals(
    connection: Connection, arrivals: Collection[Arrival]
) -> set[tuple[str, str, datetime]]:
    """Community, member and moment of those that were not known."""
    if not arrivals:
        return set()
    first: dict[tuple[str, str, datetime], Arrival] = {}
    for each in arrivals:
        first.setdefault((each.community_id, each.member_id, each.joined_at), each)
    rows = [first[key] for key in sorted(first)]
    return {tuple(row) for row in await connection.fetch(SAVE_ARRIVALS, *columns_of(rows, 4))}


async def save_requests(connection: Connection, requests: Collection[Request]) -> set[tuple[str, str]]:
    """Community and id of those that were not known."""
    if not requests:
        return set()
    first: dict[tuple[str, str], Request] = {}
    for each in requests:
        first.setdefault((each.community_id, each.request_id), each)
    rows = [first[key] for key in sorted(first)]
    return {tuple(row) for row in await connection.fetch(SAVE_REQUESTS, *columns_of(rows, 10))}


async def join_policies(connection: Connection, communities: Collection[str]) -> dict[str, asyncpg.Record]:
    """What each of these communities asks now, as far as it asks anything."""
    rows = await connection.fetch(JOIN_POLICIES, list(communities))
    return {row["community_id"]: row for row in rows}


async def add_join_policy(
    connection: Connection, community_id: str, version: int, document: Any, at: datetime, by: str, reason: str
) -> bool:
    """Add a version; False when somebody else added it meanwhile."""
    written = json.dumps(document, ensure_ascii=False)
    status = await connection.execute(ADD_JOIN_POLICY, community_id, version, written, at, by, reason)
    return status == "INSERT 0 1"
