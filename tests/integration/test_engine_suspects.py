"""Which record is blamed for the death of a process: the engine's own notes, on a real database."""

from collections.abc import AsyncIterator, Awaitable, Callable
from uuid import uuid4

import pytest
from aiokafka import ConsumerRecord

from shared.engine.careful import careful_steps, spare_the_suspects
from shared.engine.lane import (
    Lane,
    Suspect,
    Tally,
    advance_lanes,
    claim_lanes,
    release_lanes,
    suspect_records,
)
from shared.engine.record import Dead, Skipped
from shared.engine.settings import EngineSettings
from shared.postgres.connection import Connection
from shared.postgres.pool import open_pool
from tests.servers import ServiceDatabase

GROUP, LANE, TOPIC, OTHER = "hearth.teahouse", 7, "chat.events", "moderation.events"
SETTINGS = EngineSettings(max_records=100, alone_records=3, careful_records=4)


@pytest.fixture
async def connection(
    service_database: Callable[[str], Awaitable[ServiceDatabase]],
) -> AsyncIterator[Connection]:
    database = await service_database("teahouse")
    async with await open_pool(database.app_url, "test") as pool, pool.acquire() as connection:
        yield connection


async def claimed(connection: Connection, owner: str | None = None) -> Lane:
    """The lane, in the hands of a process that just began."""
    async with connection.transaction():
        (lane,) = await claim_lanes(connection, GROUP, [LANE], owner or str(uuid4()), SETTINGS)
    return lane


async def tries(connection: Connection, lane: Lane, start: int, end: int, topic: str = TOPIC) -> None:
    """The process notes what it is about to try."""
    await suspect_records(connection, GROUP, lane, Suspect(topic, start, end))


async def succeeds(connection: Connection, lane: Lane, start: int, end: int, topic: str = TOPIC) -> None:
    """The process brings it to its end."""
    tally = Tally(topic, LANE, start, end, applied=end - start)
    await advance_lanes(connection, GROUP, [(lane, 0, None)], [tally])


def records(count: int, topic: str = TOPIC) -> list[Skipped]:
    """Records 0 to before `count`."""
    return [
        Skipped(ConsumerRecord(topic, LANE, offset, 0, 0, None, None, None, 0, 0, ()), "")
        for offset in range(count)
    ]


def ends(lane: Lane, topic: str = TOPIC) -> list[bool]:
    """Which of the first three records are set aside."""
    return [isinstance(each, Dead) for each in spare_the_suspects(lane, records(3, topic))]


async def test_a_record_is_set_aside_when_two_owners_died_on_it_alone(connection: Connection) -> None:
    await tries(connection, await claimed(connection), 0, 1)
    second = await claimed(connection)
    assert ends(second) == [False, False, False]
    await tries(connection, second, 0, 1)
    assert ends(await claimed(connection)) == [True, False, False]


async def test_deaths_on_different_records_set_none_aside(connection: Connection) -> None:
    for start in range(3):
        lane = await claimed(connection)
        await tries(connection, lane, start, start + 1)
        await succeeds(connection, lane, start, start + 1)
        await tries(connection, lane, start + 1, start + 2)
        assert ends(await claimed(connection)) == [False, False, False]


async def test_what_was_being_tried_in_a_step_is_tried_alone_and_counted_from_then_on(
    connection: Connection,
) -> None:
    await tries(connection, await claimed(connection), 0, 3)
    lane = await claimed(connection)
    lane.alone_left = 0
    sizes = [len(step) for _, step in careful_steps(lane, records(9), 4)]
    assert sizes == [1, 1, 1, 4, 2]
    await tries(connection, lane, 0, 1)
    lane = await claimed(connection)
    assert ends(lane) == [False, False, False]
    await tries(connection, lane, 0, 1)
    assert ends(await claimed(connection)) == [True, False, False]


async def test_records_of_other_topics_that_come_first_do_not_wipe_the_note_out(
    connection: Connection,
) -> None:
    for start in range(2):
        lane = await claimed(connection)
        await tries(connection, lane, start, start + 1, OTHER)
        await succeeds(connection, lane, start, start + 1, OTHER)
        await tries(connection, lane, 0, 1)
    lane = await claimed(connection)
    assert (ends(lane), ends(lane, OTHER)) == ([True, False, False], [False, False, False])


async def test_neither_an_orderly_end_nor_the_same_owner_again_is_a_death(connection: Connection) -> None:
    for _ in range(3):
        lane = await claimed(connection, owner := str(uuid4()))
        await tries(connection, lane, 0, 1)
        lane = await claimed(connection, owner)
        await tries(connection, lane, 0, 1)
        await release_lanes(connection, GROUP, [lane])
    assert ends(await claimed(connection)) == [False, False, False]


async def test_after_a_death_records_are_tried_alone_at_first_and_then_in_steps_of_one_topic(
    connection: Connection,
) -> None:
    await claimed(connection)
    lane, sizes = await claimed(connection), []
    for _, step in careful_steps(lane, [*records(9), *records(2, OTHER)], SETTINGS.careful_records):
        sizes.append(len(step))
        lane.alone_left -= len(step)
    assert (lane.careful_left, sizes) == (100, [1, 1, 1, 4, 2, 2])
