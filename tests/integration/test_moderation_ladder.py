"""The ladder on a real database: steps, decay, mutes that end by a timer, and what a platform cannot do."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from services.moderation.handlers.sanction_members import SANCTION_END
from shared.contracts.profiles import Channel
from shared.postgres.pool import open_pool
from tests.builders import at, posted, profile
from tests.moderation_world import MakeDatabase, World

AD = "兼职日结，加 微 信 abc12345"


@pytest.fixture
async def world(service_database: MakeDatabase) -> AsyncIterator[World]:
    """A fresh database."""
    pool = await open_pool((await service_database("moderation")).app_url, "test", size_min=1, size_max=1)
    async with pool.acquire() as connection:
        yield World(connection)
    await pool.close()


async def advertise(world: World, *hours: float, **fields: Any) -> list[dict[str, Any]]:
    """ann advertises at these hours; returns the sanctions that follow."""
    for hour in hours:
        moment = at(hours=hour)
        await world.handle(posted(AD, moment, message=f"ad{hour}", **fields), real_time=moment)
    return world.told("sanction.applied")


async def test_a_first_ad_is_a_warning_the_next_a_mute_the_third_a_proposal(world: World) -> None:
    sanctions = await advertise(world, 0, 1, 2)
    assert [each["kind"] for each in sanctions] == ["warning", "mute", "mute"]
    steps = await world.connection.fetch("SELECT step, points FROM sanction ORDER BY applied_at")
    assert [tuple(row) for row in steps] == [("warning", 2), ("long_mute", 4), ("removal", 6)]
    assert world.told("remove_member") == []


async def test_points_fall_by_one_in_thirty_days(world: World) -> None:
    sanctions = await advertise(world, 0, 24 * 61)
    assert [each["kind"] for each in sanctions] == ["warning", "warning"]
    assert len(await world.rows("strike")) == 2


async def test_a_burst_is_one_case_one_strike_and_one_sanction(world: World) -> None:
    await advertise(world, 0, 0.005, 0.01)
    assert [len(await world.rows(table)) for table in ("moderation_case", "strike", "sanction")] == [1, 1, 1]
    assert len(await world.rows("case_message")) == 3
    assert len(world.told("send_message")) == 1


async def test_a_mute_is_asked_for_told_and_ends_by_its_timer(world: World) -> None:
    await advertise(world, 0, 1)
    (mute,) = world.told("mute_member")
    assert mute["until"] == "2024-03-06T05:00:00Z"
    assert "禁言至 2024-03-06 13:00" in world.told("send_message")[-1]["text"]
    assert await world.fire(SANCTION_END, at(hours=24)) == 0
    assert await world.fire(SANCTION_END, at(hours=25)) == 1
    (lifted,) = world.told("sanction.lifted")
    assert (lifted["member_id"], lifted["reason"], lifted["time"]) == ("ann", "expired", at(hours=25))
    assert len(world.told("unmute_member")) == 1


async def test_a_mute_ends_late_when_everything_was_down_at_its_moment(world: World) -> None:
    await advertise(world, 0, 1)
    assert await world.fire(SANCTION_END, at(days=9)) == 1
    assert len(world.told("unmute_member")) == 1


async def test_a_member_whom_a_longer_mute_holds_stays_mute(world: World) -> None:
    await advertise(world, 0, 1, 12)
    await world.fire(SANCTION_END, at(hours=25))
    assert len(world.told("sanction.lifted")) == 1
    assert world.told("unmute_member") == []
    await world.fire(SANCTION_END, at(hours=36))
    assert len(world.told("unmute_member")) == 1


async def test_where_nobody_can_be_muted_operators_are_told_to_do_it(world: World) -> None:
    hall = Channel(channel_id="hall", capabilities=("delete", "direct"))
    about = profile(channels=(hall,), operators_channel_id="staff")
    await advertise(world, 0, 1, about=about)
    assert world.told("mute_member") == []
    alert = next(each for each in world.told("send_message") if each.get("channel_id") == "staff")
    assert "不支持代为禁言" in alert["text"]
    await world.fire(SANCTION_END, at(hours=26))
    assert world.told("unmute_member") == []


async def test_a_proposal_of_removal_is_for_a_person(world: World) -> None:
    about = profile(operators_channel_id="staff")
    await advertise(world, 0, 1, 2, about=about)
    alerts = [each["text"] for each in world.told("send_message") if each.get("channel_id") == "staff"]
    assert len(alerts) == 1
    assert "建议移出本群" in alerts[0]


async def test_a_message_that_comes_too_late_is_never_punished(world: World) -> None:
    await world.handle(posted(AD, at(), message="late", now=at(minutes=11)))
    assert await world.removed() == ["late"]
    assert world.told("sanction.applied", "send_message", "mute_member") == []
    assert await world.rows("strike") == []


async def test_the_same_again_changes_nothing(world: World) -> None:
    await advertise(world, 0, 1)
    before = await world.rows("sanction"), await world.rows("strike"), await world.rows("moderation_case")
    again = posted(AD, at(hours=1), message="ad1")
    await world.handle(again._replace(id=again.id[:-1] + "f"))
    assert (
        await world.rows("sanction"),
        await world.rows("strike"),
        await world.rows("moderation_case"),
    ) == before
    assert len(world.told("sanction.applied")) == 2
