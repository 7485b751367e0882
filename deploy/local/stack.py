"""The whole local stack for programs: `hearth up`, demo, bench and tests drive it through `LocalStack`.

stack = LocalStack.at(Home(folder))
await stack.start_servers()                         # Kafka, Postgres, topics, roles, migrations
moderation = await stack.start_service("moderation")
stack.own_kafka.kill()                              # each server alone ...
await stack.own_kafka.start()                       # ... and again on the same port and data
await stack.stop()
"""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from deploy.local.external import ExternalKafka, ExternalPostgres
from deploy.local.home import Home
from deploy.local.kafka import USUAL_PORT as KAFKA_PORT
from deploy.local.kafka import KafkaServer
from deploy.local.postgres import USUAL_PORT as POSTGRES_PORT
from deploy.local.postgres import PostgresServer
from deploy.local.roles import SERVICES, ServiceLogin, create_roles
from deploy.local.services import ServiceProcess, spawn_service, stop_all
from deploy.local.topics import create_topics
from shared.postgres.migrate import migrate


@dataclass(slots=True)
class LocalStack:
    """Servers and services of one home folder. All of it is for one event loop at a time."""

    home: Home
    kafka: KafkaServer | ExternalKafka
    postgres: PostgresServer | ExternalPostgres
    usual_ports: bool = False
    services: list[ServiceProcess] = field(default_factory=list)

    @classmethod
    def at(
        cls, home: Home, *, usual_ports: bool = False, environment: Mapping[str, str] | None = None
    ) -> "LocalStack":
        """A stack in `home`, nothing started yet.

        `usual_ports`: 9092, 5432 and so on where they are free, else random ones. `environment`: its
        `KAFKA_BOOTSTRAP_SERVERS` and `DATABASE_URL` are used in place of own servers.
        """
        given = environment or {}
        brokers, database = given.get("KAFKA_BOOTSTRAP_SERVERS"), given.get("DATABASE_URL")
        return cls(
            home,
            ExternalKafka(brokers) if brokers else KafkaServer.at(home, KAFKA_PORT if usual_ports else None),
            ExternalPostgres(database)
            if database
            else PostgresServer.at(home, POSTGRES_PORT if usual_ports else None),
            usual_ports,
        )

    @property
    def own_kafka(self) -> KafkaServer:
        """The broker that this stack runs; for those who stop, kill or freeze it."""
        assert isinstance(self.kafka, KafkaServer), "this stack uses somebody else's Kafka"
        return self.kafka

    @property
    def own_postgres(self) -> PostgresServer:
        """The Postgres that this stack runs; for those who stop, kill or freeze it."""
        assert isinstance(self.postgres, PostgresServer), "this stack uses somebody else's Postgres"
        return self.postgres

    def login(self, service: str) -> ServiceLogin:
        """The service's two roles and their passwords."""
        owner, app = f"hearth_{service}_owner", f"hearth_{service}"
        return ServiceLogin(service, self.home.secret(owner), self.home.secret(app))

    def app_url(self, service: str) -> str:
        """The database as the service sees it."""
        return self.login(service).app_url(self.postgres.admin_url)

    async def start_servers(self) -> None:
        """Start Kafka and Postgres side by side, then make topics, roles, schemas and tables."""
        await asyncio.gather(self.kafka.start(), self.postgres.start())
        await asyncio.gather(self.create_topics(), self.create_schemas())

    async def create_topics(self) -> list[str]:
        """Create the topics that are missing."""
        return await create_topics(self.kafka.bootstrap_servers)

    async def create_schemas(self, services: Sequence[str] = SERVICES) -> list[str]:
        """Create roles and schemas and bring each to its newest version; returns the applied steps."""
        url = self.postgres.admin_url
        logins = [self.login(service) for service in services]
        await create_roles(url, logins)
        runs = [asyncio.to_thread(migrate, login.service, login.owner_url(url)) for login in logins]
        return [step for steps in await asyncio.gather(*runs) for step in steps]

    async def start_service(self, service: str, **environment: str) -> ServiceProcess:
        """Start a service and wait until it is ready; again for a second replica.

        `environment` adds to what the service is told, or replaces it, e.g. `LOG_LEVEL="DEBUG"`.
        """
        started = self.spawn_service(service, **environment)
        await started.until_ready()
        return started

    def spawn_service(self, service: str, **environment: str) -> ServiceProcess:
        """Start a service without waiting for it."""
        names = {running.name for running in self.services if running.returncode is None}
        replica = next(
            number
            for number in range(1, len(names) + 2)
            if (service if number == 1 else f"{service}-{number}") not in names
        )
        told = {
            "DATABASE_URL": self.app_url(service),
            "KAFKA_BOOTSTRAP_SERVERS": self.kafka.bootstrap_servers,
            **environment,
        }
        started = spawn_service(self.home, service, replica, told, self.usual_ports)
        self.services.append(started)
        return started

    async def stop(self) -> None:
        """Stop what this stack started: services first, servers last."""
        await stop_all(self.services)
        self.services.clear()
        await asyncio.gather(self.kafka.stop(), self.postgres.stop())
