"""Records that services set aside: found, sent again, or given up by somebody who says why."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

import asyncpg
from aiokafka import AIOKafkaProducer

COLUMNS = (
    """topic, partition, "offset", reason, detail, event_id::text, created_at, status, headers, key, value"""
)
OPEN = """
    SELECT {columns} FROM {schema}.dead_letter
    WHERE status = 'dead' AND ($1::text IS NULL OR reason = $1)
    ORDER BY created_at, topic, partition, "offset"
"""
ONE = """
    SELECT {columns} FROM {schema}.dead_letter WHERE topic = $1 AND partition = $2 AND "offset" = $3
"""
RESOLVE = """
    UPDATE {schema}.dead_letter
    SET status = $4, resolved_by = $5, resolved_for = $6, resolved_at = clock_timestamp()
    WHERE topic = $1 AND partition = $2 AND "offset" = $3 AND status = 'dead'
"""


class Place(NamedTuple):
    """Where a record stood in the log; written `chat.events/2/13`."""

    topic: str
    partition: int
    offset: int

    def __str__(self) -> str:
        return f"{self.topic}/{self.partition}/{self.offset}"

    @classmethod
    def parse(cls, text: str) -> "Place":
        """Raises ValueError."""
        topic, partition, offset = text.rsplit("/", 2)
        return cls(topic, int(partition), int(offset))


@dataclass(frozen=True, slots=True)
class Letter:
    """One record that a service set aside."""

    service: str
    place: Place
    reason: str
    detail: str
    event_id: str | None
    created_at: datetime
    status: str
    headers: tuple[tuple[str, bytes], ...]
    key: bytes | None
    value: bytes | None

    @property
    def is_timer(self) -> bool:
        """Whether a timer was refused, which stands in no topic."""
        return self.reason == "timer_refused"


async def open_letters(
    connection: "asyncpg.Connection[asyncpg.Record]", service: str, reason: str | None = None
) -> list[Letter]:
    """Those that nobody has dealt with, oldest first."""
    query = OPEN.format(columns=COLUMNS, schema=service)
    return [_letter(service, row) for row in await connection.fetch(query, reason)]


async def find_letter(
    connection: "asyncpg.Connection[asyncpg.Record]", service: str, place: Place
) -> Letter | None:
    """The letter of a place."""
    row = await connection.fetchrow(ONE.format(columns=COLUMNS, schema=service), *place)
    return _letter(service, row) if row else None


async def resolve(
    connection: "asyncpg.Connection[asyncpg.Record]", letter: Letter, status: str, by: str, why: str
) -> bool:
    """Note who dealt with it and why; false when somebody else did before."""
    query = RESOLVE.format(schema=letter.service)
    return await connection.execute(query, *letter.place, status, by, why) == "UPDATE 1"


async def send_again(bootstrap_servers: str, letters: Sequence[Letter]) -> None:
    """Publish the records as they were, in this order; durable when it returns.

    They keep their ids, so whoever has applied one drops it. Raises KafkaError.
    """
    async with AIOKafkaProducer(bootstrap_servers=bootstrap_servers, enable_idempotence=True) as producer:
        for letter in letters:
            await producer.send_and_wait(
                letter.place.topic, letter.value, key=letter.key, partition=letter.place.partition,
                headers=list(letter.headers),
            )  # fmt: skip


def _letter(service: str, row: asyncpg.Record) -> Letter:
    headers = tuple((name, value.encode("latin-1")) for name, value in json.loads(row["headers"]))
    place = Place(row["topic"], row["partition"], row["offset"])
    return Letter(
        service, place, row["reason"], row["detail"], row["event_id"], row["created_at"], row["status"],
        headers, row["key"], row["value"],
    )  # fmt: skip
