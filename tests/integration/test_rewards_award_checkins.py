"""Check-ins earn, with a bonus for streaks, and give back when they are revoked."""

from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import date
from itertools import permutations
from typing import Any

import pytest

from shared.contracts.rewards import PointsAwarded, PointsReversed
from shared.engine import Event
from tests.builders import at
from tests.rewards_world import World, checkin, connected, revoked
from tests.servers import ServiceDatabase


@pytest.fixture
async def world(service_database: Callable[[str], Awaitable[ServiceDatabase]]) -> AsyncIterator[World]:
    async with connected(await service_database("rewards")) as connection:
        yield World(connection)


async def test_a_checkin_is_paid_five_points_and_counts_for_its_local_date(world: World) -> None:
    await world.tell(checkin())
    assert await world.purse() == (5, 0)
    assert await world.facts() == [(date(2024, 3, 5), "ann", 0, 1, at(0))]
    (fact,) = world.heard(PointsAwarded)
    assert (fact.rule, fact.points) == ("checkin", 5)


@pytest.mark.parametrize(("streak", "points"), [(6, 5), (7, 6), (34, 9), (35, 10), (1000, 10)])
async def test_full_weeks_of_a_streak_add_a_bonus(world: World, streak: int, points: int) -> None:
    await world.tell(checkin(streak=streak))
    assert await world.purse() == (points, 0)


async def test_a_revoked_checkin_gives_back_what_it_was_paid(world: World) -> None:
    record = checkin(streak=14)
    await world.tell_in_turn(record, revoked(record))
    assert await world.purse() == (0, 0)
    assert await world.facts() == []
    (fact,) = world.heard(PointsReversed)
    assert (fact.points, fact.reason) == (7, "checkin_revoked")


async def test_recorded_revoked_and_recorded_again_is_paid_once_in_every_order(world: World) -> None:
    for number, order in enumerate(permutations(range(3))):
        name = f"m{number}"
        first = checkin(member=name, streak=7)
        words: list[Event[Any]] = [
            first,
            revoked(first),
            checkin(member=name, streak=8, revision=2, moment=at(60)),
        ]
        await world.tell_in_turn(*(words[index] for index in order), *words)
        assert await world.purse(name) == (6, 0), order
    assert {row[4] for row in await world.facts()} == {at(60)}
    assert await world.books_are_right()


async def test_the_same_date_in_two_campaigns_is_two_checkins(world: World) -> None:
    await world.tell(checkin(), checkin(campaign="book"))
    assert await world.purse() == (10, 0)
    assert [row[3] for row in await world.facts()] == [2]


async def test_a_checkin_opens_the_month_of_its_local_date(world: World) -> None:
    await world.tell(checkin("2024-02-29"))
    assert {name for name in world.timers if name[1] == "month_close"} == {("tea", "month_close", "2024-02")}
