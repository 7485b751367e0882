"""Linked accounts are one person: one candidate of the month, one cap, one check-in a day, one wallet."""

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest

from services.rewards.handlers.opening import FARMING_LOOK
from shared.contracts.chat import MemberForgotten, MemberLeft, ReactionAdded
from shared.contracts.moderation import SanctionApplied
from shared.contracts.rewards import MemberUnlinked, PointsAwarded
from shared.engine import Timer
from tests.builders import at, event, posted
from tests.rewards_gifts import close, gift
from tests.rewards_http import OLIVIA, TEA, Site, opened
from tests.rewards_links import QQ, TG, active, code_for, linked, say
from tests.rewards_world import checkin, removed, revoked, words
from tests.servers import ServiceDatabase


@pytest.fixture
async def site(service_database: Callable[[str], Awaitable[ServiceDatabase]]) -> AsyncIterator[Site]:
    async with opened(await service_database("rewards")) as site:
        await site.clock(at(days=27))
        yield site


async def the_link(site: Site) -> Any:
    """The newest link as operators see it."""
    return (await site.json(f"{TEA}/links"))["items"][0]


async def undone(site: Site, **more: Any) -> int:
    """The newest link is undone; the points that went back."""
    link = (await the_link(site))["link_id"]
    return int((await site.post(f"{TEA}/links/{link}/unlink", {"reason": "not the same"}, **more))["points"])


async def fits(site: Site) -> None:
    """Books and evidence, recomputed, are as they stand."""
    assert (await site.json(f"{TEA}/ledger/verify"))["differences"] == []
    assert await site.world.books_are_right()


async def test_unlinking_gives_back_what_was_brought_and_tells_both_and_the_log(site: Site) -> None:
    await active(site, QQ, 0, 3)
    await active(site, TG, 3, 5)
    await linked(site)
    await site.world.tell(posted(words(9), at(3000), member=QQ))
    assert (await the_link(site))["moved"] == 8
    assert await undone(site) == 8
    assert (await site.world.purse(QQ), await site.world.purse(TG)) == ((8, 0), (4, 0))
    known = await the_link(site)
    assert (known["unlinked_by"], known["reason"], known["returned"]) == (
        OLIVIA,
        "not the same",
        8,
    )
    (act,) = (await site.json(f"{TEA}/acts"))["items"]
    assert (act["act"], act["subject"], act["reason"]) == ("unlink", QQ, "not the same")
    rows = await site.world.connection.fetch("SELECT headers, payload FROM outbox ORDER BY lane, seq")
    told = [MemberUnlinked.model_validate_json(row[1]) for row in rows if "member.unlinked" in row[0]]
    assert [(fact.linked_member_id, fact.points) for fact in told] == [(QQ, 8)]
    assert sum("send_message" in row[0] for row in rows) == 2
    await site.world.tell(posted(words(10), at(4000), member=QQ))
    assert (await site.world.purse(QQ), await site.world.purse(TG)) == ((10, 0), (4, 0))
    await fits(site)


async def test_what_is_spent_does_not_come_back(site: Site) -> None:
    await active(site, QQ, 0, 4)
    await linked(site)
    await site.world.spend(5, TG)
    assert await undone(site) == 3
    assert (await site.world.purse(QQ), await site.world.purse(TG)) == ((3, 0), (0, 0))


async def test_a_debt_that_was_taken_over_goes_back(site: Site) -> None:
    message = posted(words(1), at(0), member=QQ)
    await site.world.tell(message)
    await site.world.spend(2, QQ)
    await site.world.tell(removed(message))
    await active(site, TG, 3, 6)
    await linked(site)
    assert await undone(site) == -2
    assert (await site.world.purse(QQ), await site.world.purse(TG)) == ((0, -2), (6, 0))


async def test_a_link_is_undone_once_and_only_in_its_community(site: Site) -> None:
    await active(site, QQ, 0, 3)
    await linked(site)
    link = (await the_link(site))["link_id"]
    path, body = f"{TEA}/links/{link}/unlink", {"reason": "x"}
    assert await site.refused(path.replace("/tea/", "/mokka/"), body) == (404, "link-unknown")
    assert await site.refused(path, {"reason": " "}) == (422, "fields-invalid")
    answers = [await site.post(path, body, key="k") for _ in range(3)]
    assert answers == [{"link_id": link, "points": 6}] * 3
    assert await site.refused(path, body) == (404, "link-unknown")
    assert await site.world.purse(QQ) == (6, 0)


async def test_links_are_listed_by_either_account(site: Site) -> None:
    await linked(site)
    for member, count in ((QQ, 1), (TG, 1), ("ann", 0)):
        assert len((await site.json(f"{TEA}/links", member_id=member))["items"]) == count


async def test_an_account_may_be_linked_again(site: Site) -> None:
    await active(site, QQ, 0, 3)
    await linked(site)
    await undone(site)
    await linked(site, 5000)
    assert await site.world.purse(TG) == (6, 0)
    known = (await site.json(f"{TEA}/links"))["items"]
    assert [each["unlinked_at"] is None for each in known] == [True, False]


async def test_linked_accounts_are_one_candidate_whenever_in_the_month_they_were_linked(site: Site) -> None:
    await active(site, QQ, 0, 3)
    await active(site, TG, 3, 5)
    await site.world.tell(
        posted(words(50), at(500), member="ann", mentions=(QQ, TG)),
        posted(words(51), at(600), member=QQ, mentions=(TG, "ann")),
        posted(words(52), at(700), member=TG, mentions=("ann",)),
        checkin(member=QQ), checkin(member=TG), checkin("2024-03-06", member=TG),
    )  # fmt: skip
    await linked(site, 86400 * 15)
    await close(site)
    ann, person = sorted(await site.world.winners("2024-03"), key=lambda each: each[1])
    assert (ann[1], ann[3]["talked_with"]) == ("ann", 2)
    assert (person[1], person[3]) == (TG, {"messages": 7, "checkins": 10, "talked_with": 2})
    await fits(site)
    await undone(site)
    await fits(site)


async def test_a_day_of_a_person_counts_twenty_messages_and_pays_as_many(site: Site) -> None:
    await linked(site)
    for number in range(30):
        member = (QQ, TG)[number % 2]
        await site.world.tell(posted(words(number), at(2000 + number * 70), member=member))
    assert await site.world.purse(TG) == (40, 0)
    await close(site)
    (person,) = await site.world.winners("2024-03")
    assert person[3]["messages"] == 20


async def test_a_message_soon_after_one_from_the_other_account_is_not_paid(site: Site) -> None:
    await linked(site)
    await site.world.tell(posted(words(1), at(2000), member=QQ), posted(words(2), at(2030), member=TG))
    assert await site.world.purse(TG) == (2, 0)


@pytest.mark.parametrize("size", [1, 2, 5])
async def test_what_was_written_before_the_code_was_typed_is_not_held_against_the_other(
    site: Site, size: int
) -> None:
    code = await code_for(site)
    told = [
        posted(words(1), at(100), member=TG), posted(words(2), at(110), member=QQ),
        posted(f"绑定 {code}", at(120), member=QQ),
        posted(words(3), at(200), member=TG), posted(words(4), at(210), member=QQ),
    ]  # fmt: skip
    for first in range(0, len(told), size):
        await site.world.tell(*told[first : first + size])
    assert (await site.world.purse(QQ), await site.world.purse(TG)) == ((0, 0), (6, 0))


async def test_a_person_is_paid_for_one_check_in_a_day(site: Site) -> None:
    await linked(site, 0)
    first, second = checkin(member=QQ, moment=at(100)), checkin(member=TG, moment=at(200))
    await site.world.tell(first, second, checkin(member=TG, campaign="reading", moment=at(300)))
    assert await site.world.purse(TG) == (10, 0)
    await site.world.tell(revoked(second))
    assert await site.world.purse(TG) == (10, 0)
    await site.world.tell(revoked(first))
    assert await site.world.purse(TG) == (5, 0)


async def test_nobody_is_paid_for_a_reaction_from_another_account_of_their_own(site: Site) -> None:
    await linked(site)
    message = posted(words(1), at(2000), member=QQ, message="m")
    about = {
        "community_id": "tea",
        "channel_id": "hall",
        "message_id": "m",
        "reaction": "👍",
        "author_id": QQ,
    }
    await site.world.tell(
        message, *(event(ReactionAdded(member_id=who, **about), at(2010)) for who in (TG, "ann"))
    )
    assert await site.world.purse(TG) == (3, 0)


async def test_who_is_sanctioned_under_any_account_is_no_candidate(
    site: Site,
) -> None:
    await active(site, QQ, 0, 3)
    await active(site, TG, 3, 5)
    await linked(site)
    await site.world.tell(event(MemberLeft(community_id="tea", member_id=TG), at(days=2)))
    board = await site.json(f"{TEA}/leaderboard", month="2024-03")
    assert [each["member_id"] for each in board["items"]] == [TG]
    mute = SanctionApplied(community_id="tea", sanction_id="s", member_id=QQ, kind="mute", rule="ads")
    await site.world.tell(event(mute, at(days=3)))
    await close(site)
    assert (await site.json(f"{TEA}/months/2024-03"))["excluded"] == {TG: "sanctioned"}


async def test_who_left_one_platform_is_still_a_candidate(site: Site) -> None:
    await active(site, QQ, 0, 3)
    await linked(site)
    await site.world.tell(event(MemberLeft(community_id="tea", member_id=TG), at(days=2)))
    await close(site)
    assert [each[1] for each in await site.world.winners("2024-03")] == [TG]


async def test_either_account_is_told_of_and_spends_the_same_points(site: Site) -> None:
    await gift(site, "mug", for_points=True, cost=4, by_webhook=True)
    await active(site, QQ, 0, 3)
    await linked(site)
    for seconds, member in ((2000, QQ), (2001, TG)):
        assert await say(site, "积分", seconds, member) == [(member, "你有 6 积分。")]
    ((who, text),) = await say(site, "兑换 1", 3000, QQ)
    assert (who, text[:4]) == (QQ, "兑换成功")
    assert await site.world.purse(TG) == (2, 0)
    ranking = await say(site, "排行 总", 4000, QQ)
    assert ranking[0][1].splitlines()[1:] == [f"1. {TG}：6"]


async def test_farmed_points_of_a_linked_account_are_set_aside_from_the_main_wallet(
    site: Site,
) -> None:
    await linked(site, -500)
    for number in range(40):
        day, place = divmod(number, 10)
        await site.world.tell(posted(words(number), at(days=day, seconds=place * 120), member=QQ))
    before = await site.world.purse(TG)
    await site.world.fire(Timer("tea", FARMING_LOOK, at(days=6), "2024-03"))
    (review,) = (await site.json(f"{TEA}/reviews"))["items"]
    assert (review["member_id"], review["points"]) == (TG, before[0])


async def test_who_is_under_review_is_linked_to_nobody(site: Site) -> None:
    await site.world.connection.execute(
        "INSERT INTO review (review_id, community_id, member_id, state, signals, points, opened_at)"
        " VALUES (gen_random_uuid(), 'tea', $1, 'held', '{}', 0, now())", QQ,
    )  # fmt: skip
    code = await code_for(site)
    ((_, text),) = await say(site, f"绑定 {code}", 5, QQ)
    assert "核对" in text
    assert (await site.json(f"{TEA}/links"))["items"] == []


@pytest.mark.parametrize(("who", "left"), [(TG, {QQ: 6}), (QQ, {TG: 10})])
async def test_of_a_forgotten_account_the_other_keeps_its_own_and_neither_is_named_with_it(
    site: Site, who: str, left: dict[str, int]
) -> None:
    await active(site, QQ, 0, 3)
    await active(site, TG, 3, 5)
    await code_for(site, who, 600)
    await say(site, "绑定 000000", 700, who)
    await linked(site)
    await close(site)
    data = MemberForgotten(
        community_id="tea", member_id=who, request_id="r", requested_by="olive", reason="x"
    )
    await site.world.tell(event(data, at(days=40)))
    for member, points in left.items():
        assert await site.world.purse(member) == (points, 0)
    for table in ("link", "link_code", "link_try", "month_result", "transaction", "act"):
        query = f"SELECT count(*) FROM {table} t WHERE position($1 IN t::text) > 0"
        assert (table, await site.world.connection.fetchval(query, who)) == (table, 0)
    await fits(site)


async def test_points_that_an_operator_gives_a_linked_account_are_the_main_ones(site: Site) -> None:
    await linked(site)
    await site.post(f"{TEA}/adjustments", {"member_id": QQ, "points": 7, "reason": "thanks"})
    assert (await site.world.purse(QQ), await site.world.purse(TG)) == ((0, 0), (7, 0))


async def test_levels_go_by_what_each_account_earned_itself(
    site: Site,
) -> None:
    await active(site, QQ, 0, 15)
    await active(site, TG, 15, 30)
    await linked(site, 5000)
    levels = {who: (await site.json(f"{TEA}/members/{who}/level"))["earned"] for who in (QQ, TG)}
    assert levels == {QQ: 30, TG: 30}
    assert sum(fact.points for fact in site.world.heard(PointsAwarded)) == 60
    assert await site.world.purse(TG) == (60, 0)
