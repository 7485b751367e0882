"""Real servers for tests: folders that are swept after a killed run, and a fresh database for each test."""

import asyncio
import contextlib
import itertools
import os
import shutil
import tempfile
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path

import asyncpg
from aiokafka import TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, RecordsToDelete
from aiokafka.errors import KafkaError

from deploy.local.addresses import with_database
from deploy.local.home import Home
from deploy.local.outside import remove_outside_folder
from deploy.local.postgres import PostgresServer
from deploy.local.process import Identity, end
from deploy.local.roles import ServiceLogin, create_roles
from shared.contracts.topics import PARTITIONS, TOPICS
from shared.postgres.migrate import migrate

PREFIX = "hearth-tests-"
OWNER = "owner"
# Each database is 300 small files: in memory they are made ten times as fast as on a slow disk.
MEMORY = Path("/dev/shm")
MEMORY_BYTES_MIN = 4 << 30


@contextlib.asynccontextmanager
async def temporary_home() -> AsyncIterator[Home]:
    """A stack's folder for one test or session; processes that it remembers are ended at the end."""
    home = _make_home()
    try:
        yield home
    finally:
        await remove_home(home)


def _make_home() -> Home:
    root = Path(tempfile.mkdtemp(prefix=PREFIX, dir=_parents()[0]))
    root.chmod(0o755)
    home = Home(root)
    home.write_state({OWNER: Identity.of(os.getpid()).as_state()})
    return home


def _homes() -> list[Home]:
    return [Home(root) for parent in _parents() for root in parent.glob(f"{PREFIX}*")]


def _parents() -> list[Path]:
    disk = Path(tempfile.gettempdir())
    fits = MEMORY.is_dir() and shutil.disk_usage(MEMORY).free > MEMORY_BYTES_MIN
    return [MEMORY, disk] if fits else [disk]


async def remove_home(home: Home) -> None:
    """End what runs there and delete the folder."""
    for identity in home.state().get("processes", {}).values():
        await end(Identity.from_state(identity), grace_seconds=10)
    remove_outside_folder(home)
    shutil.rmtree(home.root, ignore_errors=True)


async def sweep() -> None:
    """Remove the folders and processes of test runs that were killed."""
    for home in _homes():
        owner = home.state().get(OWNER)
        if owner and not Identity.from_state(owner).alive:
            await remove_home(home)


@dataclass(frozen=True, slots=True)
class ServiceDatabase:
    """A migrated database that nobody else uses."""

    name: str
    service: str
    admin_url: str
    owner_url: str
    app_url: str


@dataclass(slots=True)
class Databases:
    """Makes databases of a server from one migrated template per service.

    A service that has no migrations of its own, e.g. one invented by a test, gets the engine's tables.
    """

    server: PostgresServer
    _templates: dict[str, str] = field(default_factory=dict)
    _numbers: "itertools.count[int]" = field(default_factory=itertools.count)
    _turn: asyncio.Lock = field(default_factory=asyncio.Lock)

    def login(self, service: str) -> ServiceLogin:
        """The service's roles; the same in every database."""
        secret = self.server.home.secret
        return ServiceLogin(service, secret(f"hearth_{service}_owner"), secret(f"hearth_{service}"))

    async def create(self, service: str) -> ServiceDatabase:
        """A fresh copy of the service's template."""
        async with self._turn:
            template = self._templates.get(service) or await self._make_template(service)
        name = f"{service}_{next(self._numbers)}"
        await self._administer(f'CREATE DATABASE "{name}" TEMPLATE "{template}" STRATEGY FILE_COPY')
        url = self.server.url(name)
        login = self.login(service)
        return ServiceDatabase(name, service, url, login.owner_url(url), login.app_url(url))

    async def drop(self, database: ServiceDatabase) -> None:
        """Delete it, whoever is connected."""
        await self._administer(f'DROP DATABASE IF EXISTS "{database.name}" WITH (FORCE)')

    async def _make_template(self, service: str) -> str:
        name = f"template_{service}"
        await self._administer(f'CREATE DATABASE "{name}"')
        url = with_database(self.server.admin_url, name)
        login = self.login(service)
        await create_roles(url, [login])
        await asyncio.to_thread(migrate, service, login.owner_url(url))
        self._templates[service] = name
        return name

    async def _administer(self, statement: str) -> None:
        connection = await asyncpg.connect(self.server.url("postgres"))
        try:
            await connection.execute(statement)
        finally:
            await connection.close()


async def empty_topics(bootstrap_servers: str) -> None:
    """Delete every record that is in the topics, but for the compacted ones, where Kafka refuses that."""
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap_servers)
    await admin.start()
    try:
        places = [
            TopicPartition(topic.name, partition)
            for topic in TOPICS
            if not topic.compacted
            for partition in range(PARTITIONS)
        ]
        async with asyncio.timeout(30):
            while not await _deleted(admin, places):  # noqa: ASYNC110
                await asyncio.sleep(0.1)
    finally:
        await admin.close()


async def _deleted(admin: AIOKafkaAdminClient, places: list[TopicPartition]) -> bool:
    """Whether it is done; a broker that has just started does not lead its partitions yet."""
    try:
        await admin.delete_records({place: RecordsToDelete(before_offset=-1) for place in places})
    except KafkaError:
        return False
    return True
