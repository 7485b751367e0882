"""Announcing while the database writes: the order stays, and the connection is free again whatever fails."""

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from shared.contracts.contract import Contract
from shared.engine import Poison, UnitOfWork
from tests.engine_world import message

NOON = datetime(2024, 5, 1, 12, tzinfo=UTC)
NO_CONNECTION: Any = None
MANY = 60


class Writing:
    """Something that takes a while, and perhaps fails."""

    def __init__(self, error: Exception | None = None) -> None:
        self.error = error
        self.turns = 0
        self.has_ended = False

    async def run(self) -> None:
        for _ in range(10):
            await asyncio.sleep(0)
            self.turns += 1
        self.has_ended = True
        if self.error:
            raise self.error


def facts(poison_at: int | None = None) -> Iterator[tuple[Contract, datetime]]:
    for number in range(MANY):
        if number == poison_at:
            raise Poison("asked for")
        yield message("c", number), NOON


async def test_all_is_announced_in_order_once_the_writing_has_ended() -> None:
    work, writing = UnitOfWork(NO_CONNECTION, NOON, "/test"), Writing()
    await work.publish_during(writing.run(), facts())
    assert writing.has_ended
    assert [event.event_id for event in work.outgoing] == [
        message("c", number).identify("/test", NOON) for number in range(MANY)
    ]


async def test_the_writing_goes_on_while_events_are_made() -> None:
    work, writing = UnitOfWork(NO_CONNECTION, NOON, "/test"), Writing()
    seen = []

    def watched() -> Iterator[tuple[Contract, datetime]]:
        for each in facts():
            seen.append(writing.turns)
            yield each

    await work.publish_during(writing.run(), watched())
    assert seen[0] == 0 < seen[-1]


async def test_a_failed_writing_is_raised() -> None:
    work, writing = UnitOfWork(NO_CONNECTION, NOON, "/test"), Writing(ZeroDivisionError())
    with pytest.raises(ZeroDivisionError):
        await work.publish_during(writing.run(), facts())


async def test_a_poisonous_fact_is_raised_when_the_connection_is_free_again() -> None:
    work, writing = UnitOfWork(NO_CONNECTION, NOON, "/test"), Writing()
    with pytest.raises(Poison):
        await work.publish_during(writing.run(), facts(poison_at=30))
    assert writing.has_ended
