"""Thanks, reactions, introductions and gatherings earn points, and give them back with their message."""

from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import datetime
from itertools import permutations
from typing import Any

import pytest

from services.rewards.domain.thanks import says_thanks
from shared.contracts.chat import ReactionAdded, ReactionRemoved
from shared.contracts.engagement import EventAttended, IntroductionCompleted
from shared.engine import Event
from tests.builders import NOON, at, event, posted
from tests.rewards_world import World, connected, removed, restored
from tests.servers import ServiceDatabase

ANSWER = "从西门进去左转就是茶馆"


@pytest.fixture
async def world(service_database: Callable[[str], Awaitable[ServiceDatabase]]) -> AsyncIterator[World]:
    async with connected(await service_database("rewards")) as connection:
        yield World(connection)


def reaction(
    by: str = "ben", message: str = "m1", author: str | None = "ann", moment: datetime = NOON,
    what: str = "👍", kind: type[ReactionAdded | ReactionRemoved] = ReactionAdded,
) -> Event[Any]:  # fmt: skip
    data = {
        "channel_id": "hall",
        "message_id": message,
        "member_id": by,
        "reaction": what,
        "author_id": author,
    }
    return event(kind(community_id="tea", **data), moment)


def unreaction(by: str = "ben", **more: Any) -> Event[Any]:
    return reaction(by, kind=ReactionRemoved, **more)


async def test_a_reaction_received_earns_one_point_from_each_distinct_person(world: World) -> None:
    await world.tell(
        reaction("ben"), reaction("ben", what="❤", moment=at(1)), reaction("cat"), reaction("ann"),
        reaction("dan", author=None),
    )  # fmt: skip
    assert await world.purse() == (2, 0)


async def test_a_reaction_taken_back_takes_its_point_and_another_of_the_same_person_keeps_it(
    world: World,
) -> None:
    await world.tell(reaction("ben"), reaction("ben", what="❤", moment=at(1)))
    await world.tell(unreaction("ben", moment=at(2)))
    assert await world.purse() == (1, 0)
    await world.tell(unreaction("ben", what="❤", moment=at(3)))
    assert await world.purse() == (0, 0)
    await world.tell(unreaction("ben", moment=at(2)), reaction("ben", moment=at(0)))
    assert await world.purse() == (0, 0)


async def test_in_whatever_order_reactions_and_rulings_come_the_points_are_the_same(world: World) -> None:
    for number, order in enumerate(permutations(range(4))):
        author, message = f"author{number}", f"m{number}"
        about = {"message": message, "author": author}
        post = posted("好", member=author, message=message)
        told = [
            reaction("ben", **about), unreaction("ben", moment=at(9), **about),
            reaction("cat", **about), removed(post),
        ]  # fmt: skip
        await world.tell_in_turn(*(told[place] for place in order))
        assert await world.purse(author) == (0, 0)
        await world.tell(restored(post))
        assert await world.purse(author) == (1, 0)
    assert await world.books_are_right()


async def test_reactions_earn_at_most_twenty_times_a_day(world: World) -> None:
    await world.tell(*(reaction(f"p{number}", moment=at(number)) for number in range(25)))
    await world.tell(*(reaction(f"p{number}", moment=at(hours=13)) for number in range(30, 33)))
    assert await world.purse() == (23, 0)


async def test_an_answer_thanked_earns_five_points_once_from_each_person(world: World) -> None:
    question = posted("请问茶馆怎么走呢朋友们", member="ben", message="q")
    answer = posted(ANSWER, at(60), message="a", reply_to="q", reply_to_member="ben")
    thanks = {"reply_to": "a", "reply_to_member": "ann"}
    await world.tell(
        question, answer, posted("谢谢！", at(90), member="ben", **thanks),
        posted("太感谢了", at(95), member="ben", **thanks), posted("thanks", at(99), member="cat", **thanks),
    )  # fmt: skip
    assert await world.purse() == (2 + 5, 0)
    await world.tell(removed(answer))
    assert await world.purse() == (0, 0)
    await world.tell(restored(answer))
    assert await world.purse() == (7, 0)
    assert await world.books_are_right()


async def test_thanks_for_what_was_no_answer_to_the_one_who_thanks_earns_nothing(world: World) -> None:
    await world.tell(
        posted(ANSWER, message="a"),
        posted("谢谢", at(9), member="ben", reply_to="a", reply_to_member="ann"),
        posted("谢谢", at(9), member="ann", reply_to="a", reply_to_member="ann"),
        posted("谢谢", at(9), member="bot", reply_to="a", reply_to_member="ann", is_bot=True),
    )
    assert await world.purse() == (2, 0)


@pytest.mark.parametrize("text", ["谢谢", "太感谢大佬了！", "多謝", "Thanks a lot", "THX"])
def test_thanks_are_recognised(text: str) -> None:
    assert says_thanks(text)


@pytest.mark.parametrize("text", ["不用谢", "no thanks", "谢绝转载", "好的", "谢" * 300, ""])
def test_what_is_no_thanks_is_not_taken_for_it(text: str) -> None:
    assert not says_thanks(text)


async def test_an_introduction_earns_ten_points_once_for_ever_and_goes_with_its_message(world: World) -> None:
    def introduced(message: str, moment: datetime) -> Event[Any]:
        data = IntroductionCompleted(
            community_id="tea", member_id="ann", message_id=message, channel_id="hall"
        )
        return event(data, moment)

    await world.tell(introduced("i1", NOON), introduced("i2", at(days=30)))
    assert await world.purse() == (10, 0)
    await world.tell(removed(posted("好", message="i1")))
    assert await world.purse() == (0, 0)


async def test_an_event_attended_earns_ten_points_for_each_event(world: World) -> None:
    for name in ("hike", "hike", "tea"):
        await world.tell(event(EventAttended(community_id="tea", member_id="ann", event_id=name), NOON))
    assert await world.purse() == (20, 0)
