"""What every test may ask for: one real Postgres, one real Kafka, databases from templates, real data."""

import asyncio
import signal
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Generator
from pathlib import Path

import hypothesis
import pytest

from deploy.local.home import REPOSITORY, Home
from deploy.local.kafka import KafkaServer
from deploy.local.postgres import PostgresServer
from deploy.local.setup import set_up
from deploy.local.topics import create_topics
from shared.observability import logs
from tests.engine_world import World, make_world
from tests.servers import Databases, ServiceDatabase, empty_topics, sweep, temporary_home

# A busy machine is no failed law.
hypothesis.settings.register_profile("hearth", deadline=None)
hypothesis.settings.load_profile("hearth")

# structlog's own default prints every frame's variables: half a minute for one logged exception.
logs.configure("tests", stream=sys.__stdout__)

# A shell starts background jobs with SIGINT ignored; so would be whatever the tests start and interrupt.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

REAL_DATA = REPOSITORY.parent / "shared" / "data"


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Reports travel as UTF-8, which has no place for lone surrogates that a test logged."""
    report = yield
    report.sections = [(name, text.encode("utf-8", "replace").decode()) for name, text in report.sections]
    return report


@pytest.fixture(scope="session")
async def servers_home() -> AsyncIterator[Home]:
    """Folder of this session's servers."""
    await sweep()
    async with temporary_home() as home:
        yield home


@pytest.fixture(scope="session")
async def postgres_server(servers_home: Home) -> AsyncIterator[PostgresServer]:
    """One real Postgres for the session. Who stops or kills servers starts an own one."""
    server = PostgresServer.at(servers_home)
    # Dropping a database waits for a checkpoint: seconds on a busy disk. No test cuts this machine's power.
    server.settings = {"fsync": "off", "max_wal_size": "256MB", "shared_buffers": "128MB"}
    await server.start()
    yield server
    await server.stop()


@pytest.fixture(scope="session")
async def session_kafka(servers_home: Home) -> AsyncIterator[KafkaServer]:
    """One real Kafka with all topics for the session. Who stops or kills servers starts an own one."""
    await asyncio.to_thread(set_up, print, postgres=False)
    server = KafkaServer.at(servers_home)
    await server.start()
    await create_topics(server.bootstrap_servers)
    yield server
    await server.stop()


@pytest.fixture
async def kafka_server(session_kafka: KafkaServer) -> KafkaServer:
    """The session's Kafka, its logs empty: an engine on a fresh database reads them from their start."""
    await empty_topics(session_kafka.bootstrap_servers)
    return session_kafka


@pytest.fixture(scope="session")
async def databases(postgres_server: PostgresServer) -> Databases:
    """Makes migrated databases."""
    return Databases(postgres_server)


@pytest.fixture
async def service_database(
    databases: Databases,
) -> AsyncIterator[Callable[[str], Awaitable[ServiceDatabase]]]:
    """`await service_database("moderation")`: a fresh migrated database, dropped after the test."""
    made: list[ServiceDatabase] = []

    async def make(service: str) -> ServiceDatabase:
        made.append(await databases.create(service))
        return made[-1]

    yield make
    for database in made:
        await databases.drop(database)


@pytest.fixture(scope="session")
def real_data() -> Path:
    """The folder with real chat histories beside the checkout."""
    if not REAL_DATA.is_dir():
        pytest.skip(f"REAL DATA MISSING: no {REAL_DATA}, nothing was compared with real histories")
    return REAL_DATA


@pytest.fixture
async def world(
    service_database: Callable[[str], Awaitable[ServiceDatabase]], kafka_server: KafkaServer
) -> AsyncIterator[World]:
    """A probe service on a fresh database and the session's Kafka, for tests of the engine."""
    database = await service_database("probe")
    world = await make_world(
        database.admin_url, database.owner_url, database.app_url, kafka_server.bootstrap_servers
    )
    yield world
    world.app.terminate()
    world.admin.terminate()
