"""Services that end in the middle of their work, politely or not: nothing is lost, nothing counted twice."""

import asyncio
from collections import Counter
from datetime import UTC, date, datetime

from connectors.imports.feed import Feed
from connectors.sdk.publisher import Publisher
from deploy.local.roles import SERVICES
from shared.contracts.chat import MessagePosted
from shared.contracts.partitioning import partition_of
from shared.contracts.topics import CHAT_EVENTS
from tests.e2e.one_history import Outcome, outcome
from tests.e2e.stack_fixtures import Pipeline, every_sum_fits, pipeline, topic_in
from tests.laws.tables import Tables, differences
from tools.simulator.community import SOURCE, Settings, profile, simulate

TALKING = [f"busy-{number}" for number in range(12)]
PAUSE_SECONDS = 0.1
WEEK = Settings("harbour", date(2026, 3, 2), days=7, seed=11, members=400)
LONG_AFTER = "2026-05-20"
"""The month is closed, and what is only kept for a while is forgotten."""
BEGUN_SECONDS_MAX = 60
HANDLED = """
    SELECT coalesce(sum(next_offset), 0) FROM {service}.lane_offset WHERE topic = $1 AND partition = $2
"""
RISES = frozenset({"level.changed", "grant_title"})
PAID = """
    SELECT count(*), count(DISTINCT message_id) FROM rewards.message
    WHERE community_id = ANY($1::text[]) AND stands
"""


def spoken(turn: int) -> list[tuple[MessagePosted, datetime]]:
    """One message in each of several communities, now."""
    now = datetime.now(UTC)
    return [
        (
            MessagePosted(
                community_id=community, channel_id="hall", message_id=f"{community}-{turn}",
                member_id=f"member-{turn}", text="今天下午三点我们一起去湖边喝茶",
            ),
            now,
        )
        for community in TALKING
    ]  # fmt: skip


async def talk(live: Pipeline, enough: asyncio.Event) -> int:
    """People talk in several communities until it is enough; how many messages they wrote."""
    turns = 0
    async with Publisher(live.servers, "/e2e") as publisher:
        while not enough.is_set():
            await publisher.publish_all(spoken(turns))
            await publisher.flush()
            await asyncio.sleep(PAUSE_SECONDS)
            turns += 1
    return turns * len(TALKING)


async def test_services_asked_to_end_under_load_end_well_and_lose_nothing(live: Pipeline) -> None:
    before, enough = await live.drain(), asyncio.Event()
    talking = asyncio.create_task(talk(live, enough))
    for service in SERVICES:
        await asyncio.sleep(5 * PAUSE_SECONDS)
        assert await live.service(service).stop() == 0
        live.start_again(service)
    for service in SERVICES:
        await live.service(service).until_ready()
    enough.set()
    count = await talking
    drained = await live.drain()
    for service in SERVICES:
        then, now = (topic_in(each, service, CHAT_EVENTS) for each in (before, drained))
        assert (now.applied - then.applied, now.duplicates - then.duplicates) == (count, 0)
        assert now.dead_lettered == then.dead_lettered
    assert tuple((await live.database.fetch(PAID, TALKING))[0]) == (count, count)
    assert every_sum_fits(drained)


async def undisturbed_week(live: Pipeline) -> Outcome:
    """The week as an operator simulates it."""
    week = (
        "--community", WEEK.community_id, "--from", str(WEEK.start), "--days", str(WEEK.days),
        "--seed", str(WEEK.seed), "--members", str(WEEK.members),
    )  # fmt: skip
    told = await live.hearth_json("simulate", *week, "--stay", "--wait")
    assert told["reconciles"] is True
    return await afterwards(live)


async def afterwards(live: Pipeline) -> Outcome:
    code, _, err = await live.hearth("advance", WEEK.community_id, "--to", LONG_AFTER)
    assert code == 0, err
    assert every_sum_fits(await live.drain())
    return await outcome(live, WEEK.community_id)


async def handled(live: Pipeline, service: str) -> int:
    """How far a service is in the partition of the week."""
    return int(
        await live.database.fetchval(
            HANDLED.format(service=service), CHAT_EVENTS, partition_of(WEEK.community_id)
        )
    )


async def disturbed_week(live: Pipeline) -> Outcome:
    """The same week in quarters; in each another service is killed as soon as it has begun with it."""
    events = list(simulate(WEEK))
    quarter = len(events) // len(SERVICES) + 1
    async with Publisher(live.servers, SOURCE) as publisher:
        feed = Feed(publisher, profile(WEEK, revision=1), returns_to_wall=False)
        for number, victim in enumerate(SERVICES):
            before = await handled(live, victim)
            feeding = asyncio.create_task(feed.run(events[number * quarter : (number + 1) * quarter]))
            async with asyncio.timeout(BEGUN_SECONDS_MAX):
                while await handled(live, victim) == before:  # noqa: ASYNC110 - another process
                    await asyncio.sleep(0.002)
            live.service(victim).kill()
            live.start_again(victim)
            await feeding
    for service in SERVICES:
        await live.service(service).until_ready()
    # As after `--wait`: what follows from a removal bears the moment at which its reader hears of it.
    await live.drain()
    return await afterwards(live)


def rises(tables: Tables) -> Counter[str]:
    """How many levels changed: points of two topics reach a threshold, whichever comes last."""
    return Counter(value for row in tables["reporting.fact"] for value in row if value in RISES)


def without_rises(tables: Tables) -> Tables:
    """Without facts that tell of a level: they bear the moment at which its last points were heard of."""
    told = {"reporting.fact", "reporting.day_count"}
    return {
        name: [row for row in rows if name not in told or not RISES.intersection(map(str, row))]
        for name, rows in tables.items()
    }


async def test_a_week_in_which_every_service_was_killed_is_the_week_in_which_none_was(live: Pipeline) -> None:
    quiet = await undisturbed_week(live)
    async with pipeline() as other:
        noisy = await disturbed_week(other)
        crashes = {
            service: await other.database.fetchval(f"SELECT max(epoch) FROM {service}.lane")
            for service in SERVICES
        }
    assert min(crashes.values()) > 1, f"not all lanes changed hands: {crashes}"
    for table in ("moderation.removal", "engagement.checkin", "rewards.month_winner", "reporting.fact"):
        assert quiet.tables[table], f"the week is too quiet: nothing in {table}"
    assert rises(noisy.tables) == rises(quiet.tables)
    assert differences(without_rises(noisy.tables), without_rises(quiet.tables)) == {}
