"""What members ask in the chat is answered shortly and now and then; winners choose there, too."""

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest

from services.rewards.domain.asking import asked
from services.rewards.domain.invite_code import invite_code
from shared.contracts.commands import SendMessage
from shared.contracts.profiles import Channel, CommunityProfile
from tests.builders import at, posted, profile
from tests.rewards_gifts import AWARD, active_month, close, gift, rich, stock
from tests.rewards_http import TEA, Site, opened
from tests.rewards_world import checkin, words
from tests.servers import ServiceDatabase


@pytest.fixture
async def site(service_database: Callable[[str], Awaitable[ServiceDatabase]]) -> AsyncIterator[Site]:
    async with opened(await service_database("rewards")) as site:
        await site.clock(at(days=27))
        yield site


async def say(site: Site, text: str, seconds: float = 0, member: str = "ann", **more: Any) -> list[str]:
    """What is answered to a message."""
    site.world.forget(SendMessage)
    message = more.pop("message", None)
    await site.world.tell(posted(text, at(seconds, days=20), member=member, message=message, **more))
    return [command.text for command in site.world.heard(SendMessage)]


@pytest.mark.parametrize("word", ["积分", "我的积分", " 積分 ", "points", "/points", "Points", "／积分"])
async def test_points_are_told_to_who_asks(site: Site, word: str) -> None:
    await rich(site)
    assert await say(site, word) == ["你有 20 积分。"]
    english = profile(locale="en")
    assert await say(site, word, 60, about=english) == ["You have 20 points."]


@pytest.mark.parametrize(
    "text", ["积分怎么算", "积分 规则", "pointless", "兑换码是多少", "排行第一", "gifts for all", "礼品真好"]
)
def test_talk_about_points_is_no_question(text: str) -> None:
    assert asked(text) is None


async def test_an_answer_goes_to_the_member_alone_where_the_channel_can(site: Site) -> None:
    def here(*can: str) -> CommunityProfile:
        return profile(channels=(Channel(channel_id="hall", capabilities=can),))

    await say(site, "积分", about=here("send", "direct"))
    (private,) = site.world.heard(SendMessage)
    assert (private.channel_id, private.member_id) == (None, "ann")
    await say(site, "积分", 60, about=here("send"))
    (public,) = site.world.heard(SendMessage)
    assert (public.channel_id, public.member_id) == ("hall", "ann")


async def test_who_asks_again_within_ten_seconds_is_not_answered(site: Site) -> None:
    assert len(await say(site, "积分")) == 1
    assert await say(site, "排行", 9) == []
    assert len(await say(site, "积分", 9, member="ben")) == 1
    assert len(await say(site, "积分", 10)) == 1


async def test_what_is_stale_or_from_a_bot_is_not_answered(site: Site) -> None:
    assert await say(site, "积分", now=at(days=21)) == []
    assert await say(site, "积分", is_bot=True) == []


async def test_rankings_of_day_week_month_and_all_time_say_when_they_reset(site: Site) -> None:
    await site.world.tell(
        posted(words(1), at(days=-1), member="dan"),
        checkin("2024-03-24", member="cat", moment=at(days=19)),
        posted(words(2), at(days=20, seconds=-100), member="ben"),
        checkin("2024-02-25", member="eve", moment=at(days=-9)),
    )
    assert (await say(site, "排行 日", 0))[0].splitlines() == [
        "今日活跃榜：",
        "1. ben：1",
        "2024-03-26 重新开始。",
    ]
    week = (await say(site, "排行 周", 20))[0].splitlines()
    assert week == ["本周活跃榜：", "1. ben：1", "2024-04-01 重新开始。"]
    month = (await say(site, "排行榜", 40))[0].splitlines()
    assert month == ["本月活跃榜：", "1. cat：5", "2. dan：1", "3. ben：1", "2024-04-01 重新开始。"]
    everything = (await say(site, "排行 总", 60))[0].splitlines()
    assert everything == ["累计积分榜：", "1. cat：5", "2. eve：5", "3. ben：2", "4. dan：2"]


async def test_gifts_are_listed_and_redeemed_by_number_or_name(site: Site) -> None:
    await gift(site, "mug", for_points=True, cost=12)
    await gift(site, "sticker", for_points=True, cost=3, by_webhook=True)
    await rich(site)
    listed = (await say(site, "礼品"))[0].splitlines()
    assert listed[1:3] == ["1. Sticker：3 积分（剩 3 份）", "2. Mug：12 积分（剩 3 份）"]
    about = profile(operators_channel_id="ops")
    answers = await say(site, "兑换 2", 20, about=about)
    assert answers == ["ann 申请兑换 Mug，请确认或取消。", "已为你预留：Mug（12 积分），等待管理员确认。"]
    assert await say(site, "兑换 sticker", 40) == ["兑换成功：Sticker，花费 3 积分，礼品安排中。"]
    assert (await stock(site, "mug"), await stock(site, "sticker")) == ((3, 1), (2, 0))
    states = [each["state"] for each in (await site.json(f"{TEA}/redemptions"))["items"]]
    assert sorted(states) == ["confirmed", "reserved"]


async def test_a_redemption_that_cannot_be_is_refused_and_its_neighbours_go_on(site: Site) -> None:
    await gift(site, "mug", for_points=True, cost=12)
    await rich(site)
    await rich(site, "ben")
    site.world.forget(SendMessage)
    await site.world.tell(
        posted("兑换 1", at(days=20), member="cat"), posted("兑换1", at(days=20), member="ben"),
        posted("兑换 9", at(days=20), member="ann"),
    )  # fmt: skip
    assert [command.text for command in site.world.heard(SendMessage)] == [
        "积分不足：现有 0，需要 12。",
        "已为你预留：Mug（12 积分），等待管理员确认。",
        "没有这个礼品。",
    ]
    assert await stock(site, "mug") == (3, 1)
    assert (await site.json(f"{TEA}/ledger/verify"))["consistent"] is True


async def test_the_same_wish_told_again_redeems_once(site: Site) -> None:
    await gift(site, "mug", for_points=True, cost=5)
    await rich(site)
    for _ in range(2):
        await say(site, "兑换 1", 20, message="w1")
        await site.world.connection.execute("DELETE FROM answered")
    assert await stock(site, "mug") == (3, 1)


async def test_an_invitation_code_is_a_members_own(site: Site) -> None:
    code = invite_code("tea", "ann")
    assert code in (await say(site, "邀请码"))[0]
    assert code != invite_code("tea", "ben")
    assert await site.post(f"{TEA}/members/ann/invite-code") == {"code": code}


async def test_winners_choose_by_number_or_name_in_the_chat(site: Site) -> None:
    await gift(site, "book", for_award=True, cost=9, stock=1)
    await gift(site, "mug", for_award=True, cost=5)
    await active_month(site, "ann", "ben", "cat")
    await close(site)
    site.world.forget(SendMessage)
    moment = at(days=29)
    await site.world.tell(
        posted("2", moment, member="ben"), posted("谢谢大家，好开心呀", moment, member="ann"),
        posted("7", moment, member="ann"), posted("１", at(9, days=29), member="ann"),
        posted("mug", at(12, days=29), member="ben"), posted("2", at(15, days=29), member="dan"),
    )  # fmt: skip
    chosen = {each["member_id"]: (each["state"], each["gift_id"]) for each in await site.json(AWARD)}
    assert chosen == {"ann": ("chosen", "book"), "ben": ("chosen", "mug"), "cat": ("choosing", None)}
    answers = [each.text for each in site.world.heard(SendMessage)]
    assert sum("已为你登记" in text for text in answers) == 2


async def test_a_choice_after_the_deadline_is_told_so(site: Site) -> None:
    await gift(site, "book", for_award=True)
    await active_month(site, "ann")
    await close(site)
    site.world.forget(SendMessage)
    await site.world.tell(posted("1", at(days=60), member="ann"))
    assert [each.text for each in site.world.heard(SendMessage)] == ["选择时间已过。"]
    assert await stock(site, "book") == (3, 1)
