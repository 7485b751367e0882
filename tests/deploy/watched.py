"""A whole stack under load with a Prometheus that watches it, and what is asked of that."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from itertools import count
from typing import Any

import httpx
from aiokafka import AIOKafkaProducer

from deploy.drill.traffic import Traffic
from deploy.local.ports import HOST
from deploy.monitoring.local import PrometheusServer
from shared.contracts.partitioning import partition_of
from shared.contracts.topics import CHAT_EVENTS
from tests.deploy.watched_connector import connected
from tests.e2e.stack_fixtures import Pipeline, pipeline

SCRAPE_SECONDS = 2.0
WATCHED_SECONDS = 45
SPOILT_EVERY = 15
"""Seconds; alerts look back over minutes, and a slow machine asks for minutes."""
EVENTS_A_SECOND = 100.0
WINDOW = "30s"
"""What a panel's rate is taken over in the test, in place of Grafana's variable."""


@dataclass(frozen=True, slots=True)
class Watched:
    """The stack and its Prometheus."""

    running: Pipeline
    prometheus: PrometheusServer

    async def ask(self, expression: str) -> list[dict[str, Any]]:
        """The series that an expression gives now; fails when it does not parse."""
        told = expression.replace("$__rate_interval", WINDOW)
        answer = await self._get("/api/v1/query", query=told)
        assert answer["status"] == "success", f"{told}: {answer.get('error')}"
        found: list[dict[str, Any]] = answer["data"]["result"]
        return found

    async def rules(self) -> list[dict[str, Any]]:
        """Every rule as Prometheus holds it, with its health."""
        answer = await self._get("/api/v1/rules")
        return [rule for group in answer["data"]["groups"] for rule in group["rules"]]

    async def _get(self, path: str, **query: str) -> dict[str, Any]:
        async with httpx.AsyncClient(trust_env=False, timeout=30) as client:
            answered: dict[str, Any] = (await client.get(self.prometheus.url + path, params=query)).json()
            return answered


@asynccontextmanager
async def watched() -> AsyncIterator[Watched]:
    """Kafka, Postgres, four services, a connector, a Prometheus; chat and requests, now and then poison."""
    async with pipeline() as running:
        prometheus = PrometheusServer.at(running.stack.home, scrape_seconds=SCRAPE_SECONDS)
        await prometheus.start()
        try:
            prometheus.watch({each.name: f"{HOST}:{each.metrics_port}" for each in running.stack.services})
            traffic = Traffic()
            async with connected(running.servers, running.stack.home.root) as connected_bot:
                prometheus.watch_connectors({"webhook": connected_bot.metrics})
                publishing = asyncio.create_task(traffic.run(running.servers, EVENTS_A_SECOND))
                using = asyncio.create_task(_use(running, traffic.stopping))
                chatting = asyncio.create_task(connected_bot.chat(traffic.stopping))
                await asyncio.wait([publishing, using, chatting], timeout=WATCHED_SECONDS)
                yield Watched(running, prometheus)
                traffic.stopping.set()
                await asyncio.gather(publishing, using, chatting)
        finally:
            await prometheus.stop()


async def _use(running: Pipeline, stopping: asyncio.Event) -> None:
    """Ask every API each second, and spoil a record now and then."""
    for second in count(1):
        if stopping.is_set():
            return
        await _request_all(running)
        if second % SPOILT_EVERY == 0:
            await _spoil(running)
        await asyncio.sleep(1)


async def _spoil(running: Pipeline) -> None:
    """A record that nobody can read."""
    async with AIOKafkaProducer(bootstrap_servers=running.servers) as producer:
        key = b"drill-7-1"
        await producer.send_and_wait(CHAT_EVENTS, b"{", key=key, partition=partition_of(key.decode()))


async def _request_all(running: Pipeline) -> None:
    async with httpx.AsyncClient(trust_env=False) as client:
        for service in running.stack.services:
            for token in (service.token, "wrong"):
                header = {"authorization": f"Bearer {token}"}
                with suppress(httpx.HTTPError):  # it is a load, not a measurement
                    await client.get(f"{service.api_url}/v1/engine/dead-letters", headers=header)
