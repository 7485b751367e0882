"""Messages that nobody expects have a defined end, and nothing beside them is lost."""

from collections.abc import AsyncIterator, Sequence

import pytest

from shared.contracts.chat import Attachment
from shared.contracts.contract import TEXT_CHARACTERS_MAX
from shared.postgres.pool import open_pool
from tests.builders import at, posted
from tests.moderation_world import MakeDatabase, World, fresh_effects

AD = "兼职日结，加 微 信 abc12345"
RIGHT_TO_LEFT = "\u202e" + "\u202b\u2067" * 400 + "hello"
STACKED = "a" + "\u0301" * 5_000
PICTURE = (Attachment(kind="image"),)
WITH_NULLS = "".join(map(chr, range(1, 32))) + "\ufffe\uffff\U0010ffff"


@pytest.fixture
async def world(service_database: MakeDatabase) -> AsyncIterator[World]:
    """A fresh database, and every shipped rule."""
    pool = await open_pool((await service_database("moderation")).app_url, "test", size_min=1, size_max=1)
    async with pool.acquire() as connection:
        yield World(connection, effects=fresh_effects(without=()))
    await pool.close()


async def removed_beside_an_ad(world: World, *texts: str, attachments: Sequence[Attachment] = ()) -> set[str]:
    """Ids of what went of a batch with these texts, each another member's, beside an ad that always goes."""
    strange = [
        posted(text, at(n), member=f"m{n}", message=f"strange{n}", attachments=tuple(attachments))
        for n, text in enumerate(texts)
    ]
    await world.handle(*strange, posted(AD, at(60), member="spammer", message="ad"))
    removed = set(await world.removed())
    assert "ad" in removed
    return removed - {"ad"}


@pytest.mark.parametrize("text", ["", " \n\t", "\u200b\u200d\ufe0f", WITH_NULLS, "。！？…"])
async def test_a_text_of_nothing_is_nothing(world: World, text: str) -> None:
    assert await removed_beside_an_ad(world, text, text, text) == set()


async def test_pictures_alone_are_let_be_and_too_many_are_a_flood(world: World) -> None:
    assert await removed_beside_an_ad(world, "", "", "", "", attachments=PICTURE) == set()
    many = [
        posted("", at(300 + n / 10), member="ann", message=f"picture{n}", attachments=PICTURE)
        for n in range(9)
    ]
    await world.handle(*many)
    assert len([each for each in await world.removed() if each.startswith("picture")]) == 9


async def test_a_text_of_a_hundred_kilobytes_is_a_wall(world: World) -> None:
    longest = "好" * TEXT_CHARACTERS_MAX
    assert len(longest.encode()) >= 98_000
    assert await removed_beside_an_ad(world, longest, "line\n" * 400) == {"strange0", "strange1"}


async def test_floods_of_marks_and_directions_hide_no_ad_and_are_no_ad(world: World) -> None:
    assert await removed_beside_an_ad(world, RIGHT_TO_LEFT) == set()
    hidden = [
        posted(text, at(300 + n), member=f"h{n}", message=f"hidden{n}")
        for n, text in enumerate((RIGHT_TO_LEFT + AD, AD.replace("加", "加" + "\u0301" * 40)))
    ]
    await world.handle(*hidden)
    assert {"hidden0", "hidden1"} <= set(await world.removed())


async def test_a_tower_of_marks_is_judged_and_leaves_no_row_that_breaks(world: World) -> None:
    await removed_beside_an_ad(world, STACKED, STACKED + AD)
    assert "strange1" in await world.removed()
