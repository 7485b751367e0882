"""Faults with real processes: whatever is killed, frozen or away, every event has one effect."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime

import pytest

from connectors.sdk.publisher import Publisher
from deploy.local.home import Home
from deploy.local.kafka import KafkaServer
from deploy.local.postgres import PostgresServer
from deploy.local.topics import create_topics
from tests.engine_world import KILL, World, fresh, make_world, message
from tests.probe_process import probe
from tests.servers import Databases, temporary_home

KILL_BACKENDS = """
    SELECT pg_terminate_backend(pid) FROM pg_stat_activity
    WHERE application_name = 'probe' AND pid <> pg_backend_pid()
"""


@asynccontextmanager
async def own_servers() -> AsyncIterator[tuple[World, KafkaServer, PostgresServer]]:
    """A Kafka and a Postgres that may be stopped, and a probe's world on them."""
    async with temporary_home() as home:
        kafka, postgres = await _start(home)
        try:
            database = await Databases(postgres).create("probe")
            world = await make_world(
                database.admin_url, database.owner_url, database.app_url, kafka.bootstrap_servers
            )
            yield world, kafka, postgres
            world.app.terminate()
            world.admin.terminate()
        finally:
            await kafka.stop()
            await postgres.stop()


async def _start(home: Home) -> tuple[KafkaServer, PostgresServer]:
    kafka, postgres = KafkaServer.at(home), PostgresServer.at(home)
    await kafka.start()
    await create_topics(kafka.bootstrap_servers)
    await postgres.start()
    return kafka, postgres


async def flow(world: World, communities: list[str], turns: int, pause: float) -> None:
    """Publish five messages a community and turn, for a while; a Kafka that is away is waited for."""
    async with Publisher(world.servers, "/test") as publisher:
        for turn in range(turns):
            for each in communities:
                for n in range(5):
                    said = message(each, turn * 5 + n, f"announce {n}")
                    await publisher.publish(said, datetime.now(UTC))
            await asyncio.sleep(pause)


async def exactly_once(world: World, communities: list[str], turns: int) -> None:
    """All effects came, each once, in order; nothing was set aside; the outbox has no gap."""
    for community in communities:
        await world.until_effects(community, turns * 5, seconds=120)
    for community in communities:
        assert await world.effects(community) == [f"{community}-{n}" for n in range(turns * 5)]
    await world.until_sent()
    assert await world.admin.fetchval("SELECT count(*) FROM probe.dead_letter") == 0
    assert await world.accounts_fit()
    assert await world.gaps() == 0


@pytest.mark.timeout(600)
async def test_a_service_killed_again_and_again_loses_nothing_and_doubles_nothing(world: World) -> None:
    communities = [fresh() for _ in range(8)]
    flowing = asyncio.create_task(flow(world, communities, 200, 0.1))
    for death in range(3):
        async with probe(world) as running:
            await world.until_effects(communities[death], 100 * death + 20)
            running.kill()
    async with probe(world):
        await flowing
        await exactly_once(world, communities, 200)


@pytest.mark.timeout(600)
async def test_killed_backends_cost_no_event_and_set_nothing_aside(world: World) -> None:
    communities = [fresh() for _ in range(8)]
    async with probe(world):
        flowing = asyncio.create_task(flow(world, communities, 60, 0.1))
        killed = 0
        while not flowing.done():
            killed += len(await world.admin.fetch(KILL_BACKENDS))
            await asyncio.sleep(0.4)
        assert killed > 5
        await exactly_once(world, communities, 60)


@pytest.mark.timeout(600)
async def test_a_frozen_owner_has_no_effect_when_it_thaws(world: World) -> None:
    communities = [fresh() for _ in range(8)]
    async with probe(world) as first:
        flowing = asyncio.create_task(flow(world, communities, 100, 0.2))
        await world.until_effects(communities[0], 5)
        first.freeze()
        async with probe(world):
            await flowing
            await exactly_once(world, communities, 100)
            first.thaw()
            await asyncio.sleep(3)
            await world.publish([message(each, 500) for each in communities])
            for community in communities:
                await world.until_effects(community, 501)
                assert len(await world.effects(community)) == 501
            assert await world.accounts_fit()


@pytest.mark.timeout(600)
async def test_owners_that_come_and_go_share_the_lanes_without_doubling(world: World) -> None:
    communities = [fresh() for _ in range(12)]
    async with probe(world) as first:
        flowing = asyncio.create_task(flow(world, communities, 100, 0.1))
        async with probe(world) as second, probe(world):
            await asyncio.sleep(4)
            assert await second.end() == 0
        assert await first.end() == 0
    async with probe(world):
        await flowing
        await exactly_once(world, communities, 100)


@pytest.mark.timeout(600)
async def test_a_clean_end_gives_the_lanes_back(world: World) -> None:
    community = fresh()
    await world.publish([message(community, n) for n in range(100)])
    async with probe(world) as running:
        await world.until_effects(community, 100)
        assert await running.end() == 0
    held = await world.admin.fetchval("SELECT count(*) FROM probe.lane WHERE owner IS NOT NULL")
    assert held == 0


@pytest.mark.timeout(600)
async def test_a_record_that_kills_the_process_is_set_aside_and_its_neighbours_are_kept() -> None:
    async with own_servers() as (world, _, _):
        community = fresh()
        texts = {40: KILL}
        await world.publish([message(community, n, texts.get(n, "hello")) for n in range(100)])
        crashes = 0
        while len(await world.effects(community)) < 99:
            async with probe(world) as running:
                finished = asyncio.create_task(world.until_effects(community, 99))
                died = asyncio.create_task(running.died())
                done, _ = await asyncio.wait({finished, died}, return_when=asyncio.FIRST_COMPLETED)
                crashes += died in done
                finished.cancel()
                died.cancel()
        assert 1 <= crashes <= 3
        rows = await world.admin.fetch('SELECT reason, "offset" FROM probe.dead_letter')
        assert [(row["reason"], row["offset"]) for row in rows] == [("crashed_process", 40)]
        assert await world.accounts_fit()


@pytest.mark.timeout(600)
async def test_an_outage_of_each_server_loses_nothing_and_sets_nothing_aside() -> None:
    async with own_servers() as (world, kafka, postgres):
        communities = [fresh() for _ in range(8)]
        async with probe(world) as running:
            flowing = asyncio.create_task(flow(world, communities, 100, 0.2))
            await world.until_effects(communities[0], 10)
            await postgres.stop()
            await asyncio.sleep(6)
            await postgres.start()
            await world.until_effects(communities[0], 50)
            await kafka.stop()
            await asyncio.sleep(4)
            await kafka.start()
            await flowing
            await exactly_once(world, communities, 100)
            assert running.process.returncode is None
