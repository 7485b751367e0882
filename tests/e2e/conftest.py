"""One stack of real processes for all tests of this folder that leave it running."""

from collections.abc import AsyncIterator

import pytest

from tests.e2e.stack_fixtures import Pipeline, pipeline


@pytest.fixture(scope="package")
async def live() -> AsyncIterator[Pipeline]:
    """Kafka, Postgres and the four services; whoever stops one of these starts it again."""
    async with pipeline() as running:
        yield running
