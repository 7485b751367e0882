"""Operators give and take points with a reason; large ones need a second person, compensation a budget."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest

from tests.builders import at
from tests.rewards_gifts import rich
from tests.rewards_http import OSCAR, TEA, Site, opened
from tests.servers import ServiceDatabase

PATH = f"{TEA}/adjustments"


@pytest.fixture
async def site(service_database: Callable[[str], Awaitable[ServiceDatabase]]) -> AsyncIterator[Site]:
    async with opened(await service_database("rewards")) as site:
        await site.clock(at(days=10))
        yield site


def body(points: Any, **more: Any) -> dict[str, Any]:
    return {"member_id": "ann", "points": points, "reason": "a mistake of ours", **more}


async def test_a_small_adjustment_is_applied_with_its_reason_on_record(site: Site) -> None:
    assert (await site.post(PATH, body(50)))["state"] == "applied"
    assert (await site.post(PATH, body(-20)))["state"] == "applied"
    assert await site.world.purse() == (30, 0)
    lines = (await site.json(f"{TEA}/members/ann/statement"))["items"]
    assert sorted((line["points"], line["reason"], line["text"]) for line in lines) == [
        (-20, "a mistake of ours", "Corrected by an operator: −20 points"),
        (50, "a mistake of ours", "Given by an operator: +50 points"),
    ]
    assert [each["act"] for each in (await site.json(f"{TEA}/acts"))["items"]] == ["adjustment"] * 2
    assert (await site.json(f"{TEA}/ledger/verify"))["consistent"] is True


async def test_a_large_adjustment_waits_for_a_second_person(site: Site) -> None:
    made = await site.post(PATH, body(201))
    assert (made["state"], await site.world.purse()) == ("proposed", (0, 0))
    path = f"{PATH}/{made['adjustment_id']}/decision"
    agree = {"agree": True, "reason": "I looked"}
    assert await site.refused(path, agree) == (403, "adjustment-second-person")
    await asyncio.gather(*(site.ask("POST", path, agree, by=OSCAR) for _ in range(3)))
    assert await site.world.purse() == (201, 0)
    assert await site.refused(path, agree, by=OSCAR) == (409, "adjustment-decided")


async def test_a_refused_adjustment_moves_nothing(site: Site) -> None:
    made = await site.post(PATH, body(5000))
    await site.post(f"{PATH}/{made['adjustment_id']}/decision", {"agree": False, "reason": "no"})
    assert await site.world.purse() == (0, 0)


async def test_no_more_is_taken_than_there_is(site: Site) -> None:
    await rich(site, days=1)
    assert await site.refused(PATH, body(-6)) == (409, "points-too-few")
    assert await site.world.purse() == (5, 0)


async def test_compensation_is_paid_from_the_budget(site: Site) -> None:
    assert await site.refused(PATH, body(10, kind="compensation")) == (409, "budget-too-small")
    await site.post(f"{TEA}/budget", {"points": 15, "reason": "spring"})
    await site.post(PATH, body(10, kind="compensation"))
    assert await site.refused(f"{TEA}/budget", {"points": -6, "reason": "back"}) == (409, "budget-too-small")
    report = await site.json(f"{TEA}/ledger/liability")
    assert (report["issued"], report["budget"], report["wallets"]) == (15, 5, 10)


@pytest.mark.parametrize("points", [0, "5", 10**30, 1.5, None])
async def test_points_that_are_none_are_refused(site: Site, points: Any) -> None:
    assert (await site.refused(PATH, body(points)))[0] == 422


async def test_negative_compensation_and_missing_reasons_are_refused(site: Site) -> None:
    assert (await site.refused(PATH, body(-5, kind="compensation")))[0] == 422
    assert (await site.refused(PATH, body(5, reason="  ")))[0] == 422
