"""Messages earn: what is paid, what is only counted, and what is neither."""

from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, date, datetime, timedelta

import pytest

from shared.contracts.rewards import PointsAwarded
from tests.builders import NOON, at, posted, profile
from tests.rewards_world import World, connected, words
from tests.servers import ServiceDatabase

CHAT = "今天的茶很好喝"


@pytest.fixture
async def world(service_database: Callable[[str], Awaitable[ServiceDatabase]]) -> AsyncIterator[World]:
    async with connected(await service_database("rewards")) as connection:
        yield World(connection)


async def test_a_substantive_message_is_paid_two_points_and_announced(world: World) -> None:
    message = posted(CHAT)
    await world.tell(message)
    assert await world.purse() == (2, 0)
    (fact,) = world.heard(PointsAwarded)
    assert (fact.member_id, fact.points, fact.rule, fact.cause_id) == ("ann", 2, "message", message.id)
    ledger_id = await world.connection.fetchval("SELECT id::text FROM transaction")
    assert fact.transaction_id == ledger_id


async def test_brief_messages_and_bots_earn_nothing_and_count_nothing(world: World) -> None:
    await world.tell(posted("好的"), posted(CHAT, member="bot", is_bot=True))
    assert await world.purse() == await world.purse("bot") == (0, 0)
    assert await world.facts() == []


async def test_inside_the_cooldown_a_message_counts_for_the_month_and_is_not_paid(world: World) -> None:
    await world.tell(posted(CHAT), posted(words(59), at(59)), posted(words(60), at(60)))
    assert await world.purse() == (4, 0)
    assert await world.facts() == [(date(2024, 3, 5), "ann", 3, 0, at(60))]


async def test_the_cooldown_holds_across_batches_and_across_midnight(world: World) -> None:
    midnight = datetime(2024, 3, 5, 16, tzinfo=UTC)
    await world.tell_in_turn(
        posted(CHAT, midnight - timedelta(seconds=30)),
        posted(CHAT, midnight + timedelta(seconds=29)),
        posted(CHAT, midnight + timedelta(seconds=30)),
    )
    assert await world.purse() == (4, 0)


async def test_a_late_message_just_before_a_paid_one_is_not_paid(world: World) -> None:
    await world.tell(posted(words(30), at(30)))
    await world.tell(posted(words(0), at(0)))
    assert await world.purse() == (2, 0)


async def test_the_twenty_first_message_of_a_local_day_is_not_paid_and_the_next_day_is(world: World) -> None:
    await world.tell(*(posted(words(number), at(minutes=2 * number)) for number in range(12)))
    await world.tell(*(posted(words(number), at(minutes=2 * number)) for number in range(12, 25)))
    assert await world.purse() == (40, 0)
    await world.tell(posted(CHAT, at(hours=12)))
    assert await world.purse() == (42, 0)


async def test_a_day_is_the_communitys_own(world: World) -> None:
    before_midnight = datetime(2024, 3, 31, 15, 59, tzinfo=UTC)
    new_york = profile("ny", time_zone="America/New_York")
    await world.tell(
        posted(CHAT, before_midnight),
        posted(CHAT, before_midnight + timedelta(minutes=2)),
        posted(CHAT, before_midnight, community="ny", about=new_york),
    )
    days = await world.connection.fetch("SELECT community_id, day FROM member_day ORDER BY 1, 2")
    assert [tuple(row) for row in days] == [
        ("ny", date(2024, 3, 31)),
        ("tea", date(2024, 3, 31)),
        ("tea", date(2024, 4, 1)),
    ]
    assert set(world.timers) == {
        ("tea", "month_close", "2024-03"),
        ("tea", "month_close", "2024-04"),
        ("ny", "month_close", "2024-03"),
    }


async def test_talked_with_are_those_answered_and_mentioned_but_not_oneself(world: World) -> None:
    await world.tell(
        posted(CHAT, mentions=("ben", "ann", "cat")),
        posted(CHAT, at(5), reply_to="m1", reply_to_member="ben", mentions=("ben",)),
        posted("好", at(10), mentions=("dan",)),
        posted(CHAT, at(15), reply_to="m1", reply_to_member="ann"),
    )
    talks = [row[2:] for row in await world.facts() if len(row) == 4]
    assert talks == [("ben", 2), ("cat", 1)]


async def test_a_message_told_again_changes_nothing_whatever_its_event_id(world: World) -> None:
    first, second = posted(CHAT, message="m1"), posted(CHAT, at(600), message="m1")
    await world.tell(first, first)
    before = await world.facts()
    await world.tell(first, second)
    assert await world.purse() == (2, 0)
    assert await world.facts() == before
    assert len(world.heard(PointsAwarded)) == 1


async def test_the_same_message_id_in_two_communities_is_two_messages(world: World) -> None:
    await world.tell(posted(CHAT, message="m1"), posted(CHAT, message="m1", community="mokka"))
    assert await world.purse() == await world.purse(community="mokka") == (2, 0)


async def test_many_communities_in_one_batch_have_each_their_books(world: World) -> None:
    await world.tell(*(posted(CHAT, community=f"c{number}") for number in range(40)))
    balances = [await world.purse(community=f"c{number}") for number in range(40)]
    assert balances == [(2, 0)] * 40
    assert all([await world.books_are_right(f"c{number}") for number in range(40)])


async def test_the_timer_of_a_month_waits_a_day_and_for_moderation_and_engagement(world: World) -> None:
    await world.tell(posted("好", NOON))
    timer = world.timer("2024-03")
    assert timer.due_at == datetime(2024, 4, 1, 16, tzinfo=UTC)
    assert timer.after == ("moderation", "engagement")
    world.timers.clear()
    await world.tell(posted("好", at(5)))
    assert world.timers == {}


async def test_a_message_as_similar_as_085_to_one_of_the_last_five_paid_is_not_paid(world: World) -> None:
    text = "今天下午三点我们一起去湖边喝茶聊天看风景吧"
    nearly = text.replace("三", "四")
    await world.tell_in_turn(posted(text), posted(nearly, at(minutes=2)), posted(text * 2, at(minutes=4)))
    assert await world.purse() == (4, 0)
    await world.tell(*(posted(words(number), at(minutes=10 + 2 * number)) for number in range(5)))
    await world.tell(posted(nearly, at(minutes=30)))
    assert await world.purse() == (16, 0)


async def test_similarity_is_told_apart_for_each_member_and_day(world: World) -> None:
    await world.tell(posted(CHAT), posted(CHAT, member="ben"), posted(CHAT, at(hours=13)))
    assert (await world.purse(), await world.purse("ben")) == ((4, 0), (2, 0))


async def test_a_sketch_does_not_hold_the_text(world: World) -> None:
    await world.tell(posted(CHAT), posted("see you at the lake", at(120)))
    kept = await world.connection.fetchval("SELECT sketches::text FROM member_day")
    assert kept
    assert not {*CHAT} & {*kept}
    assert "lake" not in kept
