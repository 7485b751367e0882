"""Values that can never be stored are poison, at their event, and harm nothing else."""

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest

from shared.engine import Event
from shared.engine.errors import is_poison
from tests.builders import at, posted
from tests.rewards_world import World, checkin, connected, removed
from tests.servers import ServiceDatabase

CHAT = "今天的茶很好喝"
HUGE = 10**30
HOSTILE = {
    "NUL in a message id": posted(CHAT, message="m\x00"),
    "NUL in a member id": posted(CHAT, member="a\x00", message="m1"),
    "NUL in a mention": posted(CHAT, mentions=("b\x00",)),
    "a decision out of range": removed(posted(CHAT), decision=HUGE),
    "a revision out of range": checkin(revision=HUGE),
    "a check-in before calendars": checkin("0001-01-01"),
    "a check-in after them": checkin("9999-12-31"),
}


@pytest.fixture
async def world(service_database: Callable[[str], Awaitable[ServiceDatabase]]) -> AsyncIterator[World]:
    async with connected(await service_database("rewards")) as connection:
        yield World(connection)


@pytest.mark.parametrize("hostile", HOSTILE.values(), ids=HOSTILE.keys())
async def test_a_value_that_cannot_be_stored_is_poison_and_the_next_batch_goes_on(
    world: World, hostile: Event[Any]
) -> None:
    neighbour = posted(CHAT, at(300), member="ben")
    with pytest.raises(Exception) as refusal:  # noqa: PT011 - which one is asked of the engine
        await world.tell(neighbour, hostile)
    assert is_poison(refusal.value)
    await world.tell(neighbour)
    assert await world.purse("ben") == (2, 0)
    assert await world.books_are_right()


async def test_the_longest_ids_and_texts_are_taken(world: World) -> None:
    long = "安" * 255
    await world.tell(
        posted("茶" * 32_768, member=long, message=long, mentions=tuple(f"{n:0255}" for n in range(200)))
    )
    assert await world.purse(long) == (2, 0)


async def test_a_streak_beyond_all_days_earns_the_largest_bonus(world: World) -> None:
    await world.tell(checkin(streak=HUGE))
    assert await world.purse() == (10, 0)
