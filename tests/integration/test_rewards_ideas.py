"""An accepted idea earns ten points, once, until somebody says that it was not accepted after all."""

from collections.abc import AsyncIterator, Awaitable, Callable

import pytest

from tests.rewards_http import TEA, Site, opened
from tests.servers import ServiceDatabase

PATH = f"{TEA}/ideas/shared%2Fbooks"


@pytest.fixture
async def site(service_database: Callable[[str], Awaitable[ServiceDatabase]]) -> AsyncIterator[Site]:
    async with opened(await service_database("rewards")) as site:
        yield site


async def test_an_accepted_idea_earns_ten_points_once_and_gives_them_back(site: Site) -> None:
    accepted = {"member_id": "ann", "reason": "we do it in May"}
    for _ in range(2):
        assert (await site.post(PATH, accepted, "PUT"))["balance"] == 10
    assert (await site.post(PATH, {**accepted, "accepted": False}, "PUT"))["balance"] == 0
    assert (await site.post(PATH, accepted, "PUT"))["balance"] == 10
    assert await site.world.books_are_right()
