"""What integration tests of the engine share."""

from collections.abc import AsyncIterator, Awaitable, Callable

import pytest

from deploy.local.kafka import KafkaServer
from tests.engine_world import World, make_world
from tests.servers import ServiceDatabase


@pytest.fixture
async def world(
    service_database: Callable[[str], Awaitable[ServiceDatabase]], kafka_server: KafkaServer
) -> AsyncIterator[World]:
    """A probe service on a fresh database and the session's Kafka."""
    database = await service_database("probe")
    world = await make_world(
        database.admin_url, database.owner_url, database.app_url, kafka_server.bootstrap_servers
    )
    yield world
    await world.app.close()
    world.admin.terminate()
