"""At every moment, whoever acts beside: entries sum to zero, balances are their entries, gifts are three."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import timedelta
from random import Random
from typing import Any

import asyncpg
import pytest

from services.rewards.handlers.choosing import GIFT_CHOICE
from services.rewards.store.ledger import BalanceMoved
from shared.engine import Timer
from shared.postgres.pool import SESSION_SETTINGS
from tests.builders import at, posted
from tests.rewards_gifts import AWARD, active_month, close, gift, rich, stock
from tests.rewards_http import TEA, Site, opened
from tests.rewards_world import World, checkin, connected, removed, restored, words
from tests.servers import ServiceDatabase

MEMBERS = ("ann", "ben", "cat")
ROUNDS = 25
MOMENT = """
    SELECT (SELECT coalesce(sum(amount), 0) FROM entry)::bigint AS total,
           (SELECT count(*) FROM account a WHERE balance <>
               (SELECT coalesce(sum(amount), 0) FROM entry e WHERE e.account_id = a.id)) AS wrong,
           (SELECT count(*) FROM account WHERE kind NOT IN ('issuer', 'debt') AND balance < 0) AS negative,
           (SELECT count(*) FROM entry) AS entries
"""


@pytest.fixture
async def site(service_database: Callable[[str], Awaitable[ServiceDatabase]]) -> AsyncIterator[Site]:
    async with opened(await service_database("rewards")) as site:
        await site.clock(at(days=29))
        yield site


async def in_chat(world: World, chance: Random, number: int) -> None:
    """Messages and check-ins come, are removed, come back."""
    for turn in range(ROUNDS):
        member = chance.choice(MEMBERS)
        message = posted(words(1000 * number + turn), at(minutes=turn, hours=number), member=member)
        told: list[Any] = [
            message,
            *chance.choice([[], [removed(message)], [removed(message), restored(message)]]),
        ]
        if chance.random() < 0.3:
            told.append(checkin(f"2024-03-{1 + turn:02}", member=member, campaign=f"c{number}"))
        for _ in range(20):
            try:
                await world.tell(*told)
                break
            except (asyncpg.DeadlockDetectedError, BalanceMoved):
                await asyncio.sleep(0)


async def at_the_counter(site: Site, chance: Random) -> None:
    """Redemptions are made, confirmed, cancelled; operators give and take."""
    for _ in range(ROUNDS):
        member = chance.choice(MEMBERS)
        asked = await site.ask("POST", f"{TEA}/redemptions", {"member_id": member, "gift_id": "mug"})
        if asked.status_code == 201:
            path = f"{TEA}/redemptions/{asked.json()['redemption_id']}"
            await site.ask("POST", f"{path}/{chance.choice(['confirm', 'cancel'])}", {"reason": "x"})
        change = {"member_id": member, "points": chance.choice([-9, 5, 7]), "reason": "x"}
        await site.ask("POST", f"{TEA}/adjustments", change)


async def watched(site: Site, until: asyncio.Event) -> list[tuple[int, int, int]]:
    """What every look at the books finds wrong, and in how many states of them."""
    seen: dict[int, tuple[int, int, int]] = {}
    connection = await asyncpg.connect(site.database.app_url, server_settings=SESSION_SETTINGS)
    try:
        while not until.is_set():
            row = await connection.fetchrow(MOMENT)
            seen[row["entries"]] = (row["total"], row["wrong"], row["negative"])
    finally:
        await connection.close()
    return list(seen.values())


async def test_at_every_moment_entries_sum_to_zero_and_balances_are_their_entries(site: Site) -> None:
    await gift(site, "mug", for_points=True, cost=3, stock=900)
    rules = {"redemption": {"per_member_month_max": 1000}}
    await site.post(f"{TEA}/rules", rules, "PUT", version=1, reason="x")
    await rich(site)
    done = asyncio.Event()
    looking = asyncio.create_task(watched(site, done))
    async with connected(site.database) as other:
        await asyncio.gather(
            in_chat(site.world, Random(1), 0),
            in_chat(World(other), Random(2), 1),
            at_the_counter(site, Random(3)),
            at_the_counter(site, Random(4)),
        )
    done.set()
    seen = await looking
    assert len(seen) > 10
    assert set(seen) == {(0, 0, 0)}
    assert await site.world.books_are_right()
    assert (await site.json(f"{TEA}/ledger/verify"))["differences"] == []


async def test_a_month_closed_chosen_and_timed_out_at_the_same_time_gives_three_gifts_and_no_more(
    site: Site,
) -> None:
    await gift(site, "mug", for_award=True, stock=2, cost=9)
    await gift(site, "book", for_award=True, stock=7, cost=5)
    await active_month(site, "ann", "ben", "cat", "dan")
    timer = site.world.timer("2024-03")
    async with connected(site.database) as first, connected(site.database) as second:
        rivals = [site.world, World(first), World(second)]
        await asyncio.gather(*(rival.fire(timer) for rival in rivals))
        for member in ("ann", "ben", "cat"):
            late = Timer("tea", GIFT_CHOICE, timer.due_at + timedelta(days=7), f"2024-03:{member}")
            await asyncio.gather(
                rivals[1].fire(late),
                rivals[2].tell(posted("1", at(days=29), member=member, message=f"c-{member}")),
                *(site.ask("POST", f"{AWARD}/{member}/choice", {"gift_id": "mug"}) for _ in range(5)),
            )
    rows = (await site.json(f"{TEA}/fulfilments"))["items"]
    assert sorted(row["member_id"] for row in rows) == ["ann", "ben", "cat"]
    left = {name: await stock(site, name) for name in ("mug", "book")}
    assert sum(units for units, _ in left.values()) == 9 - 3
    assert all(reserved == 0 for _, reserved in left.values())
    await close(site)
    assert len((await site.json(f"{TEA}/fulfilments"))["items"]) == 3


async def test_two_winners_who_want_the_last_one_get_one_each_of_what_there_is(site: Site) -> None:
    await gift(site, "book", for_award=True, stock=1, cost=9)
    await gift(site, "mug", for_award=True, stock=5, cost=5)
    await active_month(site, "ann", "ben")
    await close(site)
    answers = await asyncio.gather(
        *(site.ask("POST", f"{AWARD}/{member}/choice", {"gift_id": "book"}) for member in ("ben", "ann"))
    )
    states = {each["member_id"]: each["gift_id"] for each in await site.json(AWARD)}
    assert states == {"ann": "book", "ben": None}
    assert sorted(each.status_code for each in answers) == [200, 409]
    assert await stock(site, "book") == (0, 0)
