"""Removed messages give back what they earned, restored ones earn again, in whatever order it is told."""

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest

from shared.contracts.rewards import PointsAwarded, PointsReversed
from shared.engine import Event
from tests.builders import at, posted
from tests.rewards_world import World, connected, deleted, removed, restored, words
from tests.servers import ServiceDatabase

CHAT = "今天的茶很好喝"


@pytest.fixture
async def world(service_database: Callable[[str], Awaitable[ServiceDatabase]]) -> AsyncIterator[World]:
    async with connected(await service_database("rewards")) as connection:
        yield World(connection)


async def test_a_removed_message_gives_its_points_back_and_says_so(world: World) -> None:
    message, removal = posted(CHAT), removed(posted(CHAT))
    await world.tell_in_turn(message, removal)
    assert await world.purse() == (0, 0)
    assert await world.facts() == []
    (award,) = world.heard(PointsAwarded)
    (fact,) = world.heard(PointsReversed)
    assert (fact.reversed_transaction_id, fact.points) == (award.transaction_id, 2)
    assert (fact.reason, fact.cause_id) == ("message_removed", removal.id)


async def test_a_message_removed_before_it_arrives_never_pays(world: World) -> None:
    message = posted(CHAT)
    await world.tell_in_turn(removed(message), message)
    assert await world.purse() == (0, 0)
    assert world.announced == []
    assert await world.facts() == []


async def test_a_removal_told_twice_takes_once(world: World) -> None:
    message, other = posted(CHAT), posted(words(120), at(120))
    await world.tell(message, other)
    await world.tell(removed(message), removed(message))
    await world.tell(removed(message))
    assert await world.purse() == (2, 0)


async def test_what_was_spent_becomes_a_debt_that_later_earnings_repay_first(world: World) -> None:
    first, second = posted(CHAT), posted(words(120), at(120))
    await world.tell(first, second)
    await world.spend(3)
    await world.tell(removed(first), removed(second))
    assert await world.purse() == (0, -3)
    await world.tell(posted(words(240), at(240)))
    assert await world.purse() == (0, -1)
    await world.tell(posted(words(360), at(360)))
    assert await world.purse() == (1, 0)
    assert await world.books_are_right()


async def test_a_restored_message_is_paid_again_by_a_new_transaction(world: World) -> None:
    message = posted(CHAT)
    await world.tell_in_turn(message, removed(message), restored(message))
    assert await world.purse() == (2, 0)
    first, second = world.heard(PointsAwarded)
    assert first.transaction_id != second.transaction_id
    await world.tell_in_turn(removed(message, 3, after=20), restored(message, 4, after=30))
    assert await world.purse() == (2, 0)
    assert await world.books_are_right()


async def test_an_older_decision_that_comes_late_changes_nothing(world: World) -> None:
    message = posted(CHAT)
    await world.tell_in_turn(message, restored(message, 2), removed(message, 1))
    assert await world.purse() == (2, 0)
    assert world.heard(PointsReversed) == []


async def test_an_unpaid_message_that_is_removed_moves_no_points_but_no_longer_counts(world: World) -> None:
    paid, unpaid = posted(CHAT), posted(words(30), at(30))
    await world.tell(paid, unpaid)
    await world.tell(removed(unpaid))
    assert await world.purse() == (2, 0)
    assert [row[2] for row in await world.facts()] == [1]


async def test_a_removed_message_keeps_its_slot_whether_it_was_removed_before_or_after(world: World) -> None:
    spam, soon_after = posted(CHAT, member="ann"), posted(CHAT, at(30), member="ann")
    await world.tell_in_turn(spam, soon_after, removed(spam))
    early, later = posted(CHAT, member="ben"), posted(CHAT, at(30), member="ben")
    await world.tell_in_turn(removed(early), early, later)
    assert await world.purse("ann") == await world.purse("ben") == (0, 0)


async def test_a_deletion_by_somebody_else_takes_back_and_by_the_author_does_not(world: World) -> None:
    messages = {name: posted(CHAT, member=name) for name in ("ann", "ben", "cat", "dan")}
    await world.tell(*messages.values())
    await world.tell(
        deleted(messages["ann"], by="operator"),
        deleted(messages["ben"], by="ben"),
        deleted(messages["cat"], by=None),
        deleted(messages["dan"], by="operator", author=None),
    )
    assert [await world.purse(name) for name in messages] == [(0, 0), (2, 0), (2, 0), (2, 0)]
    assert [each.reason for each in world.heard(PointsReversed)] == ["message_deleted"]


async def test_a_restoration_outweighs_the_deletion_that_followed_the_removal(world: World) -> None:
    for order in (0, 1):
        message = posted(words(order), at(minutes=order * 5))
        told: list[Event[Any]] = [removed(message), deleted(message, by="bridge"), restored(message)]
        await world.tell_in_turn(*([message, *told] if order else [*told[::-1], message]))
    assert await world.purse() == (4, 0)
    assert await world.books_are_right()


async def test_the_last_moment_of_a_day_goes_back_when_its_message_is_removed(world: World) -> None:
    first, last = posted(CHAT), posted(words(120), at(120))
    await world.tell(first, last)
    await world.tell(removed(last))
    assert [row[4] for row in await world.facts()] == [first.occurred_at]
    await world.tell(restored(last))
    assert [row[4] for row in await world.facts()] == [last.occurred_at]


async def test_a_removed_message_talked_with_nobody(world: World) -> None:
    message = posted(CHAT, mentions=("ben", "cat"))
    other = posted(CHAT, at(120), mentions=("ben",))
    await world.tell(message, other)
    await world.tell(removed(message))
    assert [row[2:] for row in await world.facts() if len(row) == 4] == [("ben", 1)]
    await world.tell(restored(message))
    assert [row[2:] for row in await world.facts() if len(row) == 4] == [("ben", 2), ("cat", 1)]


async def test_message_removal_and_restoration_in_one_batch_leave_the_message_paid(world: World) -> None:
    message = posted(CHAT)
    await world.tell(message, removed(message), restored(message))
    assert await world.purse() == (2, 0)
    assert await world.books_are_right()
