"""What is the same in whatever order facts arrive, on a real database.

Two laws. (1) While the chat keeps its order, moderation and engagement may be told at any moment before,
between or after, once or twice, in batches of any size: every balance, every fact of the month and every
winner is the same. (2) Where messages keep clear of cap and cooldown, the chat's own order does not matter.
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from itertools import count
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shared.contracts.contract import Contract
from shared.engine import Event
from tests.builders import at, event, posted
from tests.rewards_world import (
    World,
    checkin,
    connected,
    deleted,
    in_batches,
    removed,
    restored,
    revoked,
    words,
)
from tests.servers import ServiceDatabase

CHAT = "今天的茶很好喝"
MEMBERS = ("ann", "ben")
FEW = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
LEDGER = """
    SELECT member_id, kind, balance FROM account WHERE community_id = $1 AND balance <> 0 ORDER BY 1, 2
"""
OUTSTANDING = """
    SELECT member_id, rule, sum(points * CASE kind WHEN 'award' THEN 1 ELSE -1 END) AS points
    FROM transaction WHERE community_id = $1 GROUP BY 1, 2 ORDER BY 1, 2
"""
numbers = count()
Told = list[Event[Any]]


@pytest.fixture
async def world(service_database: Callable[[str], Awaitable[ServiceDatabase]]) -> AsyncIterator[World]:
    async with connected(await service_database("rewards")) as connection:
        yield World(connection)


@st.composite
def messages(draw: st.DrawFn, seconds: st.SearchStrategy[list[int]], *, alike: bool = True) -> Told:
    """Messages at these moments, in the order of the log; some alike, or none."""
    return [
        posted(
            draw(st.sampled_from([words(number), "好", *([CHAT, CHAT + "。"] if alike else [])])),
            at(moment),
            member=draw(st.sampled_from(MEMBERS)),
            message=f"m{number}",
            mentions=draw(st.sampled_from([(), ("ben",), ("cat", "ann")])),
        )
        for number, moment in enumerate(draw(seconds))
    ]


@st.composite
def words_about(draw: st.DrawFn, chat: Told) -> Told:
    """What moderation and people said about some of the messages."""
    words: Told = []
    for message in chat:
        words += draw(
            st.sampled_from(
                [
                    [],
                    [removed(message)],
                    [removed(message), restored(message)],
                    [removed(message), restored(message), removed(message, 3, after=12)],
                    [deleted(message, by="operator")],
                    [removed(message), deleted(message, by="bridge"), restored(message)],
                ]
            )
        )
    return words


@st.composite
def checkins(draw: st.DrawFn) -> Told:
    """Check-ins with their revisions."""
    told: Told = []
    for member in MEMBERS:
        first = checkin(member=member, streak=draw(st.sampled_from([1, 7])))
        again = checkin(member=member, streak=14, revision=2, moment=at(99))
        told += draw(st.sampled_from([[], [first], [first, revoked(first)], [first, revoked(first), again]]))
    return told


@st.composite
def shuffled_between(draw: st.DrawFn, kept: Told, free: Told) -> Told:
    """The first in their order, the others anywhere between; some of all are told once more later."""
    order = list(kept)
    for each in draw(st.permutations(free)):
        order.insert(draw(st.integers(0, len(order))), each)
    for each in draw(st.lists(st.sampled_from(order), max_size=4)) if order else []:
        order.insert(draw(st.integers(order.index(each) + 1, len(order))), each)
    return order


@st.composite
def one_chat_in_two_orders(draw: st.DrawFn) -> tuple[Told, Told]:
    """A busy chat, told with what else happened in two orders that both keep the chat's own."""
    chat = draw(messages(st.lists(st.integers(0, 200), max_size=6)))
    free = draw(words_about(chat)) + draw(checkins())
    return [*chat, *free], draw(shuffled_between(chat, free))


@st.composite
def calm_facts_in_two_orders(draw: st.DrawFn) -> tuple[Told, Told]:
    """Messages an hour apart: nothing is in anything's way."""
    chat = draw(
        messages(st.integers(0, 6).map(lambda size: [3600 * number for number in range(size)]), alike=False)
    )
    facts = chat + draw(words_about(chat)) + draw(checkins())
    return facts, draw(shuffled_between([], facts))


def told_in(community: str, facts: Sequence[Event[Any]]) -> Told:
    """The same facts in another community."""
    return [_moved(each, community) for each in facts]


def _moved(one: Event[Any], community: str) -> Event[Any]:
    data: Contract = one.data.model_copy(update={"community_id": community})
    return event(data, one.occurred_at)


async def outcome(world: World, facts: Told, size: int) -> list[Any]:
    """Everything that must not depend on the order, after telling the facts in batches of this size."""
    community = f"c{next(numbers)}"
    for batch in in_batches(told_in(community, facts), size):
        await world.tell(*batch)
    assert await world.books_are_right(community)
    timers = [timer for timer in world.timers.values() if timer.community_id == community]
    found = [
        [tuple(row) for row in await world.connection.fetch(LEDGER, community)],
        [tuple(row) for row in await world.connection.fetch(OUTSTANDING, community) if row["points"]],
        await world.facts(community),
    ]
    await world.fire(*timers)
    return [*found, await world.winners("2024-03", community)]


@FEW
@given(orders=one_chat_in_two_orders(), sizes=st.tuples(st.integers(1, 9), st.integers(1, 9)))
async def test_while_the_chat_keeps_its_order_nothing_else_has_to(
    world: World, orders: tuple[Told, Told], sizes: tuple[int, int]
) -> None:
    assert await outcome(world, orders[0], sizes[0]) == await outcome(world, orders[1], sizes[1])


@FEW
@given(orders=calm_facts_in_two_orders(), sizes=st.tuples(st.integers(1, 9), st.integers(1, 9)))
async def test_away_from_cap_and_cooldown_no_order_matters_at_all(
    world: World, orders: tuple[Told, Told], sizes: tuple[int, int]
) -> None:
    assert await outcome(world, orders[0], sizes[0]) == await outcome(world, orders[1], sizes[1])
