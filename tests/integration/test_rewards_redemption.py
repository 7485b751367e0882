"""Redemption: reserve, confirm or cancel; many at once never overspend; a repeat does nothing twice."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest

from services.rewards.handlers.redeem_gifts import REDEMPTION_EXPIRY
from shared.contracts.rewards import RedemptionCancelled
from shared.engine import Timer
from tests.builders import at, posted
from tests.rewards_gifts import AWARD, active_month, close, gift, rich, stock
from tests.rewards_http import TEA, Site, opened
from tests.rewards_world import connected, removed, words
from tests.servers import ServiceDatabase

WISHES = f"{TEA}/redemptions"
DEADLOCKS = "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()"


@pytest.fixture
async def site(service_database: Callable[[str], Awaitable[ServiceDatabase]]) -> AsyncIterator[Site]:
    async with opened(await service_database("rewards")) as site:
        await site.clock(at(days=10))
        yield site


async def wish(site: Site, name: str = "mug", **more: Any) -> Any:
    return await site.post(WISHES, {"member_id": "ann", "gift_id": name}, **more)


async def balance(site: Site) -> tuple[int, int, int]:
    shown = await site.json(f"{TEA}/members/ann/balance")
    return shown["balance"], shown["pending"], shown["debt"]


async def test_points_are_set_aside_then_spent_and_the_gift_goes_out(site: Site) -> None:
    await gift(site, "mug", for_points=True, cost=12)
    await rich(site)
    made = await wish(site)
    assert (made["state"], made["points"], await balance(site)) == ("reserved", 12, (8, 12, 0))
    assert await stock(site, "mug") == (3, 1)
    done = await site.post(f"{WISHES}/{made['redemption_id']}/confirm")
    assert (done["state"], await balance(site), await stock(site, "mug")) == ("confirmed", (8, 0, 0), (2, 0))
    (waiting,) = (await site.json(f"{TEA}/fulfilments"))["items"]
    assert (waiting["source"], waiting["state"]) == ("redemption", "by_hand")
    report = await site.json(f"{TEA}/ledger/liability")
    assert (report["issued"], report["redeemed"], report["outstanding"]) == (20, 12, 8)
    assert (await site.json(f"{TEA}/ledger/verify"))["consistent"] is True


async def test_a_cancelled_redemption_gives_points_and_gift_back(site: Site) -> None:
    await gift(site, "mug", for_points=True, cost=12)
    await rich(site)
    made = await wish(site)
    path = f"{WISHES}/{made['redemption_id']}"
    await site.post(f"{path}/cancel", {"reason": "other colour"})
    assert (await balance(site), await stock(site, "mug")) == ((20, 0, 0), (3, 0))
    assert await site.refused(f"{path}/confirm") == (409, "redemption-closed")
    assert await site.refused(f"{path}/cancel", {"reason": "again"}) == (409, "redemption-closed")


async def test_what_is_not_confirmed_in_time_comes_back(site: Site) -> None:
    await gift(site, "mug", for_points=True, cost=12)
    await rich(site)
    made = await wish(site)
    row = await site.world.connection.fetchrow(
        "SELECT due_at, key FROM timers WHERE kind = $1", REDEMPTION_EXPIRY
    )
    assert row is not None
    timer = Timer("tea", REDEMPTION_EXPIRY, row["due_at"], row["key"])
    await site.world.fire(timer)
    await site.world.fire(timer)
    assert (await balance(site), await stock(site, "mug")) == ((20, 0, 0), (3, 0))
    assert (await site.json(f"{WISHES}/{made['redemption_id']}"))["state"] == "expired"
    assert len(site.world.heard(RedemptionCancelled)) == 1


async def test_two_hundred_requests_at_once_never_overspend(site: Site) -> None:
    await gift(site, "sweet", for_points=True, cost=1, stock=500)
    await site.post(
        f"{TEA}/rules", {"redemption": {"per_member_month_max": 1000}}, "PUT", version=1, reason="x"
    )
    await rich(site)
    body = {"member_id": "ann", "gift_id": "sweet"}
    answers = await asyncio.gather(*(site.ask("POST", WISHES, body) for _ in range(200)))
    assert Counter(each.status_code for each in answers) == {201: 20, 409: 180}
    assert (await balance(site), await stock(site, "sweet")) == ((0, 20, 0), (500, 20))
    assert (await site.json(f"{TEA}/ledger/verify"))["consistent"] is True


async def test_of_many_who_want_the_last_one_one_gets_it(site: Site) -> None:
    await gift(site, "book", for_points=True, cost=1, stock=1)
    for number in range(8):
        await rich(site, f"m{number}", days=1)
    asked = (site.ask("POST", WISHES, {"member_id": f"m{number}", "gift_id": "book"}) for number in range(8))
    answers = await asyncio.gather(*asked)
    assert Counter(each.status_code for each in answers) == {201: 1, 409: 7}
    assert await stock(site, "book") == (1, 1)


async def test_the_limit_of_a_month_holds_also_for_requests_at_once(site: Site) -> None:
    await gift(site, "sweet", for_points=True, cost=1, stock=50)
    await rich(site)
    body = {"member_id": "ann", "gift_id": "sweet"}
    answers = await asyncio.gather(*(site.ask("POST", WISHES, body) for _ in range(12)))
    assert Counter(each.status_code for each in answers) == {201: 5, 409: 7}
    await site.clock(at(days=40))
    assert (await wish(site, "sweet"))["state"] == "reserved"


async def test_a_request_sent_again_with_its_key_is_answered_as_before(site: Site) -> None:
    await gift(site, "mug", for_points=True, cost=2)
    await rich(site)
    body = {"member_id": "ann", "gift_id": "mug"}
    answers = await asyncio.gather(*(site.ask("POST", WISHES, body, key="k1") for _ in range(5)))
    assert {each.status_code for each in answers} == {201}
    assert len({each.json()["redemption_id"] for each in answers}) == 1
    assert await balance(site) == (18, 2, 0)
    other = {"member_id": "ben", "gift_id": "mug"}
    assert await site.refused(WISHES, other, key="k1") == (422, "idempotency-key-reused")


async def test_what_is_refused_or_fails_among_many_costs_only_itself(site: Site) -> None:
    await gift(site, "mug", for_points=True, cost=12)
    for member in ("ann", "ben"):
        await rich(site, member)
    wishes = [("ann", "k1"), ("nobody", "k2"), ("\0", "k3"), ("ben", "k4"), ("ann", "k5")]
    asked = (
        site.ask("POST", WISHES, {"member_id": member, "gift_id": "mug"}, key=key) for member, key in wishes
    )
    answers = await asyncio.gather(*asked)
    assert [each.status_code for each in answers] == [201, 409, 422, 201, 409]
    assert await balance(site) == (8, 12, 0)
    assert await stock(site, "mug") == (3, 2)
    keys = await site.world.connection.fetch("SELECT key FROM request_answer ORDER BY key")
    assert [row["key"] for row in keys] == ["k1", "k4"]
    owners = await site.world.connection.fetch("SELECT DISTINCT member_id FROM account WHERE member_id <> ''")
    assert {row["member_id"] for row in owners} == {"ann", "ben"}


async def test_a_redemption_waits_for_nobody_elses_points(site: Site) -> None:
    await gift(site, "mug", for_points=True, cost=12)
    await rich(site)
    async with connected(site.database) as other, other.transaction():
        await other.execute("SELECT FROM account WHERE member_id = '' FOR UPDATE")
        made = await wish(site)
        await site.post(f"{WISHES}/{made['redemption_id']}/cancel", {"reason": "x"})
    assert await balance(site) == (20, 0, 0)


async def test_those_who_redeem_confirm_cancel_and_choose_at_once_do_not_deadlock(site: Site) -> None:
    for name in ("book", "mug", "tea"):
        await gift(site, name, for_points=True, for_award=True, cost=1, stock=90)
    winners = ("ann", "ben", "cat")
    await active_month(site, *winners)
    for member in winners:
        await rich(site, member)
    await site.post(
        f"{TEA}/rules", {"redemption": {"per_member_month_max": 1000}}, "PUT", version=1, reason="x"
    )
    await close(site)

    async def redeem(number: int) -> None:
        body = {"member_id": winners[number % 3], "gift_id": ("book", "mug", "tea")[number // 3 % 3]}
        made = await site.post(WISHES, body)
        path = f"{WISHES}/{made['redemption_id']}"
        await site.post(f"{path}/confirm" if number % 2 else f"{path}/cancel", {"reason": "x"})

    async def choose() -> None:
        for member in winners:
            await site.post(f"{AWARD}/{member}/choice", {"gift_id": "mug"})

    await asyncio.gather(choose(), *(redeem(number) for number in range(45)))
    assert [await stock(site, name) for name in ("book", "mug", "tea")] == [(83, 0), (79, 0), (83, 0)]
    assert (await site.json(f"{TEA}/ledger/verify"))["consistent"] is True
    await site.pool.close()  # its sessions tell what they met
    assert await site.world.connection.fetchval(DEADLOCKS) == 0


async def test_a_debt_that_arose_meanwhile_is_repaid_by_what_comes_back(site: Site) -> None:
    await gift(site, "mug", for_points=True, cost=2)
    message = posted(words(1))
    await site.world.tell(message)
    made = await wish(site)
    await site.world.tell(removed(message))
    assert await balance(site) == (0, 2, 2)
    await site.post(f"{WISHES}/{made['redemption_id']}/cancel", {"reason": "x"})
    assert await balance(site) == (0, 0, 0)


@pytest.mark.parametrize(
    ("name", "slug"),
    [("dear", (409, "points-too-few")), ("none", (409, "gift-sold-out")), ("what", (404, "gift-unknown")),
     ("prize", (404, "gift-unknown")), ("closed", (409, "gift-sold-out"))],
)  # fmt: skip
async def test_what_cannot_be_redeemed_is_refused_and_nothing_moves(
    site: Site, name: str, slug: tuple[int, str]
) -> None:
    await gift(site, "dear", for_points=True, cost=99)
    await gift(site, "none", for_points=True, cost=1, stock=0)
    await gift(site, "prize", for_award=True, cost=1)
    await gift(site, "closed", for_points=True, cost=1, is_open=False)
    await rich(site)
    assert await site.refused(WISHES, {"member_id": "ann", "gift_id": name}) == slug
    assert await balance(site) == (20, 0, 0)


@pytest.mark.parametrize("cost", [-1, "5", 10**30, 1.5])
async def test_a_gift_with_a_cost_that_is_none_is_refused(site: Site, cost: object) -> None:
    body = {"kind": "virtual", "name": "Mug", "stock": 3, "reason": "new", "cost": cost}
    assert (await site.refused(f"{TEA}/gifts/mug", body, "PUT"))[0] == 422


async def test_a_gift_is_changed_from_its_version_and_never_below_what_is_promised(site: Site) -> None:
    made = await gift(site, "mug", for_points=True, cost=1, stock=2)
    await rich(site)
    await wish(site)
    assert (await gift(site, "mug", for_points=True, cost=3, stock=1, version=made["version"]))["cost"] == 3
    body = {"kind": "virtual", "name": "Mug", "reason": "x", "stock": 5}
    assert await site.refused(f"{TEA}/gifts/mug", {**body, "version": 1}, "PUT") == (409, "gift-changed")
    assert await site.refused(f"{TEA}/gifts/mug", {**body, "version": 2, "stock": 0}, "PUT") == (
        409,
        "gift-changed",
    )
