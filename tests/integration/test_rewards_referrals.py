"""Invitations pay when the invitee has stayed and talked, and not for oneself or in a ring."""

from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import datetime, timedelta
from typing import Any

import pytest

from services.rewards.domain.invite_code import invite_code
from services.rewards.handlers.count_referrals import REFERRAL_DUE
from shared.contracts.chat import MemberJoined, MemberLeft
from shared.engine import Event
from tests.builders import NOON, at, event, posted
from tests.rewards_http import TEA, Site, opened
from tests.rewards_world import removed, words
from tests.servers import ServiceDatabase


@pytest.fixture
async def site(service_database: Callable[[str], Awaitable[ServiceDatabase]]) -> AsyncIterator[Site]:
    async with opened(await service_database("rewards")) as site:
        await site.clock(at(days=30))
        yield site


def joined(member: str = "ben", by: str | None = "ann", moment: datetime = NOON, **more: Any) -> Event[Any]:
    return event(MemberJoined(community_id="tea", member_id=member, invited_by=by, **more), moment)


def left(member: str = "ben", moment: datetime = NOON) -> Event[Any]:
    return event(MemberLeft(community_id="tea", member_id=member), moment)


def talk(messages: int = 3, member: str = "ben") -> list[Event[Any]]:
    return [posted(words(number), at(minutes=9 * number + 1), member=member) for number in range(messages)]


async def due(site: Site, member: str = "ben", **more: float) -> None:
    """The referral is looked at."""
    timer = site.world.timers["tea", REFERRAL_DUE, member]
    await site.world.fire(timer, now=timer.due_at + timedelta(**more))


async def state(site: Site, member: str = "ben") -> tuple[str, str, int]:
    found = (await site.json(f"{TEA}/referrals"))["items"]
    (row,) = [each for each in found if each["invitee_id"] == member]
    return row["state"], row["flag"], row["points"]


async def test_an_invitee_who_stays_a_week_and_writes_three_messages_pays_the_inviter(site: Site) -> None:
    await site.world.tell(joined(), *talk())
    assert site.world.timers["tea", REFERRAL_DUE, "ben"].due_at == at(days=7)
    await due(site)
    await due(site)
    assert await site.world.purse() == (20, 0)
    assert await state(site) == ("paid", "", 20)
    assert await site.json(f"{TEA}/referrals/inviters") == [
        {"inviter_id": "ann", "invited": 1, "paid": 1, "points": 20}
    ]
    assert (await site.json(f"{TEA}/ledger/verify"))["consistent"] is True


async def test_a_personal_code_names_the_inviter(site: Site) -> None:
    await site.post(f"{TEA}/members/ann/invite-code")
    code = invite_code("tea", "ann")
    await site.world.tell(joined(by=None, invite_code=code.lower()), *talk())
    await site.world.tell(joined("cat", by=None, invite_code="NOBODYS"))
    await due(site)
    assert await site.world.purse() == (20, 0)
    assert [each["invitee_id"] for each in (await site.json(f"{TEA}/referrals"))["items"]] == ["ben"]


async def test_who_has_not_written_enough_is_looked_at_again_and_lapses_after_a_month(site: Site) -> None:
    first = talk(3)
    await site.world.tell(joined(), *first)
    await site.world.tell(removed(first[0]))
    await due(site)
    assert (await state(site))[0] == "waiting"
    assert site.world.timers["tea", REFERRAL_DUE, "ben"].due_at == at(days=8)
    await due(site, days=22)
    assert (await state(site))[0] == "lapsed"
    assert await site.world.purse() == (0, 0)


async def test_who_leaves_before_the_week_is_over_pays_nothing(site: Site) -> None:
    await site.world.tell(joined(), *talk(), left(moment=at(days=6)))
    await due(site)
    assert (await state(site), await site.world.purse()) == (("left", "", 0), (0, 0))


async def test_an_invitee_who_leaves_within_seven_days_of_the_payment_takes_it_along(site: Site) -> None:
    await site.world.tell(joined(), joined("cat"), *talk(), *talk(member="cat"))
    await due(site)
    await due(site, "cat")
    assert await site.world.purse() == (40, 0)
    await site.world.tell(left(moment=at(days=14)), left("cat", moment=at(days=14, seconds=1)))
    assert await site.world.purse() == (20, 0)
    assert ((await state(site))[0], (await state(site, "cat"))[0]) == ("left", "paid")


async def test_who_comes_again_is_no_second_referral(site: Site) -> None:
    await site.world.tell(joined(), *talk())
    await due(site)
    await site.world.tell(left(moment=at(days=20)), joined(by="dan", moment=at(days=21)))
    assert await state(site) == ("paid", "", 20)
    assert await site.world.purse("dan") == (0, 0)


async def test_self_referrals_and_rings_are_flagged_and_a_person_decides(site: Site) -> None:
    await site.world.tell(joined("ann", by="ann"), joined("ben", by="cat"), joined("cat", by="ben"))
    assert await state(site, "ann") == ("flagged", "self", 0)
    assert await state(site, "cat") == ("flagged", "ring", 0)
    assert ("tea", REFERRAL_DUE, "cat") not in site.world.timers
    path = f"{TEA}/referrals/cat/decision"
    await site.post(path, {"counts": False, "reason": "one person"})
    assert (await state(site, "cat"))[0] == "refused"
    assert await site.refused(path, {"counts": True, "reason": "x"}) == (409, "referral-not-flagged")


async def test_bots_and_who_came_by_themselves_are_no_referrals(site: Site) -> None:
    await site.world.tell(joined(is_bot=True), joined("cat", by=None))
    assert (await site.json(f"{TEA}/referrals"))["items"] == []
