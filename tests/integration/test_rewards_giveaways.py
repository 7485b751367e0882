"""Red packets and lotteries come out of the budget, and whoever has the seed can compute them again."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.rewards.domain.draw import commitment, draw, split
from services.rewards.handlers.giving_away import GIVEAWAY_END
from shared.engine import Timer
from tests.builders import at
from tests.rewards_http import TEA, Site, opened
from tests.servers import ServiceDatabase

PATH = f"{TEA}/giveaways"


@pytest.fixture
async def site(service_database: Callable[[str], Awaitable[ServiceDatabase]]) -> AsyncIterator[Site]:
    async with opened(await service_database("rewards")) as site:
        await site.clock(at())
        await site.post(f"{TEA}/budget", {"points": 100, "reason": "spring"})
        yield site


async def offer(site: Site, kind: str, points: int, shares: int) -> Any:
    body = {"kind": kind, "points": points, "shares": shares, "reason": "festival"}
    return await site.post(PATH, body)


async def end(site: Site, made: Any) -> Any:
    timer = Timer("tea", GIVEAWAY_END, at(hours=24), made["giveaway_id"])
    await site.world.fire(timer)
    await site.world.fire(timer)
    return await site.json(f"{PATH}/{made['giveaway_id']}")


async def sums(site: Site) -> tuple[int, int, int]:
    report = await site.json(f"{TEA}/ledger/liability")
    return report["budget"], report["promised"], report["wallets"]


async def test_a_red_packet_is_taken_in_shares_by_as_many_as_there_are_and_can_be_verified(
    site: Site,
) -> None:
    made = await offer(site, "red_packet", 50, 4)
    assert (made["seed"], await sums(site)) == (None, (50, 50, 0))
    asked = (
        site.ask("POST", f"{PATH}/{made['giveaway_id']}/entries", {"member_id": f"m{number}"})
        for number in range(9)
    )
    answers = await asyncio.gather(*asked)
    assert Counter(each.status_code for each in answers) == {200: 4, 409: 5}
    shown = await site.json(f"{PATH}/{made['giveaway_id']}")
    seed = bytes.fromhex(shown["seed"])
    assert commitment(seed) == made["commitment"]
    assert [each["points"] for each in shown["entries"]] == split(seed, 50, 4)
    assert await sums(site) == (50, 0, 50)
    assert (await site.json(f"{TEA}/ledger/verify"))["consistent"] is True


async def test_a_member_takes_one_share_and_what_is_left_goes_back_to_the_budget(site: Site) -> None:
    made = await offer(site, "red_packet", 40, 3)
    path = f"{PATH}/{made['giveaway_id']}/entries"
    first = await site.post(path, {"member_id": "ann"})
    assert await site.post(path, {"member_id": "ann"}) == first
    await end(site, made)
    assert await sums(site) == (100 - first["points"], 0, first["points"])
    assert await site.refused(path, {"member_id": "ben"}) == (409, "giveaway-over")


async def test_a_lottery_is_drawn_by_its_seed_among_all_who_take_part(site: Site) -> None:
    made = await offer(site, "lottery", 10, 2)
    members = [f"m{number}" for number in range(6)]
    for member in members:
        await site.post(f"{PATH}/{made['giveaway_id']}/entries", {"member_id": member})
    shown = await end(site, made)
    winners = [each["member_id"] for each in shown["entries"] if each["place"] is not None]
    assert winners == draw(bytes.fromhex(shown["seed"]), members, 2)
    assert await sums(site) == (80, 0, 20)


async def test_a_lottery_with_fewer_members_than_prizes_gives_the_rest_back(site: Site) -> None:
    made = await offer(site, "lottery", 10, 5)
    await site.post(f"{PATH}/{made['giveaway_id']}/entries", {"member_id": "ann"})
    await end(site, made)
    assert await sums(site) == (90, 0, 10)


async def test_nothing_is_given_away_beyond_the_budget(site: Site) -> None:
    body = {"kind": "lottery", "points": 51, "shares": 2, "reason": "x"}
    assert await site.refused(PATH, body) == (409, "budget-too-small")
    assert (await site.refused(PATH, {**body, "kind": "red_packet", "points": 1}))[0] == 422
    assert await sums(site) == (100, 0, 0)


@given(st.binary(min_size=1), st.integers(1, 50), st.integers(0, 500))
def test_shares_are_at_least_one_and_sum_to_all(seed: bytes, shares: int, more: int) -> None:
    parts = split(seed, shares + more, shares)
    assert (len(parts), sum(parts), min(parts) >= 1) == (shares, shares + more, True)


@given(st.binary(min_size=1), st.sets(st.text(max_size=3), max_size=20), st.integers(0, 25))
def test_a_draw_does_not_depend_on_the_order_of_those_who_take_part(
    seed: bytes, members: set[str], winners: int
) -> None:
    drawn = draw(seed, sorted(members), winners)
    assert drawn == draw(seed, sorted(members, reverse=True), winners)
    assert len(set(drawn)) == len(drawn) == min(winners, len(members))
