"""The outbox: events written in the transaction that caused them, numbered without gaps per lane."""

import json
from collections.abc import Sequence
from datetime import date

from shared.contracts.partitioning import partition_of
from shared.engine.work import Outgoing
from shared.postgres.connection import Connection

WRITE_OUTBOX = """
    INSERT INTO outbox (lane, seq, day, event_id, topic, partition, key, headers, payload)
    SELECT lane, seq, $1, event_id, topic, partition, key, headers, payload
    FROM unnest($2::int[], $3::bigint[], $4::uuid[], $5::text[], $6::int[], $7::text[], $8::text[],
                $9::bytea[])
         AS t (lane, seq, event_id, topic, partition, key, headers, payload)
"""


async def write_outbox(
    connection: Connection, today: date, rows: Sequence[tuple[int, int, Outgoing]]
) -> None:
    """Write rows (lane, seq, event); their numbers must follow the lane's counter without a gap."""
    if not rows:
        return
    events = [event for _, _, event in rows]
    await connection.execute(
        WRITE_OUTBOX,
        today,
        [lane for lane, _, _ in rows],
        [seq for _, seq, _ in rows],
        [event.event_id for event in events],
        [event.topic for event in events],
        [target_partition(event) for event in events],
        [event.key for event in events],
        [pack_headers(event.headers) for event in events],
        [event.payload for event in events],
    )


def target_partition(event: Outgoing) -> int:
    """Where the event goes: its community's partition, unless it speaks for a lane."""
    return event.partition if event.partition is not None else partition_of(event.key)


def pack_headers(headers: Sequence[tuple[str, bytes]]) -> str:
    """Headers as JSON text."""
    return json.dumps([(name, value.decode()) for name, value in headers])


def unpack_headers(packed: str) -> list[tuple[str, bytes]]:
    """The headers that `pack_headers` packed."""
    return [(name, value.encode()) for name, value in json.loads(packed)]
