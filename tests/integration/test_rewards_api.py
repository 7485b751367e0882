"""Rewards over HTTP on a real database: balances, statements, months, leaderboards, the books."""

from collections.abc import AsyncIterator, Awaitable, Callable

import asyncpg
import pytest

from tests.builders import at, posted
from tests.rewards_http import TEA, Site, opened
from tests.rewards_world import checkin, removed, words
from tests.servers import ServiceDatabase

CHAT = "今天的茶很好喝"


@pytest.fixture
async def site(service_database: Callable[[str], Awaitable[ServiceDatabase]]) -> AsyncIterator[Site]:
    async with opened(await service_database("rewards")) as site:
        yield site


async def test_a_member_has_a_balance_and_a_debt(site: Site) -> None:
    first, second = posted(CHAT), posted(words(120), at(120))
    await site.world.tell(first, second)
    assert await site.json(f"{TEA}/members/ann/balance") == {
        "community_id": "tea",
        "member_id": "ann",
        "balance": 4,
        "debt": 0,
        "pending": 0,
        "held": 0,
    }
    await site.world.spend(3)
    await site.world.tell(removed(first))
    answer = await site.json(f"{TEA}/members/ann/balance")
    assert (answer["balance"], answer["debt"]) == (0, 1)


async def test_whoever_never_earned_has_nothing(site: Site) -> None:
    answer = await site.json(f"{TEA}/members/nobody/balance")
    assert (answer["balance"], answer["debt"]) == (0, 0)
    assert await site.json(f"{TEA}/members/nobody/statement") == {"items": [], "next_cursor": None}


async def test_ids_with_slashes_and_chinese_are_found(site: Site) -> None:
    await site.world.tell(posted(CHAT, member="qq/安", community="茶/馆"))
    answer = await site.json("/v1/communities/茶%2F馆/members/qq%2F安/balance")
    assert answer["balance"] == 2


async def test_a_statement_explains_every_point_newest_first(site: Site) -> None:
    message = posted(CHAT)
    await site.world.tell(message, checkin(moment=at(60)))
    await site.world.tell(removed(message, after=300))
    lines = (await site.json(f"{TEA}/members/ann/statement"))["items"]
    assert [(line["points"], line["text"]) for line in lines] == [
        (-2, "A message was removed: −2 points"),
        (5, "A check-in: +5 points"),
        (2, "A message you wrote: +2 points"),
    ]
    assert lines[0]["reverses"] == lines[2]["transaction_id"]
    assert lines[2]["cause_id"] == message.id
    chinese = (await site.json(f"{TEA}/members/ann/statement", locale="zh"))["items"]
    assert chinese[1]["text"] == "打卡：+5 积分"


async def test_a_statement_shows_what_went_to_a_debt(site: Site) -> None:
    first, second = posted(CHAT), posted(words(120), at(120))
    await site.world.tell(first, second)
    await site.world.spend(3)
    await site.world.tell_in_turn(removed(first, after=200), posted(words(300), at(300)))
    lines = (await site.json(f"{TEA}/members/ann/statement"))["items"]
    taken, repaid = (next(line for line in lines if line["debt_change"] == by) for by in (1, -1))
    assert (taken["points"], taken["wallet_change"], taken["debt_change"]) == (-2, -1, 1)
    assert (repaid["points"], repaid["wallet_change"], repaid["debt_change"]) == (2, 1, -1)


async def test_a_statement_comes_in_pages_without_gap_or_repeat(site: Site) -> None:
    await site.world.tell(*(posted(words(number), at(minutes=2 * number)) for number in range(7)))
    seen, cursor = [], None
    while True:
        page = await site.json(
            f"{TEA}/members/ann/statement", limit=3, **({"cursor": cursor} if cursor else {})
        )
        seen += [line["occurred_at"] for line in page["items"]]
        cursor = page["next_cursor"]
        if cursor is None:
            break
    assert len(seen) == len(set(seen)) == 7
    assert seen == sorted(seen, reverse=True)


async def test_an_open_month_shows_how_things_stand_and_a_closed_one_its_result(site: Site) -> None:
    await site.world.tell(posted(CHAT, mentions=("ben",)), posted(CHAT, member="ben"), checkin(member="cat"))
    open_month = await site.json(f"{TEA}/months/2024-03")
    assert (open_month["state"], open_month["closed_at"], open_month["evidence_hash"]) == ("open", None, None)
    assert open_month["closes_at"] == "2024-04-01T16:00:00Z"
    await site.world.fire(site.world.timer("2024-03"))
    await site.world.tell(posted(CHAT, at(300), member="dan"))
    closed = await site.json(f"{TEA}/months/2024-03")
    assert (closed["state"], closed["candidates"], closed["late_facts"]) == ("published", 3, 1)
    assert closed["top"] == open_month["top"]
    assert [(each["rank"], each["member_id"], each["score"]) for each in closed["top"]] == [
        (1, "cat", 5),
        (2, "ann", 3),
        (3, "ben", 1),
    ]
    assert closed["top"][1]["parts"] == [
        {"name": "messages", "score": 1, "text": "messages (at most 20 a day)"},
        {"name": "checkins", "score": 0, "text": "check-ins"},
        {"name": "talked_with", "score": 2, "text": "people talked with"},
    ]
    assert len(closed["evidence_hash"]) == 64


async def test_an_unknown_month_is_not_found_in_the_callers_language(site: Site) -> None:
    response = await site.client.get(f"{TEA}/months/2024-03", headers={"accept-language": "zh-CN"})
    assert response.status_code == 404
    assert response.json()["type"] == "urn:hearth:problem:month-unknown"
    assert response.json()["detail"] == "该社群没有这个月的记录。"


@pytest.mark.parametrize("month", ["2024-13", "2024-3", "0000-01", "march", "2024-03-01"])
async def test_what_is_no_month_is_refused(site: Site, month: str) -> None:
    assert (await site.client.get(f"{TEA}/months/{month}")).status_code == 422
    assert (await site.client.get(f"{TEA}/leaderboard", params={"month": month})).status_code == 422


async def test_a_leaderboard_has_all_members_in_pages_and_is_of_the_newest_month_by_default(
    site: Site,
) -> None:
    await site.world.tell(posted(CHAT, at(days=-40), member="old"))
    for number in range(5):
        await site.world.tell(*(posted(CHAT, at(each), member=f"m{number}") for each in range(number + 1)))
    first = await site.json(f"{TEA}/leaderboard", limit=3)
    second = await site.json(f"{TEA}/leaderboard", limit=3, cursor=first["next_cursor"])
    assert [each["member_id"] for each in first["items"] + second["items"]] == ["m4", "m3", "m2", "m1", "m0"]
    assert second["next_cursor"] is None
    january = await site.json(f"{TEA}/leaderboard", month="2024-01")
    assert [each["member_id"] for each in january["items"]] == ["old"]


async def test_the_check_of_the_books_finds_a_balance_that_somebody_changed(site: Site) -> None:
    message = posted(CHAT)
    await site.world.tell(message, posted(CHAT, member="ben"), checkin())
    await site.world.tell(removed(message))
    answer = await site.json(f"{TEA}/ledger/check")
    assert answer == {
        "community_id": "tea",
        "consistent": True,
        "accounts": 5,
        "entries": 8,
        "entries_sum": 0,
        "wrong_balances": 0,
        "unpaid_debts": 0,
        "outstanding": 7,
    }
    owner = await asyncpg.connect(site.database.owner_url)
    await owner.execute("UPDATE account SET balance = 9 WHERE kind = 'wallet' AND member_id = 'ann'")
    await owner.close()
    answer = await site.json(f"{TEA}/ledger/check")
    assert (answer["consistent"], answer["wrong_balances"]) == (False, 1)


async def test_without_the_token_nothing_is_told(site: Site) -> None:
    for path in (
        "members/ann/balance",
        "members/ann/statement",
        "months/2024-03",
        "leaderboard",
        "ledger/check",
    ):
        response = await site.client.get(f"{TEA}/{path}", headers={"authorization": "Bearer wrong"})
        assert response.status_code == 401
