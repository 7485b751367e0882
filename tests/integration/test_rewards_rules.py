"""Earning rules are data: versions in force from a moment on, and nothing earned is judged again."""

from collections.abc import AsyncIterator, Awaitable, Callable

import pytest

from tests.builders import NOON, at, posted
from tests.rewards_http import TEA, Site, opened
from tests.rewards_world import checkin, words
from tests.servers import ServiceDatabase

RULES = f"{TEA}/rules"


@pytest.fixture
async def site(service_database: Callable[[str], Awaitable[ServiceDatabase]]) -> AsyncIterator[Site]:
    async with opened(await service_database("rewards")) as site:
        await site.clock(NOON)
        yield site


async def change(site: Site, rules: object, version: int = 1, **more: object) -> object:
    return await site.post(RULES, rules, method="PUT", version=version, reason="spring", **more)


async def test_changing_a_value_never_rewrites_history(site: Site) -> None:
    await site.world.tell(posted(words(1)), checkin(moment=at(1)))
    await change(site, {"message": {"points": 7}}, effective_from=at(hours=1).isoformat())
    await site.world.tell(
        posted(words(2), at(minutes=59)), posted(words(3), at(minutes=60)), posted(words(4), at(minutes=30))
    )
    assert await site.world.purse() == (2 + 5 + 2 + 7 + 2, 0)
    lines = (await site.json(f"{TEA}/members/ann/statement"))["items"]
    assert sorted((line["points"], line["rule_version"]) for line in lines) == [
        (2, 1),
        (2, 1),
        (2, 1),
        (5, 1),
        (7, 2),
    ]


async def test_a_late_event_is_judged_by_the_rules_of_its_time(site: Site) -> None:
    await change(site, {"message": {"points": 7}})
    await site.world.tell(posted(words(1), at(-60), now=at(hours=9)), posted(words(2), at(60)))
    assert await site.world.purse() == (9, 0)


async def test_what_a_change_leaves_out_is_as_shipped_and_every_version_is_kept(site: Site) -> None:
    shown = await change(site, {"checkin": {"points": 1}})
    assert shown["version"] == 2
    assert (shown["rules"]["checkin"]["points"], shown["rules"]["message"]["points"]) == (1, 2)
    await change(site, {"idea": 30}, version=2)
    versions = (await site.json(f"{RULES}/versions"))["items"]
    assert [(each["version"], each["document"]) for each in versions] == [
        (3, {"idea": 30}),
        (2, {"checkin": {"points": 1}}),
    ]
    assert versions[0]["changed_by"] == "operator-olivia"
    assert (await site.json(RULES))["version"] == 3
    assert (await site.json(RULES, at=at(-1).isoformat()))["version"] == 1


@pytest.mark.parametrize(
    "rules",
    [
        {"message": {"points": -1}},
        {"message": {"points": "2"}},
        {"message": {"points": 10**30}},
        {"message": {"cooldown_seconds": 3601}},
        {"surprise": 1},
        {"message": {"surprise": 1}},
        {"levels": [{"points": 50}, {"points": 50}]},
        {"referral": {"wait_days_max": 3}},
        [],
    ],
)
async def test_rules_that_no_community_may_have_are_refused_with_what_is_wrong(
    site: Site, rules: object
) -> None:
    response = await site.ask("PUT", RULES, rules, version=1, reason="spring")
    assert response.status_code == 422
    assert response.json()["complaints"]
    assert (await site.json(RULES))["version"] == 1


async def test_rules_for_the_past_and_of_an_old_version_are_refused(site: Site) -> None:
    earlier = {"effective_from": at(-1).isoformat()}
    assert await site.refused(RULES, {}, "PUT", version=1, reason="x", **earlier) == (422, "rules-too-early")
    await change(site, {})
    assert await site.refused(RULES, {}, "PUT", version=1, reason="x") == (409, "rules-changed")
