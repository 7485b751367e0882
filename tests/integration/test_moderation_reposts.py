"""Reposts without a source (尊重原创) on a real database: a reminder, no punishment."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from shared.postgres.pool import open_pool
from tests.builders import at, posted
from tests.moderation_world import MakeDatabase, World

ESSAY = (
    "春茶讲究一个鲜字，清明前采下的芽头叶片细嫩，氨基酸含量高，泡出来汤色清亮，入口回甘。"
    "冲泡的时候水温不要超过八十五度，先温杯再投茶，第一泡停留十秒就可以出汤，"
    "第三泡滋味最足，往后每泡多等五秒，一壶茶能喝上一个下午。"
)
ANOTHER = (
    "周末去山里走了一圈，路上遇到三位也在找野花的朋友，大家边走边聊交换了各自的路线图。"
    "山顶风很大，云从脚底下流过去，拍照的时候手都冻僵了，下山吃了一碗热汤面才缓过来，"
    "下个月打算带上帐篷再去一次，有兴趣同行的可以在这里说一声。"
)


@pytest.fixture
async def world(service_database: MakeDatabase) -> AsyncIterator[World]:
    """A fresh database."""
    pool = await open_pool((await service_database("moderation")).app_url, "test", size_min=1, size_max=1)
    async with pool.acquire() as connection:
        yield World(connection)
    await pool.close()


async def reminded(world: World, text: str, hours: float = 1, **fields: Any) -> list[str]:
    """ann's essay, and after some hours what bob makes of it; who is reminded."""
    await world.handle(posted(ESSAY, at(), message="original"))
    await world.handle(posted(text, at(hours=hours), member="bob", message="repost", **fields))
    assert world.told("message.removed", "sanction.applied") == []
    return [each["member_id"] for each in world.told("send_message")]


@pytest.mark.parametrize(
    "text", [ESSAY, "好文！" + ESSAY, ESSAY.replace("下午", "上午").replace("十秒", "八秒")]
)
async def test_a_repost_without_source_is_reminded_of_it(world: World, text: str) -> None:
    assert await reminded(world, text) == ["bob"]
    assert "注明出处" in world.told("send_message")[0]["text"]
    (finding,) = world.told("finding.recorded")
    assert (finding["rule"], finding["message_id"]) == ("repost", "repost")


@pytest.mark.parametrize(
    "text",
    ["转自安安：" + ESSAY, ESSAY + "（来源：本群）", ESSAY + " via ann", "> " + ESSAY, ANOTHER, ESSAY[:60]],
)
async def test_who_names_a_source_or_writes_something_else_is_not(world: World, text: str) -> None:
    assert await reminded(world, text) == []


@pytest.mark.parametrize("fields", [{"reply_to_member": "ann"}, {"mentions": ("ann",)}])
async def test_answering_or_addressing_the_author_is_credit(world: World, fields: dict[str, Any]) -> None:
    assert await reminded(world, ESSAY, **fields) == []


async def test_a_long_link_is_nobody_s_text(world: World) -> None:
    link = "https://example.com/" + "a1b2c3d4e5" * 12
    await world.handle(posted(link, at(hours=-1), member="cat"))
    assert await reminded(world, link) == []


async def test_an_original_is_remembered_for_seven_days(world: World) -> None:
    assert await reminded(world, ESSAY, hours=7 * 24 + 1) == []


async def test_up_to_then_a_repost_is_seen(world: World) -> None:
    assert await reminded(world, ESSAY, hours=7 * 24 - 1) == ["bob"]


async def test_the_author_may_say_it_again_also_after_others_did(world: World) -> None:
    await reminded(world, ESSAY)
    await world.handle(posted(ESSAY, at(hours=5), message="again"))
    assert [each["member_id"] for each in world.told("send_message")] == ["bob"]


async def test_a_text_that_comes_late_is_the_original_by_its_time(world: World) -> None:
    await world.handle(posted(ESSAY, at(hours=2), member="bob", message="second"))
    await world.handle(posted(ESSAY, at(hours=1), message="first", now=at(hours=2)))
    assert world.announced == []
    await world.handle(posted(ESSAY, at(hours=3), member="bob", message="third"))
    assert [each["member_id"] for each in world.told("send_message")] == ["bob"]


async def test_what_comes_too_late_is_recorded_and_nobody_told(world: World) -> None:
    assert await reminded(world, ESSAY, now=at(hours=2)) == []
    assert len(world.told("finding.recorded")) == 1


async def test_one_row_stands_for_all_that_are_alike_and_holds_no_text(world: World) -> None:
    await reminded(world, ESSAY)
    (row,) = await world.rows("original_text")
    assert "original" in row
    assert "春茶" not in str(await world.rows("original_text"))


async def test_another_community_s_texts_are_its_own(world: World) -> None:
    await world.handle(posted(ESSAY, at(), community="club"))
    await world.handle(posted(ESSAY, at(hours=1), member="bob"))
    assert world.announced == []


async def test_old_originals_are_forgotten(world: World) -> None:
    await reminded(world, ESSAY)
    await world.fire("forget_members", at(days=1))
    assert len(await world.rows("original_text")) == 1
    assert await world.fire("forget_members", at(days=33)) == 1
    assert await world.rows("original_text") == []
