"""A month closes once, with its three most active members and their evidence, and stays as it is."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import date, datetime, timedelta

import asyncpg
import pytest

from services.rewards.domain.score import MemberFacts, evidence_hash
from shared.contracts.rewards import MonthClosed
from shared.engine import Event
from shared.postgres.connection import Connection
from tests.builders import at, posted, profile
from tests.rewards_world import World, checkin, connected, removed, restored, revoked
from tests.servers import ServiceDatabase

CHAT = "今天的茶很好喝"
MARCH = date(2024, 3, 1)


@pytest.fixture
async def database(service_database: Callable[[str], Awaitable[ServiceDatabase]]) -> ServiceDatabase:
    return await service_database("rewards")


@pytest.fixture
async def world(database: ServiceDatabase) -> AsyncIterator[World]:
    async with connected(database) as connection:
        yield World(connection)


def talkative(member: str, messages: int, start: float = 0) -> list[Event]:  # type: ignore[type-arg]
    """So many messages of a member, a second apart."""
    return [posted(CHAT, at(start + number), member=member) for number in range(messages)]


async def state(connection: Connection) -> tuple[str, int]:
    """Of the one month that there is: its state and how many facts came late."""
    row = await connection.fetchrow("SELECT state, late_facts FROM month")
    assert row is not None
    return row["state"], row["late_facts"]


async def test_the_top_three_are_frozen_and_announced_with_the_parts_of_their_scores(world: World) -> None:
    await world.tell(
        *talkative("ann", 3),
        *talkative("ben", 2),
        *talkative("cat", 1),
        *talkative("dan", 1, start=30),
        posted(CHAT, at(50), member="cat", mentions=("ann", "ben")),
        checkin(member="dan"),
    )
    await world.fire(world.timer("2024-03"))
    assert await world.winners("2024-03") == [
        (1, "dan", 6, {"messages": 1, "checkins": 5, "talked_with": 0}),
        (2, "cat", 6, {"messages": 2, "checkins": 0, "talked_with": 4}),
        (3, "ann", 3, {"messages": 3, "checkins": 0, "talked_with": 0}),
    ]
    (fact,) = world.heard(MonthClosed)
    assert (fact.month, fact.candidates) == (MARCH, 4)
    assert [(each.rank, each.member_id, each.score) for each in fact.top] == [
        (1, "dan", 6),
        (2, "cat", 6),
        (3, "ann", 3),
    ]
    assert await state(world.connection) == ("published", 0)


async def test_messages_past_twenty_a_day_do_not_score_but_their_people_do(world: World) -> None:
    await world.tell(*talkative("ann", 20), *talkative("ben", 25))
    await world.tell(posted(CHAT, at(60), member="ann", mentions=("cat",)))
    await world.fire(world.timer("2024-03"))
    assert [row[1:3] for row in await world.winners("2024-03")] == [("ann", 22), ("ben", 20)]


async def test_of_equal_scores_the_earlier_last_moment_stands_higher_then_the_smaller_id(
    world: World,
) -> None:
    await world.tell(
        *talkative("dan", 2, start=10),
        *talkative("cat", 2),
        *talkative("ben", 2, start=10),
        *talkative("Zoe", 2, start=10),
    )
    await world.fire(world.timer("2024-03"))
    assert [row[1] for row in await world.winners("2024-03")] == ["cat", "Zoe", "ben"]


async def test_a_month_in_which_nobody_scored_closes_without_winners(world: World) -> None:
    await world.tell(posted("好"), posted(CHAT, member="bot", is_bot=True))
    await world.fire(world.timer("2024-03"))
    (fact,) = world.heard(MonthClosed)
    assert (fact.top, fact.candidates) == ((), 0)
    assert fact.evidence_hash == evidence_hash("tea", MARCH, [])


async def test_the_evidence_hash_can_be_computed_from_the_facts(world: World) -> None:
    await world.tell(*talkative("ann", 2), posted(CHAT, at(9), member="ben", mentions=("ann",)), checkin())
    await world.fire(world.timer("2024-03"))
    (fact,) = world.heard(MonthClosed)
    assert fact.evidence_hash == evidence_hash(
        "tea", MARCH, [MemberFacts("ben", 1, 0, 1, at(9)), MemberFacts("ann", 2, 1, 0, at(1))]
    )


async def test_removed_messages_and_revoked_checkins_do_not_count(world: World) -> None:
    spam = [posted(CHAT, at(60 + number), member="spam", mentions=("ann",)) for number in range(5)]
    record = checkin(member="spam")
    await world.tell(*talkative("ann", 2), *spam, record)
    await world.tell(*map(removed, spam), revoked(record))
    await world.fire(world.timer("2024-03"))
    assert [row[1] for row in await world.winners("2024-03")] == ["ann"]


async def test_a_restored_message_counts_again(world: World) -> None:
    message = posted(CHAT, mentions=("ben",))
    await world.tell_in_turn(restored(message), removed(message), message)
    await world.fire(world.timer("2024-03"))
    assert [row[2] for row in await world.winners("2024-03")] == [3]


async def test_closing_again_changes_and_announces_nothing(world: World) -> None:
    await world.tell(*talkative("ann", 2))
    timer = world.timer("2024-03")
    await world.fire(timer)
    before = await world.connection.fetch("SELECT * FROM month_result, month_winner")
    await world.fire(timer, now=timer.due_at + timedelta(days=9))
    assert await world.connection.fetch("SELECT * FROM month_result, month_winner") == before
    assert len(world.heard(MonthClosed)) == 1


async def test_two_who_close_at_the_same_time_give_one_result(
    world: World, database: ServiceDatabase
) -> None:
    await world.tell(*talkative("ann", 2), *talkative("ben", 1))
    timer = world.timer("2024-03")
    async with connected(database) as first, connected(database) as second:
        rivals = [World(world.connection), World(first), World(second)]
        await asyncio.gather(*(rival.fire(timer) for rival in rivals))
    assert sum(len(rival.heard(MonthClosed)) for rival in rivals) == 1
    assert [row[1] for row in await world.winners("2024-03")] == ["ann", "ben"]


async def test_what_comes_after_the_close_is_counted_as_late_and_changes_nothing_but_is_paid(
    world: World,
) -> None:
    early, record = posted(CHAT, member="ann", mentions=("ben",)), checkin(member="cat")
    await world.tell(early, record)
    await world.fire(world.timer("2024-03"))
    result, facts = await world.winners("2024-03"), await world.facts()
    late = posted(CHAT, at(300), member="ben")
    await world.tell(late, checkin(member="ben"))
    await world.tell(removed(early), revoked(record))
    await world.tell(removed(late), restored(late))
    await world.tell(posted("好", at(400)))
    assert await world.winners("2024-03") == result
    assert await world.facts() == facts
    assert await state(world.connection) == ("published", 6)
    assert await world.purse("ben") == (7, 0)
    assert await world.purse("ann") == await world.purse("cat") == (0, 0)
    assert await world.books_are_right()


async def test_several_months_of_several_communities_close_in_one_batch(world: World) -> None:
    for community in ("tea", "mokka"):
        await world.tell(
            posted(CHAT, at(0), community=community),
            posted(CHAT, at(days=40), member="ben", community=community),
        )
    await world.fire(*world.timers.values())
    assert [row[1] for row in await world.winners("2024-03", "mokka")] == ["ann"]
    assert [row[1] for row in await world.winners("2024-04", "tea")] == ["ben"]
    assert len(world.heard(MonthClosed)) == 4


@pytest.mark.parametrize(
    ("zone", "first", "last"),
    [
        ("America/New_York", "2024-03-01T05:00:00", "2024-04-01T03:59:59"),
        ("America/New_York", "2024-11-01T04:00:00", "2024-12-01T04:59:59"),
        ("Africa/Cairo", "2024-09-30T21:00:00", "2024-10-31T21:59:59"),
        ("Australia/Lord_Howe", "2024-03-31T13:00:00", "2024-04-30T13:29:59"),
    ],
)
async def test_in_a_month_whose_clocks_change_its_first_and_last_second_count_and_no_other(
    world: World, zone: str, first: str, last: str
) -> None:
    opens, closes = datetime.fromisoformat(first + "Z"), datetime.fromisoformat(last + "Z")
    about = profile(time_zone=zone)
    second = timedelta(seconds=1)
    moments = {"before": opens - second, "first": opens, "last": closes, "after": closes + second}
    await world.tell(*(posted(CHAT, moment, member=name, about=about) for name, moment in moments.items()))
    month = f"{(opens + timedelta(days=9)):%Y-%m}"
    assert world.timer(month).due_at == closes + second + timedelta(hours=24)
    await world.fire(world.timer(month), about=about)
    assert {row[1] for row in await world.winners(month)} == {"first", "last"}


async def test_a_result_without_its_month_cannot_be_written(world: World) -> None:
    with pytest.raises(asyncpg.ForeignKeyViolationError):
        await world.connection.execute(
            "INSERT INTO month_result VALUES ('tea', '2024-03-01', now(), 0, 1, '')"
        )
