"""The real year through engagement, on a Postgres of its own, for docs/QUALITY.md and docs/PERFORMANCE.md.

An argument limits how many of its events are taken.
"""

import asyncio
import sys
import time
from collections import Counter
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import islice
from uuid import uuid4

import psutil

from connectors.imports.reading import Parsed
from deploy.local.postgres import PostgresServer
from services.engagement.domain.attention import POSTS_A_DAY, PostKind
from services.engagement.domain.choices import Choices
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
QUIET_FROM, QUIET_UNTIL = 22, 9
"""The shipped quiet hours, which a session alone may pass."""
SPENT = """
    SELECT channel_id, opened_at AT TIME ZONE 'UTC' AS at FROM cold_spell
    WHERE outcome <> 'skipped' ORDER BY 2
"""
CHANNELS = """
    SELECT channel_id, count(*) AS spells, count(*) FILTER (WHERE outcome = 'sent') AS sent,
           count(*) FILTER (WHERE outcome = 'held_out') AS held_out
    FROM cold_spell GROUP BY 1 ORDER BY 2 DESC
"""
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
    cpu_seconds: float
    """Of this process, without the database's."""
    database_seconds: float
    """CPU of the database's session."""


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
                known = await read(pool, limit)
                try:
                    yield known
                finally:
                    await pool.release(known.world.bench.connection)
        finally:
            await server.stop()


async def read(pool: Pool, limit: int | None) -> Year:
    """Take the history, or its first events, through the service."""
    connection = await pool.acquire()
    (lane,) = await claim_lanes(connection, "hearth.engagement", [LANE], str(uuid4()), 0)
    world = World(Workbench("engagement", pool, connection, lane, wall=datetime.now(UTC)), pool)
    begin = datetime(2024, 1, 1, tzinfo=UTC)
    await world.tell(ClockSet(community_id=COMMUNITY, mode="event", run_id="year"), begin)
    await world.tell(CommunityProfile(community_id=COMMUNITY, revision=1, time_zone="UTC"), begin)
    session = psutil.Process(connection.get_server_pid())
    database_before = sum(session.cpu_times()[:2])
    events, seconds, cpu = 0, 0.0, 0.0
    for batch in batches(samples(history(limit))):
        began, cpu_before = time.perf_counter(), time.process_time()
        await world.take(batch)
        seconds += time.perf_counter() - began
        cpu += time.process_time() - cpu_before
        events += len(batch)
    return Year(world, events, seconds, cpu, sum(session.cpu_times()[:2]) - database_before)


async def broken_limits(world: World) -> list[str]:
    """What the emitted commands say that budgets and quiet hours forbid; nothing, if all is well."""
    broken = []
    posts: Counter[tuple[str, date]] = Counter()
    for command in await world.said():
        if command["purpose"] in set(PostKind) and "channel_id" in command:
            posts[command["channel_id"], command["time"].date()] += 1
            if not QUIET_UNTIL <= command["time"].hour < QUIET_FROM:
                broken.append(f"{command['purpose']} in quiet hours: {command['time']}")
    broken += [f"{count} posts: {key}" for key, count in posts.items() if count > POSTS_A_DAY]
    moments: dict[str, list[datetime]] = {}
    for row in await world.rows(SPENT):
        moments.setdefault(row["channel_id"], []).append(row["at"])
    for channel, known in moments.items():
        for number, at in enumerate(known):
            earlier = known[: number + 1]
            day = sum(each.date() == at.date() for each in earlier)
            week = sum(at - each < timedelta(days=7) for each in earlier)
            if day > Choices().warmups_a_day or week > Choices().warmups_a_week:
                broken.append(f"{day} a day, {week} a week: {channel} {at}")
    return broken


async def main() -> None:
    """Print what was found."""
    async with year(int(sys.argv[1]) if len(sys.argv) > 1 else None) as known:
        print(f"{known.events} events, {known.events / known.seconds:,.0f} a second")
        print(f"{known.cpu_seconds / known.events * 1e6:,.0f} CPU µs an event, without the database's")
        print(f"{known.database_seconds / known.events * 1e6:,.0f} CPU µs an event of the database's session")
        print(f"limits broken: {await broken_limits(known.world)}")
        for query in (SPELLS, CHANNELS):
            for row in await known.world.rows(query):
                print(*row.values())


if __name__ == "__main__":
    asyncio.run(main())
