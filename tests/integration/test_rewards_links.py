"""One person's accounts are linked by a code typed in both chats, and unlinked; points follow."""

import re
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest

from services.rewards.domain.link import CODE_VALID, TRIES_MAX, link_asked
from shared.contracts.commands import SendMessage
from shared.contracts.profiles import Channel, CommunityProfile
from shared.contracts.rewards import MemberLinked
from tests.builders import at, posted, profile
from tests.rewards_http import Site, opened
from tests.rewards_links import QQ, TG, active, code_for, linked, say
from tests.rewards_world import removed, words
from tests.servers import ServiceDatabase


@pytest.fixture
async def site(service_database: Callable[[str], Awaitable[ServiceDatabase]]) -> AsyncIterator[Site]:
    async with opened(await service_database("rewards")) as site:
        await site.clock(at(days=27))
        yield site


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("绑定", ""),
        ("綁定 ", ""),
        ("Link", ""),
        ("/link", ""),
        ("绑定123456", "123456"),
        ("link １２３４５６", "123456"),
    ],
)
def test_a_code_is_asked_for_and_typed(text: str, code: str) -> None:
    assert link_asked(text) == code


@pytest.mark.parametrize(
    "text", ["绑定怎么用", "linked", "link https://x.example", "绑定 12345", "link 1234567", "123456"]
)
def test_talk_about_links_is_no_question(text: str) -> None:
    assert link_asked(text) is None


async def test_a_code_typed_in_the_other_chat_brings_the_points_together(site: Site) -> None:
    await active(site, QQ, 0, 3)
    await active(site, TG, 3, 4)
    await linked(site)
    assert (await site.world.purse(QQ), await site.world.purse(TG)) == ((0, 0), (8, 0))
    (fact,) = site.world.heard(MemberLinked)
    assert (fact.member_id, fact.linked_member_id, fact.points) == (TG, QQ, 6)
    assert await site.world.books_are_right()


async def test_what_either_account_earns_and_loses_later_is_the_main_ones(site: Site) -> None:
    before = posted(words(1), at(0), member=QQ, message="before")
    await site.world.tell(before)
    await linked(site)
    after = posted(words(2), at(2000), member=QQ, message="after")
    await site.world.tell(after)
    assert (await site.world.purse(QQ), await site.world.purse(TG)) == ((0, 0), (4, 0))
    await site.world.tell(removed(before), removed(after))
    assert (await site.world.purse(QQ), await site.world.purse(TG)) == ((0, 0), (0, 0))
    assert await site.world.books_are_right()


async def test_what_is_taken_back_of_a_linked_account_and_spent_is_the_main_ones_debt(site: Site) -> None:
    message = posted(words(1), at(0), member=QQ)
    await site.world.tell(message)
    await linked(site)
    await site.world.spend(2, TG)
    await site.world.tell(removed(message))
    assert (await site.world.purse(QQ), await site.world.purse(TG)) == ((0, 0), (0, -2))


async def test_a_debt_is_taken_over_and_paid_from_the_main_wallet(site: Site) -> None:
    message = posted(words(1), at(0), member=QQ)
    await site.world.tell(message)
    await site.world.spend(2, QQ)
    await site.world.tell(removed(message))
    await active(site, TG, 3, 6)
    assert await site.world.purse(QQ) == (0, -2)
    await linked(site)
    assert (await site.world.purse(QQ), await site.world.purse(TG)) == ((0, 0), (4, 0))
    assert site.world.heard(MemberLinked)[0].points == -2


async def test_a_code_is_told_to_nobody_else(site: Site) -> None:
    def here(*can: str) -> CommunityProfile:
        return profile(channels=(Channel(channel_id="hall", capabilities=can),))

    await code_for(site, about=here("send", "direct"))
    (private,) = site.world.heard(SendMessage)
    assert (private.channel_id, private.member_id) == (None, TG)
    ((_, text),) = await say(site, "绑定", 100, QQ, about=here("send"))
    assert re.search(r"\d", text) is None


async def test_a_code_is_good_for_minutes_and_once_and_here(site: Site) -> None:
    code = await code_for(site)
    await say(site, f"绑定 {code}", 5, QQ, community="coffee")
    assert site.world.heard(MemberLinked) == []
    ((_, late),) = await say(site, f"绑定 {code}", CODE_VALID.total_seconds(), QQ)
    assert "过期" in late
    code = await code_for(site, TG, 1000)
    await say(site, f"绑定 {code}", 1005, QQ)
    ((_, again),) = await say(site, f"绑定 {code}", 1010, "qq:2")
    assert "无效" in again
    assert len(site.world.heard(MemberLinked)) == 1


async def test_a_code_typed_in_time_makes_a_link_however_late_it_is_read(site: Site) -> None:
    code = await code_for(site)
    assert await say(site, f"绑定 {code}", 300, QQ, now=at(days=2)) == []
    assert len(site.world.heard(MemberLinked)) == 1


async def test_of_two_who_type_a_code_at_once_the_first_is_linked(site: Site) -> None:
    code = await code_for(site)
    typed = [posted(f"绑定 {code}", at(9), member=member) for member in (QQ, "qq:2")]
    await site.world.tell(*typed)
    (fact,) = site.world.heard(MemberLinked)
    assert fact.linked_member_id == QQ


async def test_a_code_that_still_holds_is_told_again(site: Site) -> None:
    code = await code_for(site)
    assert await code_for(site, TG, 60) == code
    assert await code_for(site, TG, CODE_VALID.total_seconds()) != code
    assert await code_for(site, QQ, 60) != code


async def test_codes_are_guessed_by_nobody(site: Site) -> None:
    code = await code_for(site)
    wrong = [f"{(int(code) + n) % 10**6:06}" for n in range(1, TRIES_MAX + 1)]
    for number, guess in enumerate(wrong):
        ((_, text),) = await say(site, f"绑定 {guess}", 10 + number, QQ)
        assert "无效" in text
    ((_, text),) = await say(site, f"绑定 {code}", 60, QQ)
    assert "一小时" in text
    assert site.world.heard(MemberLinked) == []
    code = await code_for(site, TG, 3700)
    await say(site, f"绑定 {code}", 3705, QQ)
    assert len(site.world.heard(MemberLinked)) == 1


async def test_many_who_guess_together_are_stopped_together(site: Site) -> None:
    code = await code_for(site)
    for number in range(50):
        await say(site, f"绑定 {(int(code) + 1 + number) % 10**6:06}", 1 + number, f"qq:{number}")
    ((_, text),) = await say(site, f"绑定 {code}", 60, QQ)
    assert "一小时" in text


async def test_a_wrong_code_that_is_told_again_counts_once(site: Site) -> None:
    code = await code_for(site)
    guess = posted(f"绑定 {(int(code) + 1) % 10**6:06}", at(3), member=QQ)
    for _ in range(TRIES_MAX + 1):
        await site.world.tell(guess)
    await say(site, f"绑定 {code}", 60, QQ)
    assert len(site.world.heard(MemberLinked)) == 1


async def test_a_link_that_is_told_again_changes_nothing(site: Site) -> None:
    await active(site, QQ, 0, 3)
    ask = posted("绑定", at(900), member=TG)
    await site.world.tell(ask)
    code = re.findall(r"绑定 (\d{6})", site.world.heard(SendMessage)[-1].text)[0]
    typed = posted(f"绑定 {code}", at(905), member=QQ)
    await site.world.tell(typed)
    before = await site.world.connection.fetch("SELECT * FROM entry ORDER BY 1, 2")
    await site.world.tell(ask, typed)
    assert await site.world.connection.fetch("SELECT * FROM entry ORDER BY 1, 2") == before
    assert len(site.world.heard(MemberLinked)) == 1


async def test_links_make_no_chains(site: Site) -> None:
    await linked(site)
    code = await code_for(site, "slack:1", 2000)
    for seconds, member in ((2001, QQ), (2002, TG)):
        await say(site, f"绑定 {code}", seconds, member)
    ((_, text),) = await say(site, "绑定", 2003, QQ)
    assert "已经绑定" in text
    assert len(site.world.heard(MemberLinked)) == 1
    code = await code_for(site, TG, 2004)
    await say(site, f"绑定 {code}", 2005, "slack:1")
    assert len(site.world.heard(MemberLinked)) == 2


async def test_ones_own_code_links_nothing(site: Site) -> None:
    code = await code_for(site)
    ((_, text),) = await say(site, f"绑定 {code}", 5, TG)
    assert "另一个群" in text
