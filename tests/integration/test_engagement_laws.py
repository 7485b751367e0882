"""Check-ins on a real database: however batches are cut and ordered, the same check-ins stand."""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence
from contextlib import asynccontextmanager
from typing import Any

import asyncpg
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.engine import Event
from shared.postgres.connection import Connection
from tests.builders import posted
from tests.integration.engagement_desk import FACTS, PROFILES, Desk, deleted, removed, restored
from tests.servers import ServiceDatabase
from tests.unit.engagement.histories import Act, Decide, Delete, Outcome, Post, cut, expected, histories, law

MakeDatabase = Callable[[str], Awaitable[ServiceDatabase]]


@pytest.fixture
async def desk(service_database: MakeDatabase) -> AsyncIterator[Desk]:
    """Works as the service's own role on a fresh database."""
    session = await asyncpg.connect((await service_database("engagement")).app_url)
    yield Desk(session)
    await session.close()


def as_event(act: Act) -> Event[Any]:
    match act:
        case Post():
            return posted(
                "打卡", act.at, member=act.member, message=act.message, community=act.community,
                about=PROFILES[act.community],
            )  # fmt: skip
        case Delete():
            return deleted(act.message, act.at, act.community)
        case Decide():
            make = removed if act.is_removed else restored
            return make(act.message, act.number, act.at, act.community)


@asynccontextmanager
async def undone(connection: Connection) -> AsyncIterator[None]:
    """A database that is as it was before, afterwards."""
    transaction = connection.transaction()
    await transaction.start()
    try:
        yield
    finally:
        await transaction.rollback()


async def play(
    desk: Desk, batches: Iterable[Sequence[Act]]
) -> tuple[list[dict[str, Any]], dict[str, Any], Outcome]:
    """Announcements, rows and outcome of these batches on an empty database."""
    async with undone(desk.connection):
        told = [each for batch in batches for each in await desk.apply(*map(as_event, batch))]
        rows = {table: await desk.rows(table) for table in (*FACTS, "checkin")}
        return told, rows, await desk.outcome()


FEW = law(40)


@FEW
@given(acts=histories(), places=st.lists(st.integers(0, 40), max_size=6))
async def test_batches_may_be_cut_anywhere(desk: Desk, acts: list[Act], places: list[int]) -> None:
    told, rows, outcome = await play(desk, [acts])
    assert outcome == expected(acts)
    assert await play(desk, cut(acts, places)) == (told, rows, outcome)
    assert await play(desk, [[act] for act in acts]) == (told, rows, outcome)


@FEW
@given(acts=histories(), data=st.data())
async def test_every_order_of_the_same_events_leaves_the_same_facts(
    desk: Desk, acts: list[Act], data: st.DataObject
) -> None:
    _, rows, outcome = await play(desk, cut(acts, [7, 19]))
    for _ in range(3):
        shuffled = data.draw(st.permutations(acts))
        _, others, same = await play(desk, cut(shuffled, [3, 11]))
        assert same == outcome == expected(acts)
        assert [others[table] for table in FACTS] == [rows[table] for table in FACTS]
        assert standing(others["checkin"]) == standing(rows["checkin"])


def standing(days: Iterable[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    """Rows of `checkin` that count, without their history of announcements."""
    return [row[:6] for row in days if row[4] is not None]
