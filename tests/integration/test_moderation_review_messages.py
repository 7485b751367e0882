"""Reviewing messages on a real database: removals, what connectors and people are told, and law tests."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from shared.contracts.chat import MessageDeleted, MessageEdited
from shared.contracts.profiles import Channel, CommunityProfile
from shared.engine import Event
from shared.postgres.pool import open_pool
from tests.builders import at, event, posted, profile
from tests.moderation_world import COUNTS, MakeDatabase, World

AD = "兼职日结，加 微 信 abc12345"


@pytest.fixture
async def world(service_database: MakeDatabase) -> AsyncIterator[World]:
    """A fresh database."""
    pool = await open_pool((await service_database("moderation")).app_url, "test", size_min=1, size_max=1)
    async with pool.acquire() as connection:
        yield World(connection)
    await pool.close()


def edited(text: str, seconds: float, message: str, revision: int = 1, **fields: Any) -> Event[MessageEdited]:
    """ann changes a message in the hall."""
    data = MessageEdited(
        community_id="tea",
        channel_id="hall",
        message_id=message,
        member_id="ann",
        text=text,
        revision=revision,
    )
    return event(data, at(seconds), **fields)


def deleted(message: str, seconds: float) -> Event[MessageDeleted]:
    """A message is gone from the hall."""
    return event(MessageDeleted(community_id="tea", channel_id="hall", message_id=message), at(seconds))


def able(*capabilities: str, operators: str | None = None, locale: str = "zh-CN") -> CommunityProfile:
    """A community whose hall can do this much."""
    hall = Channel(channel_id="hall", name="大厅", capabilities=capabilities)
    return profile(channels=(hall,), operators_channel_id=operators, locale=locale)


def flood(count: int = 9, start: float = 0, **fields: Any) -> list[Event[Any]]:
    """So many different messages, one a second."""
    return [
        posted(chr(0x4E00 + 97 * n) * 9, at(start + n), message=f"m{n:02}", **fields) for n in range(count)
    ]


async def test_an_ad_is_removed_explained_and_its_member_told(world: World) -> None:
    await world.handle(posted(AD, at(5), message="m1", now=at(6)))
    finding = next(each for each in world.told("finding.recorded") if each["rule"] == "contact_ad")
    assert {AD[span["start"] : span["end"]] for span in finding["spans"]} >= {"加 微 信 abc12345", "兼职"}
    (removed,) = world.told("message.removed")
    assert (removed["message_id"], removed["posted_at"]) == ("m1", "2024-03-05T04:00:05Z")
    assert removed["time"] == at(6)
    (command,) = world.told("delete_message")
    assert (command["message_id"], command["channel_id"], command["member_id"]) == ("m1", "hall", "ann")
    assert command["expires_at"] == "2024-03-05T04:10:06Z"
    (reason,) = world.told("send_message")
    assert (reason["member_id"], reason["purpose"]) == ("ann", "moderation_reason")
    assert "channel_id" not in reason
    assert "禁止广告" in reason["text"]
    assert "申诉" in reason["text"]


async def test_only_the_case_holds_the_text_for_those_who_judge_it(world: World) -> None:
    await world.handle(posted("金丝雀canary 兼职日结，加微信 abc12345", message="m1"))
    state = await world.state()
    assert "canary" in str(state.pop("case_message"))
    assert "canary" not in str(state)


async def test_a_flood_goes_as_a_whole_and_is_told_once(world: World) -> None:
    await world.handle(*flood(12))
    assert await world.removed() == [f"m{n:02}" for n in range(12)]
    assert len(world.told("delete_message")) == 12
    (reason,) = world.told("send_message")
    assert "9" in reason["text"]
    assert "刷屏" in reason["text"]


async def test_the_next_burst_is_told_again(world: World) -> None:
    await world.handle(posted(AD, at(0), message="m1"), posted(AD, at(59), message="m2"))
    await world.handle(posted(AD, at(118), message="m3"), posted(AD, at(179), message="m4"))
    assert [reason["cause_id"] for reason in world.told("send_message")] == [
        posted(AD, at(0), message="m1").id,
        posted(AD, at(179), message="m4").id,
    ]


async def test_english_communities_are_told_in_english(world: World) -> None:
    await world.handle(posted(AD, about=profile(locale="en-GB")))
    (reason,) = world.told("send_message")
    assert "appeal" in reason["text"]


async def test_ordinary_messages_leave_no_trace_but_a_window(world: World) -> None:
    await world.handle(
        posted("我的微信登录不了"), posted("晚上好", at(1)), posted("加油", at(2), member="bob")
    )
    assert world.announced == []
    assert len(await world.rows("member_window")) == 2
    assert await world.rows("finding") == []


async def test_operators_and_bots_may_do_what_others_may_not(world: World) -> None:
    await world.handle(
        *flood(12, member_roles=("operator",)),
        posted(AD, at(20), member="bot", is_bot=True),
        edited(AD, 30, "m01"),
    )
    assert world.announced == []
    await world.handle(edited(AD, 40, "m02"))
    assert world.announced == []


async def test_an_edit_is_checked_again(world: World) -> None:
    await world.handle(posted("大家好", at(0), message="m1"))
    await world.handle(edited(AD, 60, "m1"), edited(AD, 61, "m1", revision=2))
    assert [fact["posted_at"] for fact in world.told("message.removed")] == ["2024-03-05T04:00:00Z"]
    assert len(world.told("delete_message")) == 1
    await world.handle(edited(AD, 600, "m1", revision=3))
    assert len(world.told("message.removed", "send_message")) == 2


async def test_stale_messages_are_removed_and_nobody_is_told(world: World) -> None:
    await world.handle(posted(AD, at(0), message="m1", now=at(minutes=11)))
    assert await world.removed() == ["m1"]
    assert len(world.told("message.removed", "delete_message")) == 2
    assert world.told("send_message") == []
    await world.handle(posted(AD, at(30), message="m2", now=at(31)))
    assert len(world.told("send_message")) == 1


async def test_where_nothing_can_be_deleted_operators_are_told_once(world: World) -> None:
    about = able("send", operators="staff")
    await world.handle(
        *(posted(AD, at(n), message=f"m{n}", about=about, member_name="安安") for n in range(3))
    )
    assert await world.removed() == ["m0", "m1", "m2"]
    assert world.told("delete_message") == []
    (alert,) = world.told("send_message")
    assert (alert["channel_id"], alert["purpose"]) == ("staff", "moderation_alert")
    assert "member_id" not in alert
    assert "安安" in alert["text"]
    assert "大厅" in alert["text"]


async def test_where_nothing_can_be_deleted_and_nobody_told_it_is_recorded(world: World) -> None:
    await world.handle(posted(AD, message="m1", about=able("send")))
    assert await world.removed() == ["m1"]
    assert world.told("send_message", "delete_message") == []


async def test_where_no_direct_message_is_possible_the_channel_is_used(world: World) -> None:
    await world.handle(posted(AD, message="m1", about=able("delete", "send")))
    (reason,) = world.told("send_message")
    assert (reason["channel_id"], reason["member_id"]) == ("hall", "ann")


@pytest.mark.parametrize("batches", [1, 2])
async def test_what_the_platform_deleted_is_not_deleted_again(world: World, batches: int) -> None:
    events = [*flood(8), deleted("m03", 8), flood(9)[8]]
    if batches == 1:
        await world.handle(*events)
    else:
        await world.handle(*events[:9])
        await world.handle(*events[9:])
    assert len(await world.removed()) == 9
    assert "m03" not in {command["message_id"] for command in world.told("delete_message")}
    assert len(world.told("delete_message")) == 8


async def test_a_deletion_that_comes_before_its_message_counts(world: World) -> None:
    await world.handle(deleted("m1", 1))
    await world.handle(posted(AD, at(0), message="m1"))
    assert await world.removed() == ["m1"]
    assert world.told("delete_message") == []


async def test_the_same_message_from_two_sources_is_judged_once(world: World) -> None:
    await world.handle(posted(AD, at(0), message="m1"))
    await world.handle(posted(AD, at(200), message="m1"))
    assert len(world.told("message.removed")) == 1
    assert len(world.told("send_message")) == 1


async def test_the_same_events_once_more_change_nothing(world: World) -> None:
    events = [*flood(9), deleted("m03", 9), posted(AD, at(10), message="ad"), edited(AD, 12, "m01")]
    await world.handle(*events)
    before = await world.state()
    await world.handle(*events)
    await world.handle(*events[4:])
    after = await world.state()
    assert {each: after[each] for each in after.keys() - COUNTS} == {
        each: before[each] for each in before.keys() - COUNTS
    }


async def test_communities_do_not_mix(world: World) -> None:
    await world.handle(*flood(5), *flood(5, start=5, community="club"))
    assert world.announced == []


async def test_a_new_process_remembers(world: World) -> None:
    """Each batch is a handler of its own, and the last message completes the burst."""
    for each in flood(9):
        await world.handle(each)
    assert len(await world.removed()) == 9


async def test_removals_can_not_be_rewritten(world: World) -> None:
    await world.handle(posted(AD, message="m1"))
    with pytest.raises(Exception, match="permission denied"):
        await world.connection.execute("UPDATE removal SET rule = 'other'")
