"""Join waves on a real database: welcomes pause in a burst, operators hear once of a wave, newness counts."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from shared.contracts.chat import MemberJoined
from shared.engine import Event
from shared.postgres.pool import open_pool
from tests.builders import at, event, posted, profile
from tests.moderation_world import MakeDatabase, World

ABOUT = profile(operators_channel_id="staff")


@pytest.fixture
async def world(service_database: MakeDatabase) -> AsyncIterator[World]:
    """A fresh database."""
    pool = await open_pool((await service_database("moderation")).app_url, "test", size_min=1, size_max=1)
    async with pool.acquire() as connection:
        yield World(connection)
    await pool.close()


def joined(count: int, step: float, start: float = 0, late: float = 0, **fields: Any) -> list[Event[Any]]:
    """So many people, `step` seconds apart."""
    moments = [at(start + n * step) for n in range(count)]
    return [
        event(
            MemberJoined(community_id="tea", member_id=f"p{start}-{n}", **fields),
            moment, now=max(moment, at(late)), about=ABOUT,
        )
        for n, moment in enumerate(moments)
    ]  # fmt: skip


async def test_five_joins_in_a_minute_pause_welcomes(world: World) -> None:
    await world.handle(*joined(4, 10))
    assert world.announced == []
    await world.handle(*joined(5, 10)[4:])
    (notice,) = world.told()
    assert (notice["type"], notice["scale"], notice["joins"]) == ("join_wave.noticed", "burst", 5)
    assert notice["until"] == "2024-03-05T04:10:40Z"


async def test_five_joins_in_more_than_a_minute_do_not(world: World) -> None:
    await world.handle(*joined(12, 15))
    assert world.announced == []


async def test_a_burst_that_goes_on_is_told_again_when_its_pause_has_passed(world: World) -> None:
    await world.handle(*joined(49, 14))
    assert [each["scale"] for each in world.told("join_wave.noticed")] == ["burst", "burst"]


@pytest.mark.parametrize("at_once", [True, False])
async def test_fifty_joins_in_an_hour_are_one_case_and_one_alert(world: World, at_once: bool) -> None:
    people = joined(80, 70)
    for batch in [people] if at_once else [people[n : n + 7] for n in range(0, 80, 7)]:
        await world.handle(*batch)
    (notice,) = world.told("join_wave.noticed")
    assert (notice["scale"], notice["joins"]) == ("wave", 50)
    (opened,) = world.told("case.opened")
    assert opened["rule"] == "join_wave"
    (alert,) = world.told("send_message")
    assert alert["channel_id"] == "staff"
    assert "60 分钟内有 50 人加入" in alert["text"]
    assert [row["kind"] for row in await world.connection.fetch("SELECT kind FROM moderation_case")] == [
        "join_wave"
    ]


async def test_forty_nine_joins_in_an_hour_are_no_wave(world: World) -> None:
    await world.handle(*joined(49, 73))
    await world.handle(*joined(60, 74, start=2 * 3600))
    assert world.announced == []


async def test_the_next_wave_is_told_again(world: World) -> None:
    await world.handle(*joined(55, 60), *joined(55, 60, start=6 * 3600))
    assert len(world.told("send_message")) == 2


async def test_late_joins_count_and_alert_nobody_by_themselves(world: World) -> None:
    await world.handle(*joined(60, 60, late=3 * 3600))
    assert world.announced == []
    assert len(await world.rows("recent_join")) == 60


@pytest.mark.parametrize("backwards", [False, True])
async def test_order_and_repetition_do_not_matter(world: World, backwards: bool) -> None:
    people = joined(6, 8)[::-1] if backwards else joined(6, 8)
    for each in [*people, *people]:
        await world.handle(each)
    assert [each["scale"] for each in world.told("join_wave.noticed")] == ["burst"]


async def test_bots_and_the_same_member_again_are_no_wave(world: World) -> None:
    await world.handle(*joined(9, 1, is_bot=True))
    same = MemberJoined(community_id="tea", member_id="cat")
    await world.handle(*(event(same, at(n), about=ABOUT) for n in range(9)))
    assert world.announced == []


async def test_who_joined_long_before_the_first_words_is_not_new_for_a_day(world: World) -> None:
    """Three messages are enough then: the link is no newcomer's."""
    join = MemberJoined(community_id="tea", member_id="ann")
    await world.handle(event(join, at(days=-9)))
    await world.handle(*(posted(f"大家好{n}", at(n * 60)) for n in range(3)))
    await world.handle(posted("看看 https://example.com", at(600)))
    assert world.announced == []


@pytest.mark.parametrize("days", [0, 1])
async def test_without_a_join_the_first_words_begin_the_first_day(world: World, days: int) -> None:
    join = MemberJoined(community_id="tea", member_id="ann")
    await world.handle(*(posted(f"大家好{n}", at(n * 60)) for n in range(3)))
    await world.handle(event(join, at(601), now=at(601)))
    await world.handle(posted("看看 https://example.com", at(600 + 120, days=days)))
    findings = [each["rule"] for each in world.told("finding.recorded")]
    assert findings == (["newcomer_link"] if days == 0 else [])


async def test_joins_are_forgotten(world: World) -> None:
    await world.handle(*joined(5, 1))
    await world.fire("forget_members", at(days=7))
    assert await world.rows("recent_join") == await world.rows("join_wave") == []
