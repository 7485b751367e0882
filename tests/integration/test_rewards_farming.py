"""What looks farmed is set aside for a person, who releases it or voids it; nobody is punished by a rule."""

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest

from services.rewards.domain.farming import cadence, repetition, ring
from services.rewards.handlers.opening import FARMING_LOOK
from shared.contracts.chat import ReactionAdded
from shared.contracts.commands import SendMessage
from shared.engine import Event
from tests.builders import at, event, posted, profile
from tests.rewards_gifts import close, gift
from tests.rewards_http import TEA, Site, opened
from tests.rewards_world import removed, words
from tests.servers import ServiceDatabase


@pytest.fixture
async def site(service_database: Callable[[str], Awaitable[ServiceDatabase]]) -> AsyncIterator[Site]:
    async with opened(await service_database("rewards")) as site:
        await site.clock(at(days=20))
        yield site


def parrot(member: str = "ann", times: int = 24) -> list[Event[Any]]:
    """The same again and again."""
    return [posted(words(1), at(minutes=2 * number), member=member) for number in range(times)]


async def look(site: Site) -> None:
    about = profile(operators_channel_id="ops")
    await site.world.fire(site.world.timers["tea", FARMING_LOOK, "2024-03"], now=at(days=20), about=about)


async def only(site: Site) -> Any:
    (review,) = (await site.json(f"{TEA}/reviews"))["items"]
    return review


async def balance(site: Site) -> tuple[int, int]:
    shown = await site.json(f"{TEA}/members/ann/balance")
    return shown["balance"], shown["held"]


async def test_self_repetition_sets_points_aside_with_the_numbers_and_tells_operators_neutrally(
    site: Site,
) -> None:
    await site.world.tell(*parrot(), posted(words(9), at(hours=5)))
    await look(site)
    review = await only(site)
    assert (review["state"], review["points"]) == ("held", 4)
    assert review["signals"] == {"repetition": {"alike": 23, "paid": 2}}
    assert await balance(site) == (0, 4)
    (alert,) = site.world.heard(SendMessage)
    assert alert.text == "ann：4 积分暂存待核对（相似发言较多），请处理。"
    assert [line["text"] for line in (await site.json(f"{TEA}/members/ann/statement", "zh"))["items"]].count(
        "核对期间暂存：4 积分"
    ) == 1


async def test_points_under_review_cannot_be_spent_and_their_member_is_no_candidate(site: Site) -> None:
    await gift(site, "mug", for_points=True, cost=1)
    await site.world.tell(*parrot(), posted(words(5), at(1), member="ben"))
    await look(site)
    wish = {"member_id": "ann", "gift_id": "mug"}
    assert await site.refused(f"{TEA}/redemptions", wish) == (409, "points-under-review")
    await close(site)
    shown = await site.json(f"{TEA}/months/2024-03")
    assert [each["member_id"] for each in shown["top"]] == ["ben"]
    assert shown["excluded"] == {"ann": "held"}


@pytest.mark.parametrize(("outcome", "after"), [("released", (2, 0)), ("voided", (0, 0))])
async def test_a_person_releases_or_voids_with_a_reason_and_is_not_asked_again(
    site: Site, outcome: str, after: tuple[int, int]
) -> None:
    await site.world.tell(*parrot())
    await look(site)
    path = f"{TEA}/reviews/{(await only(site))['review_id']}/decision"
    await site.post(path, {"outcome": outcome, "reason": "a bot of theirs"})
    assert await balance(site) == after
    assert await site.refused(path, {"outcome": outcome, "reason": "x"}) == (409, "review-decided")
    await look(site)
    assert (await only(site))["state"] == outcome
    assert (await site.json(f"{TEA}/ledger/verify"))["consistent"] is True


async def test_what_is_removed_while_it_is_held_is_taken_once(site: Site) -> None:
    messages = parrot()
    await site.world.tell(*messages)
    await look(site)
    await site.world.tell(removed(messages[0]))
    assert await balance(site) == (0, 0)
    path = f"{TEA}/reviews/{(await only(site))['review_id']}/decision"
    await site.post(path, {"outcome": "voided", "reason": "x"})
    assert await site.world.purse() == (0, 0)
    assert (await site.json(f"{TEA}/ledger/verify"))["consistent"] is True


async def test_a_ring_that_gives_to_one_another_is_noticed_and_a_popular_member_is_not(site: Site) -> None:
    def react(by: str, to: str, number: int) -> Event[Any]:
        data = {"message_id": f"{to}{number}", "member_id": by, "author_id": to, "reaction": "👍"}
        return event(ReactionAdded(community_id="tea", channel_id="hall", **data), at(days=number // 15))

    ring_of_two = [react(*pair, number) for number in range(40) for pair in (("ann", "ben"), ("ben", "ann"))]
    fans = [react(f"fan{number}", "star", number) for number in range(40)]
    await site.world.tell(posted(words(1)), *ring_of_two, *fans)
    await look(site)
    found = (await site.json(f"{TEA}/reviews"))["items"]
    assert {each["member_id"]: set(each["signals"]) for each in found} == {"ann": {"ring"}, "ben": {"ring"}}


def test_a_mechanical_cadence_is_told_from_a_persons() -> None:
    machine = [[number * 600_000 for number in range(16)]] * 2
    person = [[number * 600_000 + number**3 * 7_000 for number in range(16)]] * 2
    assert cadence(machine) is not None
    assert cadence(person) is None
    assert cadence(machine[:1]) is None


def test_few_points_and_few_repeats_are_no_sign() -> None:
    assert ring({"ben": 20}, {"ben": 20}) is None
    assert ring({"ben": 40}, {"ben": 5}) is None
    assert repetition(19, 0) is None
    assert repetition(30, 31) is None
