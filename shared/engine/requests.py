"""Units of work for HTTP requests: effects, timers and events in one transaction, outside of any batch.

Events of requests go to outbox lanes of their own, chosen by entity, so that what is said of one entity stays
in order. Only the last statement locks the lane's counter, so requests do not wait for one another's work.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from zlib import crc32

from shared.engine.outbox import pack_headers, target_partition
from shared.engine.timers import cancel_timers, set_timers
from shared.engine.work import UnitOfWork
from shared.postgres.connection import Connection, Pool

FIRST_LANE, LANES = 1000, 8

WRITE_REQUEST_OUTBOX = """
    WITH counter AS (
        UPDATE lane SET outbox_seq = outbox_seq + cardinality($3::uuid[]), updated_at = clock_timestamp()
        WHERE consumer_group = 'requests' AND partition = $1
        RETURNING outbox_seq - cardinality($3::uuid[]) AS before
    )
    INSERT INTO outbox (lane, seq, day, event_id, topic, partition, key, headers, payload)
    SELECT $1, counter.before + place, $2, event_id, topic, partition, key, headers, payload
    FROM counter, unnest($3::uuid[], $4::text[], $5::int[], $6::text[], $7::text[], $8::bytea[])
         WITH ORDINALITY AS t (event_id, topic, partition, key, headers, payload, place)
"""


@asynccontextmanager
async def request_work(pool: Pool, service: str, entity: str) -> AsyncIterator[UnitOfWork]:
    """A transaction for one request about one entity; commits at the end, or rolls back what was raised."""
    async with pool.acquire() as connection, connection.transaction():
        work = UnitOfWork(connection, datetime.now(UTC), f"/hearth/{service}")
        yield work
        await cancel_timers(connection, work.timers_cancelled)
        await set_timers(connection, work.timers_set.values())
        await _announce(connection, work, entity)


async def _announce(connection: Connection, work: UnitOfWork, entity: str) -> None:
    if not work.outgoing:
        return
    await connection.execute(
        WRITE_REQUEST_OUTBOX,
        FIRST_LANE + crc32(entity.encode()) % LANES,
        work.now.astimezone(UTC).date(),
        [event.event_id for event in work.outgoing],
        [event.topic for event in work.outgoing],
        [target_partition(event) for event in work.outgoing],
        [event.key for event in work.outgoing],
        [pack_headers(event.headers) for event in work.outgoing],
        [event.payload for event in work.outgoing],
    )
