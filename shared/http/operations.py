"""What an operator of the machinery may see and do: lanes, dead letters, and setting a stopped lane going."""

from datetime import datetime
from typing import Annotated

import asyncpg
from fastapi import APIRouter, Path
from pydantic import BaseModel

from shared.contracts.topics import PARTITIONS
from shared.http.pages import Page, PagingQuery
from shared.http.problems import Kind, refuse
from shared.http.runtime import Runtime
from shared.postgres.connection import Pool

LANES = """
    SELECT partition, epoch, clock, outbox_seq, crash_count, owner::text, updated_at
    FROM lane WHERE consumer_group <> 'requests' ORDER BY partition
"""
LANE_OFFSETS = """
    SELECT partition, topic, first_offset, next_offset, applied, duplicates, dead_lettered, skipped
    FROM lane_offset ORDER BY partition, topic
"""
DEAD_LETTERS = """
    SELECT topic, partition, "offset", event_id::text, reason, detail, attempts, created_at
    FROM dead_letter
    WHERE status = 'dead'
      AND ($1::timestamptz IS NULL
           OR (created_at, topic, partition, "offset") < ($1, $2::text, $3::int, $4::bigint))
    ORDER BY created_at DESC, topic DESC, partition DESC, "offset" DESC
    LIMIT $5
"""


class Place(BaseModel):
    """How far a lane is in one topic; the four counts sum to `next_offset - first_offset`."""

    topic: str
    first_offset: int
    next_offset: int
    applied: int
    duplicates: int
    dead_lettered: int
    skipped: int


class LaneState(BaseModel):
    """One lane as its table has it."""

    partition: int
    epoch: int
    clock: datetime | None
    outbox_seq: int
    crash_count: int
    owner: str | None
    updated_at: datetime
    places: list[Place]


class DeadLetter(BaseModel):
    """A record that was set aside: where it is and why, never what it holds."""

    topic: str
    partition: int
    offset: int
    event_id: str | None
    reason: str
    detail: str
    attempts: int
    created_at: datetime


class Resumed(BaseModel):
    """The lane that goes on."""

    partition: int


def operations_router(runtime: Runtime, pool: Pool) -> APIRouter:
    """The routes under `/v1/engine`."""
    router = APIRouter(prefix="/v1/engine", tags=["engine"])

    @router.get("/lanes")
    async def lanes() -> list[LaneState]:
        """Every lane, whoever owns it, with its place in each topic."""
        return await _lanes(pool)

    @router.get("/dead-letters")
    async def dead_letters(paging: PagingQuery) -> Page[DeadLetter]:
        """Records set aside and not resolved yet, newest first."""
        after = paging.after(datetime.fromisoformat, str, int, int) or (None, None, None, None)
        rows = await pool.fetch(DEAD_LETTERS, *after, paging.rows)
        return paging.page(rows, _dead_letter, _dead_letter_key)

    @router.post("/lanes/{partition}/resume")
    async def resume(partition: Annotated[int, Path(ge=0, lt=PARTITIONS)]) -> Resumed:
        """Set a lane of this process going again that the breaker stopped."""
        if runtime.engine is None:
            raise refuse("not-ready", Kind.UNAVAILABLE)
        if not runtime.engine.resume(partition):
            raise refuse("lane-not-stopped", Kind.CONFLICT)
        return Resumed(partition=partition)

    return router


async def _lanes(pool: Pool) -> list[LaneState]:
    places: dict[int, list[Place]] = {}
    for row in await pool.fetch(LANE_OFFSETS):
        places.setdefault(row["partition"], []).append(Place(**row))
    return [LaneState(**row, places=places.get(row["partition"], [])) for row in await pool.fetch(LANES)]


def _dead_letter(row: asyncpg.Record) -> DeadLetter:
    return DeadLetter(**row)


def _dead_letter_key(row: asyncpg.Record) -> tuple[object, ...]:
    return row["created_at"].isoformat(), row["topic"], row["partition"], row["offset"]
