"""Levels rise with what was earned, can be lost after a grace, and come with titles and privileges."""

from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import timedelta

import pytest

from services.rewards.handlers.change_levels import LEVEL_GRACE
from shared.contracts.commands import GrantTitle
from shared.contracts.rewards import LevelChanged
from tests.builders import at, posted
from tests.rewards_gifts import active_month, close, gift, rich
from tests.rewards_http import TEA, Site, opened
from tests.rewards_world import checkin, removed, restored, words
from tests.servers import ServiceDatabase

LEVEL = f"{TEA}/members/ann/level"
RULES = {"levels": [{"points": 10, "title": "茶友", "privileges": ["pin"]}, {"points": 20}, {"points": 30}]}


@pytest.fixture
async def site(service_database: Callable[[str], Awaitable[ServiceDatabase]]) -> AsyncIterator[Site]:
    async with opened(await service_database("rewards")) as site:
        await site.clock(at(-1))
        await site.post(f"{TEA}/rules", RULES, "PUT", version=1, reason="x")
        yield site


def told(site: Site) -> list[tuple[int, int, int]]:
    return [(each.previous_level, each.level, each.change) for each in site.world.heard(LevelChanged)]


async def test_a_level_comes_with_its_points_a_title_and_privileges_for_the_connector(site: Site) -> None:
    await rich(site, days=2)
    shown = await site.json(LEVEL)
    assert (shown["level"], shown["title"], shown["privileges"]) == (1, "茶友", ["pin"])
    assert (shown["earned"], shown["next_at"]) == (10, 20)
    assert told(site) == [(0, 1, 1)]
    (command,) = site.world.heard(GrantTitle)
    assert (command.member_id, command.level, command.title, command.privileges) == (
        "ann",
        1,
        "茶友",
        ("pin",),
    )


async def test_each_level_is_told_whether_points_come_at_once_or_one_by_one(site: Site) -> None:
    days = [checkin(f"2024-03-{day:02}", moment=at(days=day)) for day in range(1, 7)]
    await site.world.tell(*days)
    at_once = told(site)
    site.world.forget(LevelChanged)
    await site.world.tell_in_turn(
        *(checkin(f"2024-03-{day:02}", member="ben", moment=at(days=day)) for day in range(1, 7))
    )
    assert at_once == told(site) == [(0, 1, 1), (1, 2, 2), (2, 3, 3)]


async def test_spending_points_costs_no_level(site: Site) -> None:
    await gift(site, "mug", for_points=True, cost=10)
    await rich(site, days=2)
    await site.post(f"{TEA}/redemptions", {"member_id": "ann", "gift_id": "mug"})
    assert (await site.json(LEVEL))["level"] == 1


async def test_a_level_whose_points_are_gone_is_kept_for_a_week_and_then_lost(site: Site) -> None:
    await rich(site, days=1)
    messages = [posted(words(number), at(minutes=2 * number)) for number in range(3)]
    await site.world.tell(*messages)
    await site.world.tell(removed(messages[0]))
    timer = site.world.timers["tea", LEVEL_GRACE, "ann"]
    assert (await site.json(LEVEL))["level"] == 1
    assert timer.due_at == removed(messages[0]).occurred_at + timedelta(days=7)
    await site.world.fire(timer)
    shown = await site.json(LEVEL)
    assert (shown["level"], shown["grace_until"], shown["title"]) == (0, None, "")
    assert told(site) == [(0, 1, 1), (1, 0, 2)]


async def test_points_that_come_back_in_time_keep_the_level(site: Site) -> None:
    await rich(site, days=1)
    messages = [posted(words(number), at(minutes=2 * number)) for number in range(3)]
    await site.world.tell(*messages)
    await site.world.tell(removed(messages[0]))
    timer = site.world.timers["tea", LEVEL_GRACE, "ann"]
    await site.world.tell(restored(messages[0]))
    await site.world.fire(timer)
    shown = await site.json(LEVEL)
    assert (shown["level"], shown["grace_until"]) == (1, None)
    assert told(site) == [(0, 1, 1)]


async def test_a_removal_beside_its_award_does_what_it_does_alone(site: Site) -> None:
    await rich(site, days=1)
    await rich(site, "ben", days=1)
    for member in ("ann", "ben"):
        messages = [posted(words(number), at(minutes=2 * number), member=member) for number in range(3)]
        ways = [*messages, removed(messages[0])]
        await (site.world.tell(*ways) if member == "ann" else site.world.tell_in_turn(*ways))
    rows = await site.world.connection.fetch(
        "SELECT level, change, grace_until IS NULL FROM member_level ORDER BY member_id"
    )
    assert [tuple(row) for row in rows][1] == (1, 1, False)


async def test_the_first_three_of_a_month_get_badges(site: Site) -> None:
    await active_month(site, "ann", "ben")
    await close(site)
    badges = (await site.json(LEVEL))["badges"]
    assert [each["badge"] for each in badges] == ["month:2024-03:1"]
    assert (await site.json(f"{TEA}/ledger/verify"))["consistent"] is True
