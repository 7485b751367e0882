"""`make bench`: every layer on the same log, in one run, with ratios and the bars that they must reach.

(a) aiokafka `getmany` and JSON; (a2) the same and a row an event by COPY, no guarantee; (b) the engine with
a row an event; (c) each service alone, on one history and on many live communities; (d) FastStream with one
transaction a message; `decision`, which is moderation's judging by itself with 60 000 own words, its seconds
the CPU's; and `trying`, moderation's two commands that judge without servers. The log is the real year where
`../shared/data` is there, else simulated months. Options: `make bench ARGS="--help"`.
"""

import argparse
import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path

import asyncpg
from rich.console import Console
from rich.table import Table

from connectors.imports.feed import Feed
from connectors.imports.reading import Parsed
from connectors.sdk.publisher import Publisher
from deploy.local.home import REPOSITORY, Home, default_home
from deploy.local.kafka import KafkaServer
from deploy.local.postgres import PostgresServer
from deploy.local.setup import set_up
from deploy.local.topics import create_topics
from shared.contracts.profiles import CommunityProfile
from tests.bench.bars import BARS, Figures
from tests.bench.decision import MEMBERS, run_alone
from tests.bench.history import history
from tests.bench.measured import Result
from tests.bench.trying import trying
from tests.servers import Databases, remove_home

SERVICES = ("moderation", "engagement", "rewards", "reporting")
LIVE = {f"{name}, live": name for name in SERVICES}
LAYERS = ("raw", "raw+copy", "engine", *SERVICES, *LIVE, "naive")
LIVE_COMMUNITIES = 480
LIVE_SPAN = timedelta(minutes=20)
STALENESS_MINUTES = 120
"""Longer than a run takes: what is said in a live community is answered."""
LANES = (1, 8, 24)
LANE_LAYERS = ("engine, at once 1", "engine, at once 4", "engine, at once 24")
CONTROL_RECORDS = 2
"""The profile and the clock before a history."""
ROW_TABLE = """
    CREATE TABLE row_an_event (community_id text, message_id text, member_id text, occurred_at timestamptz)
"""
console = Console()


async def fill(servers: str, events: list[Parsed], communities: int) -> int:
    """Publish the history to one community, or dealt out to several; returns the records in the log."""
    async with Publisher(servers, "/bench") as publisher:
        names = ["lean"] if communities == 1 else [f"lean-{n}" for n in range(communities)]
        feeds = [
            Feed(publisher, CommunityProfile(community_id=name, revision=1, time_zone="UTC"))
            for name in names
        ]
        for number, feed in enumerate(feeds):
            feed.returns_to_wall = False
            dealt = islice(events, number, None, communities)
            renamed = (Parsed(e.model_copy(update={"community_id": names[number]}), at) for e, at in dealt)
            await feed.run(renamed if communities > 1 else dealt)
    return len(events) + CONTROL_RECORDS * communities


async def fill_live(servers: str, events: list[Parsed]) -> int:
    """Publish the history as if it had just happened: a piece of it to each of many live communities."""
    begins = datetime.now(UTC) - LIVE_SPAN
    names = [f"live-{number}" for number in range(LIVE_COMMUNITIES)]
    piece = max(1, len(events) // LIVE_COMMUNITIES)
    async with Publisher(servers, "/bench") as publisher:
        for name in names:
            profile = CommunityProfile(
                community_id=name, revision=1, time_zone="UTC", staleness_limit_minutes=STALENESS_MINUTES
            )
            await Feed(publisher, profile, clock="wall").announce(begins)
        for number in range(piece):
            for place, name in enumerate(names[: len(events) // piece]):
                event = events[place * piece + number].event
                moment = begins + LIVE_SPAN * number / piece
                await publisher.publish(event.model_copy(update={"community_id": name}), moment)
        await publisher.flush()
    return piece * min(LIVE_COMMUNITIES, len(events) // piece) + LIVE_COMMUNITIES


async def measure(name: str, servers: str, databases: Databases, events: int) -> Result:
    """Run one layer in a process of its own, on a fresh database."""
    service = LIVE.get(name, name if name in SERVICES else "probe")
    database = await databases.create(service)
    if service == "probe":
        owner = await asyncpg.connect(database.owner_url)
        await owner.execute(ROW_TABLE)
        await owner.close()
    assert databases.server.process is not None
    pid = databases.server.process.pid
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.bench.layers", name, stdout=asyncio.subprocess.PIPE, cwd=REPOSITORY,
        env={
            **os.environ, "KAFKA_BOOTSTRAP_SERVERS": servers, "DATABASE_URL": database.app_url,
            "EVENTS": str(events), "DATABASE_PID": str(pid),
        },
    )  # fmt: skip
    output, _ = await asyncio.wait_for(process.communicate(), 600)
    result = told(name, output.decode())
    await databases.drop(database)
    return result


def told(name: str, output: str) -> Result:
    """What a layer's process told."""
    for line in output.splitlines():
        if line.startswith("RESULT "):
            return Result(**json.loads(line.removeprefix("RESULT ")))
    raise SystemExit(f"{name} told no result; it said: {output[-2000:]}")


async def decision(limit: int | None) -> Result:
    """Moderation's decision, which needs neither log nor database."""
    result = told("decision", await run_alone(*([str(limit)] if limit else [])))
    show_line(result)
    console.print(f"  memory with {MEMBERS:,} active members: {(await run_alone('--memory')).strip()} MB")
    return result


@asynccontextmanager
async def kafka_of(home: Home, number: int) -> AsyncIterator[str]:
    """A Kafka of its own for each shape of the log; gives its address."""
    kafka = KafkaServer.at(Home(home.folder(f"kafka-{number}")))
    await kafka.start()
    try:
        await create_topics(kafka.bootstrap_servers)
        yield kafka.bootstrap_servers
    finally:
        await kafka.stop()


async def run(limit: int | None, wanted: list[str]) -> tuple[list[Result], list[Result]]:
    """All layers on one community; then the engine on 1, 8 and 24 lanes, by transactions at once."""
    alone = [await decision(limit)] if not wanted or "decision" in wanted else []
    for result in trying() if not wanted or "trying" in wanted else ():
        show_line(result)
        alone.append(result)
    if wanted and set(wanted) <= {"decision", "trying"}:
        return alone, []
    await asyncio.to_thread(set_up, console.print)
    events = list(history(limit))
    console.print(f"{len(events):,} events")
    layers = [name for name in LAYERS if not wanted or name in wanted]
    results = list(alone)
    by_lanes: list[Result] = []
    home = Home(default_home().folder("bench"))
    try:
        postgres = PostgresServer.at(home)
        await postgres.start()
        databases = Databases(postgres)
        for communities in LANES:
            async with kafka_of(home, communities) as servers:
                total = await fill(servers, events, communities)
                for name in [each for each in layers if each not in LIVE] if communities == 1 else []:
                    results.append(await measure(name, servers, databases, total))
                    show_line(results[-1])
                for name in LANE_LAYERS if not wanted or "lanes" in wanted else []:
                    result = await measure(name, servers, databases, total)
                    by_lanes.append(replace(result, name=f"{name}: {communities} lanes"))
                    show_line(by_lanes[-1])
        live = [name for name in layers if name in LIVE]
        if live:
            async with kafka_of(home, 0) as servers:
                total = await fill_live(servers, events)
                for name in live:
                    results.append(await measure(name, servers, databases, total))
                    show_line(results[-1])
    finally:
        await remove_home(home)
    return results, by_lanes


def show_line(result: Result) -> None:
    """While it runs: one line a layer."""
    console.print(f"  {result.name}: {result.rate:,.0f} events/s")


def show(results: list[Result], by_lanes: list[Result]) -> None:
    """The table."""
    table = Table("layer", "events/s", "client CPU µs", "database CPU µs", "events", title="Hearth bench")
    for result in [*results, *by_lanes]:
        table.add_row(
            result.name, f"{result.rate:,.0f}", f"{result.client_us:.1f}", f"{result.database_us:.1f}",
            f"{result.events:,}",
        )  # fmt: skip
    console.print(table)


def main() -> None:
    """Measure, show, judge."""
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("--limit", type=int, help="events of the history to use")
    parser.add_argument(
        "--only", nargs="*", default=[], help="layers: decision trying raw raw+copy … naive lanes"
    )
    parser.add_argument("--strict", action="store_true", help="exit 1 when a bar is missed")
    parser.add_argument("--json", type=Path, help="write the figures to a file")
    options = parser.parse_args()
    results, by_lanes = asyncio.run(run(options.limit, options.only))
    show(results, by_lanes)
    figures = Figures({result.name: result.rate for result in results})
    missed = 0
    for bar in BARS:
        verdict = bar.judge(figures)
        if verdict is not None:
            missed += not verdict.met
            console.print(
                f"  {'[green]met   ' if verdict.met else '[red]missed'} [/]{bar.text}: {verdict.value}"
            )
    if options.json:
        options.json.write_text(
            json.dumps([json.loads(each.as_json()) for each in [*results, *by_lanes]], indent=1)
        )
    if options.strict and missed:
        raise SystemExit(1)


if __name__ == "__main__":
    main()
