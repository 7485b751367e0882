"""How fast reporting answers by its API: every metric, all metrics of a month, and whole reports.

`python -m tests.bench.asking` asks of the real year of `../shared/data`; `--messages 10000000` of a generated
community of that size, whose rows are made by SQL. Each question is asked `--rounds` times, one after the
other, through the service's whole HTTP application, without a socket; `--strict` fails when a bar is missed.
"""

import argparse
import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from statistics import median, quantiles

import asyncpg
import httpx
from pydantic import SecretStr
from rich.console import Console
from rich.table import Table

from deploy.local.home import REPOSITORY, Home, default_home
from deploy.local.postgres import PostgresServer
from services.reporting import api
from services.reporting.domain.metric_registry import METRICS
from services.reporting.handlers.read_words import read_new
from shared.contracts.profiles import CommunityProfile
from shared.http.application import guarded_application, include_guarded
from shared.postgres.pool import open_pool
from tests.bench import crowd
from tests.bench.measured import Stopwatch
from tests.reporting_world import connected
from tests.reporting_year import FILE, batches, take
from tests.servers import Databases, ServiceDatabase, remove_home

YEAR = REPOSITORY.parent / "shared" / "data" / FILE
TOKEN = "a-token-for-this-bench-only"
WHOLE = {"from": "2024-01-01", "to": "2024-12-31"}
JUNE = {"from": "2024-06-01", "to": "2024-06-30"}
MONTHS = [f"2024-{month:02}" for month in range(1, 13)]
AFTER = datetime(2025, 1, 2, tzinfo=UTC)
YEAR_BY_DAY, YEAR_BY_MONTH, MONTH = (
    "metric of a year by day",
    "metric of a year by month",
    "metric of a month",
)
ALL_OF_MONTH, REPORT = "all metrics of a month", "HTML report of a month"
REAL_BARS = {YEAR_BY_DAY: 0.3, YEAR_BY_MONTH: 0.3, REPORT: 2.0}
LARGE_BARS = {MONTH: 1.0, ALL_OF_MONTH: 1.0}
KEEP_PROFILE = """
    INSERT INTO community (community_id, partition, profile, revision, mode, event_clock)
    VALUES ($1, 0, $2, 1, 'event', $3)
"""
console = Console(highlight=False)
Ask = Callable[[str, Mapping[str, str]], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Asked:
    """One kind of question: the seconds of each time it was asked."""

    name: str
    seconds: list[float]
    bar: float | None
    cpu: float = 0.0
    """Mean CPU seconds of a time, the database's among them: what other work beside cannot change."""

    @property
    def p95(self) -> float:
        """The 95th percentile."""
        return quantiles(self.seconds, n=20, method="inclusive")[-1]

    @property
    def is_met(self) -> bool:
        """Whether the bar, if there is one, is reached."""
        return self.bar is None or self.p95 < self.bar


async def real_year(database: ServiceDatabase) -> str:
    """The real year through the handler, its words read; returns the community."""
    about = CommunityProfile(community_id="lean", revision=1, time_zone="UTC")
    async with connected(database) as connection:
        for batch in batches(YEAR, about):
            await take(connection, batch)
            await read_new(connection, about.community_id, [])
        await connection.execute(KEEP_PROFILE, about.community_id, about.model_dump_json(), AFTER)
        await connection.execute("ANALYZE")
    return about.community_id


async def generated(database: ServiceDatabase, messages: int) -> str:
    """A community of so many messages, and what it takes on disk."""
    owner = await asyncpg.connect(database.owner_url)
    try:
        began = time.perf_counter()
        await crowd.generate(owner, messages)
        console.print(f"{messages:,} messages generated in {time.perf_counter() - began:.0f} s")
        sizes = await crowd.sizes(owner)
    finally:
        await owner.close()
    table = Table("table", "MB", "MB a million messages", title="Disk, with indexes")
    for name, size in [("all", sum(sizes.values())), *sizes.items()]:
        if size >= 10_000_000:
            table.add_row(name, f"{size / 1e6:,.0f}", f"{size / messages:,.1f}")
    console.print(table)
    return crowd.COMMUNITY


@asynccontextmanager
async def asking(database: ServiceDatabase, community: str) -> AsyncIterator[Ask]:
    """The service's API in front of the database."""
    pool = await open_pool(database.app_url, "bench", size_min=1, size_max=2)
    app = guarded_application("reporting", SecretStr(TOKEN))
    include_guarded(app, api.router(pool))
    client = httpx.AsyncClient(
        transport=httpx.ASGITransport(app),
        base_url=f"http://bench/v1/communities/{community}",
        headers={"authorization": f"Bearer {TOKEN}"},
        timeout=60,
    )

    async def ask(path: str, wanted: Mapping[str, str]) -> None:
        (await client.get(path, params=wanted)).raise_for_status()

    async with client:
        yield ask
    await pool.close()


@dataclass(frozen=True, slots=True)
class Bench:
    """Asks, and keeps what each question took."""

    ask: Ask
    rounds: int
    database_pid: int
    bars: Mapping[str, float]
    is_large: bool
    """Of millions of messages a year is asked for by months alone: its days would be read for minutes."""

    async def timed(self, kind: str, path: str, *asked: Mapping[str, str], detail: str = "") -> Asked:
        """Each question once to warm up, then so many rounds of all of them."""
        for wanted in asked:
            await self.ask(path, wanted)
        seconds = []
        watch = Stopwatch(kind, self.database_pid)
        watch.start()
        for wanted in list(asked) * self.rounds:
            began = time.perf_counter()
            await self.ask(path, wanted)
            seconds.append(time.perf_counter() - began)
        spent = watch.stop(len(seconds))
        cpu = (spent.client_us + spent.database_us) / 1e6
        return Asked(kind + detail, seconds, self.bars.get(kind), cpu)

    async def metrics(self, kind: str, span: Mapping[str, str], by: str) -> list[Asked]:
        """Every metric by itself: all together, and the one that took most CPU."""
        found = [
            await self.timed(
                kind, "/metrics", {**span, "by": by, "metric": each.name}, detail=f", {each.name}"
            )
            for each in METRICS
        ]
        pooled = [seconds for each in found for seconds in each.seconds]
        cpu = sum(each.cpu for each in found) / len(found)
        return [Asked(f"{kind}, any", pooled, None, cpu), max(found, key=lambda each: each.cpu)]

    async def questions(self) -> AsyncIterator[Asked]:
        """Every kind."""
        kinds = ((YEAR_BY_DAY, WHOLE, "day"), (YEAR_BY_MONTH, WHOLE, "month"), (MONTH, JUNE, "month"))
        for kind, span, by in kinds[self.is_large :]:
            for each in await self.metrics(kind, span, by):
                yield each
        yield await self.timed(ALL_OF_MONTH, "/metrics", {**JUNE, "by": "month"})
        yield await self.timed("heat map of a year", "/heatmap", WHOLE)
        reports: list[Mapping[str, str]] = [{"period": month, "format": "html"} for month in MONTHS]
        yield await replace(self, rounds=max(1, self.rounds // 5)).timed(REPORT, "/report", *reports)


async def run(messages: int, rounds: int) -> bool:
    """Fill a database on disk, ask, show; returns whether every bar is reached."""
    home = Home(default_home().folder("bench"))
    server = PostgresServer.at(home)
    table = Table("question", "CPU ms", "median ms", "p95 ms", "to reach", title="Asked of reporting's API")
    is_met = True
    try:
        await server.start()
        database = await Databases(server).create("reporting")
        community = await (generated(database, messages) if messages else real_year(database))
        assert server.process is not None
        async with asking(database, community) as ask:
            bench = Bench(
                ask, rounds, server.process.pid, LARGE_BARS if messages else REAL_BARS, bool(messages)
            )
            async for each in bench.questions():
                is_met &= each.is_met
                bar = f"{1000 * each.bar:,.0f}{'' if each.is_met else ', missed'}" if each.bar else ""
                times = (each.cpu, median(each.seconds), each.p95)
                table.add_row(each.name, *(f"{1000 * seconds:,.1f}" for seconds in times), bar)
    finally:
        await remove_home(home)
    console.print(table)
    return is_met


def main() -> None:
    """Measure, show, judge."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.asking", description=__doc__)
    parser.add_argument("--messages", type=int, default=0, help="generate so many; else the real year")
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--strict", action="store_true", help="exit 1 when a bar is missed")
    options = parser.parse_args()
    if not options.messages and not YEAR.exists():
        raise SystemExit(f"REAL DATA MISSING: no {YEAR}; --messages N generates some")
    if not asyncio.run(run(options.messages, options.rounds)) and options.strict:
        raise SystemExit(1)


if __name__ == "__main__":
    main()
