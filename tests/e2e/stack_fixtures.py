"""A whole stack of real processes, and what tests do with it: publish, wait, ask, count, replay, restart."""

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import asyncpg
import httpx
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, ConsumerRecord, TopicPartition
from prometheus_client.parser import text_string_to_metric_families

from connectors.sdk.publisher import Publisher
from deploy.local.home import REPOSITORY
from deploy.local.roles import SERVICES
from deploy.local.services import ServiceProcess
from deploy.local.stack import LocalStack
from shared.contracts.contract import Contract
from shared.contracts.envelope import read
from shared.contracts.registry import BY_TYPE
from shared.contracts.topics import PARTITIONS
from tests.laws.tables import Tables, whole
from tests.servers import temporary_home
from tools.drained import wait_until_drained
from tools.log_position import Positions, ServicePosition, TopicPosition

ANSWER_SECONDS_MAX = 60
CONNECTOR = "/e2e"
Told = Iterable[tuple[Contract, datetime]]


@dataclass(frozen=True, slots=True)
class Pipeline:
    """A running stack; its services keep their ports when they are restarted."""

    stack: LocalStack
    database: "asyncpg.Pool[asyncpg.Record]"
    """As one who may read every schema."""

    @property
    def servers(self) -> str:
        """Kafka's addresses."""
        return self.stack.kafka.bootstrap_servers

    def service(self, name: str) -> ServiceProcess:
        """The newest process of a service."""
        return next(each for each in reversed(self.stack.services) if each.name == name)

    def start_again(self, name: str) -> ServiceProcess:
        """Start a service that ended, on the ports that it had; it may not be ready yet."""
        former = self.service(name)
        ports = {port: former.environment[port] for port in ("API_PORT", "METRICS_PORT")}
        return self.stack.spawn_service(name, **ports)

    async def publish(self, told: Told) -> None:
        """Publish as a connector does; durable when it returns."""
        async with Publisher(self.servers, CONNECTOR) as publisher:
            await publisher.publish_all(told)

    async def drain(self) -> Positions:
        """Wait until everything is handled, with all that follows from it."""
        return await wait_until_drained(self.stack.postgres.admin_url, self.servers)

    async def get(self, service: str, path: str, **query: Any) -> Any:
        """What a service's API answers; fails unless it answers well."""
        process = self.service(service)
        headers = {"authorization": f"Bearer {process.token}"}
        async with httpx.AsyncClient(
            base_url=process.api_url, headers=headers, trust_env=False, timeout=ANSWER_SECONDS_MAX
        ) as client:
            answer = await client.get(path, params=query)
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def until(self, service: str, path: str, expected: dict[str, Any]) -> None:
        """Wait until a service's API answers these fields."""
        found: dict[str, Any] = {}
        try:
            async with asyncio.timeout(ANSWER_SECONDS_MAX):
                while {name: found.get(name) for name in expected} != expected:
                    await asyncio.sleep(0.1)
                    found = await self.get(service, path)
        except TimeoutError:
            raise AssertionError(f"{path} answers {found}, not {expected}") from None

    async def counters(self, service: str, name: str) -> dict[tuple[str, ...], float]:
        """A counter's values on the metrics port, by the values of its labels in the order of their names."""
        async with httpx.AsyncClient(trust_env=False) as client:
            text = (await client.get(self.service(service).metrics_url)).text
        return {
            tuple(value for _, value in sorted(sample.labels.items())): sample.value
            for family in text_string_to_metric_families(text)
            for sample in family.samples
            if sample.name == name
        }

    async def hearth(self, *arguments: str | Path) -> tuple[int, str, str]:
        """The `hearth` command as an operator runs it: exit code, stdout, stderr."""
        told = {
            "KAFKA_BOOTSTRAP_SERVERS": self.servers,
            "DATABASE_URL": self.stack.postgres.admin_url,
            "HEARTH_HOME": str(self.stack.home.root),
            "API_TOKEN": self.stack.home.secret("api-token"),
            **{f"{each.name.upper()}_URL": each.api_url for each in self.stack.services},
        }
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "tools.cli", *map(str, arguments), cwd=REPOSITORY,
            env={**os.environ, **told, "COLUMNS": "200"}, stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
        )  # fmt: skip
        out, err = await process.communicate()
        return process.returncode or 0, out.decode(), err.decode()

    async def hearth_json(self, *arguments: str | Path) -> Any:
        """What the command prints for programs; fails unless it succeeds."""
        code, out, err = await self.hearth(*arguments, "--json")
        assert code == 0, err + out
        return json.loads(out)

    async def tables(self) -> dict[str, Tables]:
        """All rows of all tables that are the services' own, by service."""
        async with self.database.acquire() as connection:
            return {service: await whole(connection, service) for service in SERVICES}

    async def log(self, *topics: str) -> list[ConsumerRecord]:
        """Every record of these topics."""
        places = [TopicPartition(topic, number) for topic in topics for number in range(PARTITIONS)]
        records: list[ConsumerRecord] = []
        async with AIOKafkaConsumer(bootstrap_servers=self.servers, enable_auto_commit=False) as consumer:
            consumer.assign(places)
            await consumer.seek_to_beginning(*places)
            ends = await consumer.end_offsets(places)
            while any([await consumer.position(place) < end for place, end in ends.items()]):
                for found in (await consumer.getmany(timeout_ms=500)).values():
                    records += [each for each in found if each.offset < ends[_place(each)]]
        return records

    async def announced(self, topic: str, community: str) -> list[Contract]:
        """Facts or commands of a topic about a community."""
        found = []
        for record in await self.log(topic):
            if record.key == community.encode():
                envelope, data = read(record.headers, record.value)
                found.append(BY_TYPE[envelope.type].model_validate_json(data))
        return found

    async def lay(self, records: Sequence[ConsumerRecord]) -> None:
        """Put records into the log, byte for byte, where their topic and partition say."""
        async with AIOKafkaProducer(
            bootstrap_servers=self.servers, max_batch_size=262_144, max_request_size=4 << 20
        ) as producer:
            sent = [
                await producer.send(
                    each.topic, each.value, key=each.key, partition=each.partition, headers=[*each.headers]
                )
                for each in records
            ]
            await asyncio.gather(*sent)


def _place(record: ConsumerRecord) -> TopicPartition:
    return TopicPartition(record.topic, record.partition)


@asynccontextmanager
async def pipeline() -> AsyncIterator[Pipeline]:
    """A stack of its own: Kafka, Postgres and the four services."""
    async with temporary_home() as home:
        stack = LocalStack.at(home)
        try:
            await stack.start_servers()
            await asyncio.gather(*(stack.start_service(service) for service in SERVICES))
            async with asyncpg.create_pool(stack.postgres.admin_url, min_size=1, max_size=4) as database:
                yield Pipeline(stack, database)
        finally:
            await stack.stop()


def service_in(found: Positions, service: str) -> ServicePosition:
    """One service of a look."""
    return next(each for each in found.services if each.service == service)


def topic_in(found: Positions, service: str, topic: str) -> TopicPosition:
    """One topic of a service of a look."""
    return next(each for each in service_in(found, service).topics if each.topic == topic)


def every_sum_fits(found: Positions) -> bool:
    """Whether every record that any service has handled has exactly one end; says which has not."""
    unaccounted = [
        (each.service, topic) for each in found.services for topic in each.topics if not topic.reconciles
    ]
    assert unaccounted == []
    return True
