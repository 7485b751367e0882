"""Facts and roll-ups on a real database: what counts where, late, twice, and in any order."""

import random
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from services.reporting.store.facts import COPY_FROM_FACTS
from shared.contracts.chat import MemberJoined, MemberLeft, ReactionAdded, ReactionRemoved
from shared.contracts.commands import CommandExecuted, SendMessage
from shared.contracts.engagement import CheckinRecorded, CheckinRevoked
from shared.contracts.moderation import MessageRemoved, MessageRestored
from shared.contracts.rewards import PointsAwarded, PointsReversed
from shared.engine import Event, Poison
from shared.engine.errors import is_poison
from shared.postgres.connection import Connection
from tests.builders import NOON, at, event, posted, profile
from tests.reporting_world import BY_THE_FACTS, ROLL_UPS, connected, metrics_of, record, roll_ups
from tests.servers import ServiceDatabase

MakeDatabase = Callable[[str], Awaitable[ServiceDatabase]]
TEA: dict[str, Any] = {"community_id": "tea"}
ABOUT_M1: dict[str, Any] = {
    **TEA,
    "message_id": "m1",
    "member_id": "ann",
    "channel_id": "hall",
    "posted_at": NOON,
}


@pytest.fixture
async def connection(service_database: MakeDatabase) -> AsyncIterator[Connection]:
    async with connected(await service_database("reporting")) as open_connection:
        yield open_connection


def a_lively_day() -> list[Event[Any]]:
    """Something of every metric, on 5 March in Shanghai."""
    return [
        posted("早上好", NOON, member="ann", message="m1"),
        posted("你好", at(60), member="ben"),
        posted("again", at(120), member="ann"),
        posted("beep", at(130), member="helper", is_bot=True),
        event(MemberJoined(**TEA, member_id="cat"), at(1)),
        event(MemberJoined(**TEA, member_id="helper", is_bot=True), at(2)),
        event(MemberLeft(**TEA, member_id="dan"), at(3)),
        event(_reaction(ReactionAdded), at(4)),
        event(_reaction(ReactionRemoved), at(5)),
        event(_checkin(CheckinRecorded, member_id="ann", channel_id="hall", streak_days=3), at(6)),
        event(_checkin(CheckinRecorded, member_id="ben", channel_id="hall", streak_days=1), at(7)),
        event(_checkin(CheckinRevoked, member_id="ben"), at(days=2), now=at(days=2)),
        event(MessageRemoved(**ABOUT_M1, rule="flood"), at(8)),
        event(_award("t1", 5), at(9)),
        event(_award("t2", 2), at(10)),
        event(
            PointsReversed(
                **TEA, transaction_id="t3", reversed_transaction_id="t2", member_id="ann", points=2,
                reason="removed", cause_id="m1"
            ),
            at(11),
        ),
        event(SendMessage(**TEA, purpose="flood", cause_id="x", expires_at=at(60), text="请慢一点"), at(12)),
        event(CommandExecuted(**TEA, command_id="c"), at(13)),
    ]  # fmt: skip


def _reaction(contract: type[ReactionAdded] | type[ReactionRemoved]) -> ReactionAdded | ReactionRemoved:
    return contract(**TEA, channel_id="hall", message_id="m1", member_id="ben", reaction="👍")


def _checkin(contract: type[Any], **fields: Any) -> Any:
    return contract(**TEA, local_date=date(2024, 3, 5), message_id=f"c-{fields['member_id']}", **fields)


def _award(transaction_id: str, points: int) -> PointsAwarded:
    return PointsAwarded(
        **TEA, transaction_id=transaction_id, member_id="ann", points=points, rule="message", cause_id="m1"
    )


def _award_too_large() -> Event[Any]:
    return event(_award("t", 10**30))


def _surrogate() -> Event[Any]:
    data = posted("x", member="ann").data
    return posted("x")._replace(data=data.model_copy(update={"member_id": "a\ud800"}))


def _nul() -> Event[Any]:
    return posted("x", member="a\0b")


async def test_a_day_has_every_metric(connection: Connection) -> None:
    await record(connection, a_lively_day())
    assert await metrics_of(connection, "2024-03-05") == {
        "messages": 3,
        "active_members": 2,
        "joins": 1,
        "leaves": 1,
        "checkins": 1,
        "removals": 1,
        "reactions": 1,
        "points_issued": 7,
        "points_reversed": 2,
        "bot_messages": 1,
    }


async def test_roll_ups_are_what_the_facts_say(connection: Connection) -> None:
    await record(connection, a_lively_day())
    await record(connection, [posted("x", at(days=days), member=f"m{days}") for days in range(40)])
    assert await roll_ups(connection) == await roll_ups(connection, BY_THE_FACTS)


@pytest.mark.parametrize("seed", range(12))
async def test_any_order_and_any_batching_give_the_same_days(connection: Connection, seed: int) -> None:
    chance = random.Random(seed)
    events = a_lively_day() + [
        posted(
            "x", at(hours=9 * n), member=f"m{n % 7}", is_bot=n % 5 == 0, now=at(hours=9 * n + n % 40),
            thread=f"t{n % 11}", reply_to="m1" if n % 3 else None, member_name=f"name {n}",
        )
        for n in range(80)
    ]  # fmt: skip
    await record(connection, events)
    expected = await roll_ups(connection)
    assert expected == await roll_ups(connection, BY_THE_FACTS)
    await connection.execute("; ".join(f"DELETE FROM {table}" for table in ("fact", *ROLL_UPS)))
    chance.shuffle(events)
    while events:
        cut = chance.choice([1, 3, COPY_FROM_FACTS, 60])
        await record(connection, events[:cut])
        events = events[cut:]
    assert await roll_ups(connection) == expected


async def test_a_removal_before_its_message_counts_the_same(connection: Connection) -> None:
    removed, message = event(MessageRemoved(**ABOUT_M1, rule="ad"), at(5)), posted("ad", NOON, message="m1")
    await record(connection, [removed])
    assert await metrics_of(connection, "2024-03-05") == {"removals": 1}
    await record(connection, [message])
    assert await metrics_of(connection, "2024-03-05") == {"removals": 1, "messages": 1, "active_members": 1}


async def test_an_overruled_removal_is_no_removal(connection: Connection) -> None:
    restored = event(MessageRestored(**ABOUT_M1, restored_by="op"), at(days=3), now=at(days=3))
    await record(connection, [restored])
    await record(connection, [event(MessageRemoved(**ABOUT_M1, rule="ad"), at(5))])
    assert await metrics_of(connection, "2024-03-05") == {}
    assert await connection.fetchval("SELECT revision FROM day WHERE local_date = '2024-03-05'") == 1


@pytest.mark.parametrize("count", [COPY_FROM_FACTS - 1, COPY_FROM_FACTS, 200])
async def test_an_event_that_was_counted_before_changes_nothing(connection: Connection, count: int) -> None:
    events = [posted("x", at(n), member=f"m{n}") for n in range(count)]
    await record(connection, events[: count // 2])
    await record(connection, events)
    first = await roll_ups(connection)
    assert first["day"][0][2] == count
    await record(connection, events)
    assert await roll_ups(connection) == first == await roll_ups(connection, BY_THE_FACTS)


async def test_a_late_event_corrects_its_day_and_shows_in_the_revision(connection: Connection) -> None:
    days = "SELECT local_date, events, active_members, revision FROM day ORDER BY local_date"
    await record(connection, [posted("x", NOON), posted("y", at(days=1), member="ben")])
    await record(connection, [posted("late", at(60), member="cat", now=at(days=1))])
    assert [tuple(row) for row in await connection.fetch(days)] == [
        (date(2024, 3, 5), 2, 2, 1),
        (date(2024, 3, 6), 1, 1, 0),
    ]


async def test_a_member_is_active_once_a_day_however_often_and_wherever(connection: Connection) -> None:
    batch = [posted("x", at(n), channel=f"c{n}") for n in range(50)]
    await record(connection, batch[:20])
    await record(connection, batch[20:])
    found = await metrics_of(connection, "2024-03-05")
    assert (found["messages"], found["active_members"]) == (50, 1)


async def test_another_zone_counts_for_new_events_and_leaves_old_days(connection: Connection) -> None:
    evening = datetime(2024, 3, 5, 20, tzinfo=UTC)
    london = profile("tea", time_zone="Europe/London")
    await record(connection, [posted("x", evening)])
    await record(connection, [posted("y", evening + timedelta(seconds=1), about=london)])
    rows = await connection.fetch("SELECT local_date, events FROM day ORDER BY local_date")
    assert [tuple(row) for row in rows] == [(date(2024, 3, 5), 1), (date(2024, 3, 6), 1)]


async def test_a_day_of_twenty_five_hours_is_one_day(connection: Connection) -> None:
    new_york = profile("tea", time_zone="America/New_York")
    first = datetime(2024, 11, 3, 4, tzinfo=UTC)
    await record(connection, [posted("x", first + timedelta(hours=n), about=new_york) for n in range(26)])
    rows = await connection.fetch("SELECT local_date, events FROM day ORDER BY local_date")
    assert [tuple(row) for row in rows] == [(date(2024, 11, 3), 25), (date(2024, 11, 4), 1)]


async def test_communities_do_not_mix(connection: Connection) -> None:
    await record(connection, [posted("x", at(n), community=f"c{n % 3}") for n in range(31)])
    rows = await connection.fetch("SELECT community_id, events, active_members FROM day ORDER BY 1")
    assert [tuple(row) for row in rows] == [("c0", 11, 1), ("c1", 10, 1), ("c2", 10, 1)]


@pytest.mark.parametrize(
    ("year", "partition"),
    [
        (1, "fact_before"),
        (1970, "fact_before"),
        (2024, "fact_2024"),
        (2026, "fact_2026_03"),
        (9999, "fact_after"),
    ],
)
async def test_any_date_finds_a_partition_and_makes_none(
    connection: Connection, year: int, partition: str
) -> None:
    partitions = "SELECT count(*) FROM pg_partition_tree('fact')"
    before = await connection.fetchval(partitions)
    await record(connection, [posted("x", datetime(year, 3, 5, tzinfo=UTC))])
    assert await connection.fetchval("SELECT tableoid::regclass::text FROM fact") == partition
    assert await connection.fetchval(partitions) == before


async def test_a_time_beyond_the_calendar_is_poison_and_leaves_nothing(connection: Connection) -> None:
    with pytest.raises(Poison):
        await record(connection, [posted("x", NOON), posted("y", datetime(9999, 12, 31, 20, tzinfo=UTC))])
    assert await connection.fetchval("SELECT count(*) FROM fact") == 0


@pytest.mark.parametrize("neighbours", [0, COPY_FROM_FACTS])
@pytest.mark.parametrize("event_of", [_award_too_large, _surrogate, _nul])
async def test_what_cannot_be_stored_is_poison_however_many_come_with_it(
    connection: Connection, event_of: Callable[[], Event[Any]], neighbours: int
) -> None:
    others = [posted("x", at(n)) for n in range(neighbours)]
    with pytest.raises(Exception) as failure:  # noqa: PT011
        await record(connection, [event_of(), *others])
    assert is_poison(failure.value)
    assert await connection.fetchval("SELECT count(*) FROM fact") == 0


async def test_a_batch_may_run_inside_a_savepoint(connection: Connection) -> None:
    events = [posted("x", at(n)) for n in range(50)]
    await record(connection, events[:25])
    async with connection.transaction():
        await record(connection, events)
    assert await roll_ups(connection) == await roll_ups(connection, BY_THE_FACTS)
    assert await connection.fetchval("SELECT count(*) FROM fact") == 50
