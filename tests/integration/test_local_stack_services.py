"""The whole stack by its Python interface: services started, fed, killed, restarted, found complete."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import asyncpg
import httpx
import pytest
from aiokafka import TopicPartition

from connectors.sdk.publisher import Publisher
from deploy.local.roles import SERVICES
from deploy.local.stack import LocalStack
from shared.contracts.chat import MessagePosted
from shared.contracts.topics import CHAT_EVENTS
from tests.servers import temporary_home
from tools.drained import NotDrained, is_drained, wait_until_drained
from tools.log_position import Positions, ServicePosition, TopicPosition, positions

MESSAGES = 60


@pytest.fixture(scope="module")
async def stack() -> AsyncIterator[LocalStack]:
    async with temporary_home() as home:
        stack = LocalStack.at(home)
        await stack.start_servers()
        await asyncio.gather(*(stack.start_service(service) for service in SERVICES))
        yield stack
        await stack.stop()


async def test_every_service_is_ready_and_guards_its_api(stack: LocalStack) -> None:
    assert [service.name for service in stack.services if service.returncode is None] == [*SERVICES]
    async with httpx.AsyncClient(trust_env=False) as client:
        for service in stack.services:
            assert (await client.get(f"{service.api_url}/readyz")).status_code == 200
            assert (await client.get(f"{service.api_url}/openapi.json")).status_code == 401
            header = {"authorization": f"Bearer {service.token}"}
            assert (await client.get(f"{service.api_url}/openapi.json", headers=header)).status_code == 200
            assert (await client.get(service.metrics_url)).status_code == 200


async def test_what_is_published_is_handled_by_all_and_every_sum_fits(stack: LocalStack) -> None:
    before = await _positions(stack)
    await _publish(stack, "first")
    drained = await _drain(stack)
    for service in drained.services:
        assert _applied(service) - _applied(_of(before, service.service)) == MESSAGES
        assert all(topic.reconciles for topic in service.topics)
        assert not service.dead_letters


async def test_a_service_that_was_killed_catches_up_on_the_same_ports(stack: LocalStack) -> None:
    victim = next(service for service in stack.services if service.name == "rewards")
    ports = {name: victim.environment[name] for name in ("API_PORT", "METRICS_PORT")}
    before = await _positions(stack)
    victim.kill()
    await _publish(stack, "while rewards is away")
    with pytest.raises(NotDrained, match="rewards"):
        await wait_until_drained(stack.postgres.admin_url, stack.kafka.bootstrap_servers, stalled_seconds=3)
    again = await stack.start_service("rewards", **ports)
    assert again.api_url == victim.api_url
    drained = await _drain(stack)
    assert _applied(_of(drained, "rewards")) - _applied(_of(before, "rewards")) == MESSAGES


async def test_a_second_replica_gets_a_name_and_ports_of_its_own(stack: LocalStack) -> None:
    first = next(service for service in stack.services if service.name == "reporting")
    second = await stack.start_service("reporting")
    try:
        assert second.name == "reporting-2"
        assert {first.api_port, first.metrics_port}.isdisjoint({second.api_port, second.metrics_port})
    finally:
        assert await second.stop() == 0


async def test_an_application_role_of_the_stack_cannot_read_its_neighbour(stack: LocalStack) -> None:
    connection = await asyncpg.connect(stack.app_url("engagement"))
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await connection.execute("SELECT * FROM rewards.lane")
    await connection.close()


async def test_services_end_with_code_0_when_asked(stack: LocalStack) -> None:
    running = [service for service in stack.services if service.returncode is None]
    assert await asyncio.gather(*(service.stop() for service in running)) == [0] * len(running)


PLACE = TopicPartition(CHAT_EVENTS, 3)


def test_a_log_that_is_handled_is_not_drained_while_a_consequence_is_unsent() -> None:
    assert is_drained(_look(end=5, at=5), _look(end=5, at=5))
    assert not is_drained(_look(end=5, at=5, unsent=True), _look(end=5, at=5))


def test_a_log_is_not_drained_while_consequences_are_written_or_timers_are_due() -> None:
    assert not is_drained(_look(end=5, at=5), _look(end=5, at=5, new=True))
    assert not is_drained(_look(end=5, at=5), _look(end=5, at=5, due=1))


def test_progress_that_goes_on_for_ever_does_not_keep_a_log_from_being_drained() -> None:
    assert is_drained(_look(end=9, at=7), _look(end=12, at=9))
    assert not is_drained(_look(end=9, at=7), _look(end=12, at=8))


def _look(end: int, at: int, *, unsent: bool = False, new: bool = False, due: int = 0) -> Positions:
    service = ServicePosition("rewards", (), {}, 0, due, due, {}, unsent, new)
    return Positions((service,), {PLACE: end}, {"rewards": {PLACE: at}}, 0.0)


async def _publish(stack: LocalStack, words: str) -> None:
    now = datetime.now(UTC)
    async with Publisher(stack.kafka.bootstrap_servers, "/test") as publisher:
        for number in range(MESSAGES):
            message = MessagePosted(
                community_id=f"club-{number % 7}",
                channel_id="hall",
                message_id=f"{words}-{number}",
                member_id=f"member-{number % 11}",
                text=f"{words}, message {number}",
            )
            await publisher.publish(message, now - timedelta(seconds=MESSAGES - number))


async def _positions(stack: LocalStack) -> Positions:
    return await positions(stack.postgres.admin_url, stack.kafka.bootstrap_servers)


async def _drain(stack: LocalStack) -> Positions:
    return await wait_until_drained(stack.postgres.admin_url, stack.kafka.bootstrap_servers)


def _of(found: Positions, service: str) -> ServicePosition:
    return next(one for one in found.services if one.service == service)


def _applied(service: ServicePosition) -> int:
    return _topic(service, CHAT_EVENTS).applied


def _topic(service: ServicePosition, name: str) -> TopicPosition:
    return next(topic for topic in service.topics if topic.topic == name)
