"""The real year through engagement, on a Postgres of its own, for the figures of docs/QUALITY.md."""

import asyncio
import time
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice
from uuid import uuid4

from connectors.imports.reading import Parsed
from deploy.local.postgres import PostgresServer
from shared.contracts.chat import ClockSet
from shared.contracts.profiles import CommunityProfile
from shared.engine.lane import claim_lanes
from shared.postgres.connection import Pool
from shared.postgres.pool import open_pool
from tests.bench.history import history
from tests.engagement_world import World
from tests.laws.stories import COMMUNITY, Sample, sample
from tests.laws.workbench import LANE, Workbench
from tests.servers import Databases, temporary_home

BATCH = 4000
SPELLS = """
    SELECT outcome, reason, count(*) AS spells, avg((messages > 0)::int)::float AS resumed
    FROM cold_spell GROUP BY 1, 2 ORDER BY 1, 2
"""


@dataclass(frozen=True, slots=True)
class Year:
    """The year in the database of a service that has read it."""

    world: World
    events: int
    seconds: float


def samples(events: Iterable[Parsed]) -> Iterable[Sample]:
    """As the log has them, of one community."""
    for event, at in events:
        yield sample(event.model_copy(update={"community_id": COMMUNITY}), at, "/history")


def batches(given: Iterable[Sample], size: int = BATCH) -> Iterable[Sequence[Sample]]:
    """In pieces of a poll's size."""
    iterator = iter(given)
    while batch := list(islice(iterator, size)):
        yield batch


@asynccontextmanager
async def year(limit: int | None = None) -> AsyncIterator[Year]:
    """Read the year and give what is there then."""
    async with temporary_home() as home:
        server = PostgresServer.at(home)
        server.settings = {"fsync": "off", "max_wal_size": "512MB", "shared_buffers": "256MB"}
        await server.start()
        try:
            database = await Databases(server).create("engagement")
            async with await open_pool(database.app_url, "year", size_min=1, size_max=3) as pool:
                yield await _read(pool, limit)
        finally:
            await server.stop()


async def _read(pool: Pool, limit: int | None) -> Year:
    connection = await pool.acquire()
    (lane,) = await claim_lanes(connection, "hearth.engagement", [LANE], str(uuid4()), 0)
    world = World(Workbench("engagement", pool, connection, lane, wall=datetime.now(UTC)), pool)
    begin = datetime(2024, 1, 1, tzinfo=UTC)
    await world.tell(ClockSet(community_id=COMMUNITY, mode="event", run_id="year"), begin)
    await world.tell(CommunityProfile(community_id=COMMUNITY, revision=1, time_zone="UTC"), begin)
    events, seconds = 0, 0.0
    for batch in batches(samples(history(limit))):
        began = time.perf_counter()
        await world.take(batch)
        seconds += time.perf_counter() - began
        events += len(batch)
    return Year(world, events, seconds)


async def main() -> None:
    """Print what was found."""
    async with year() as known:
        print(f"{known.events} events, {known.events / known.seconds:,.0f} a second")
        for row in await known.world.rows(SPELLS):
            print(dict(row))


if __name__ == "__main__":
    asyncio.run(main())
