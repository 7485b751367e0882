"""Linking meets other acts at the same moment, and dies in the middle: it holds as a whole or not at all."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest

from services.rewards.domain.link import RULE
from services.rewards.handlers import linking, posting
from services.rewards.handlers.linking import link
from services.rewards.store.ledger import open_accounts
from shared.contracts.rewards import MemberLinked
from shared.engine import UnitOfWork
from tests.builders import NOON, at, posted
from tests.rewards_http import TEA, Site, opened
from tests.rewards_links import QQ, TG, active, code_for, linked, say
from tests.rewards_world import SOURCE, words
from tests.servers import ServiceDatabase

NOTHING_OPEN = "SELECT count(*) FROM account WHERE kind = 'transit' AND balance <> 0"
BROUGHT = """
    SELECT coalesce(sum(CASE kind WHEN 'leave' THEN points ELSE -points END), 0)::bigint FROM transaction
    WHERE rule = $1 AND member_id = $2 AND kind IN ('leave', 'arrive')
"""


@pytest.fixture
async def site(service_database: Callable[[str], Awaitable[ServiceDatabase]]) -> AsyncIterator[Site]:
    async with opened(await service_database("rewards")) as site:
        await site.clock(at(days=27))
        yield site


async def fits(site: Site) -> None:
    """Books fit, nothing is on the way, and what links say they brought stands in the books."""
    assert (await site.json(f"{TEA}/ledger/verify"))["differences"] == []
    assert await site.world.connection.fetchval(NOTHING_OPEN) == 0
    brought = await site.world.connection.fetchval(BROUGHT, RULE, QQ)
    known = (await site.json(f"{TEA}/links"))["items"][0]
    assert known["moved"] - known["returned"] == brought


async def test_points_given_while_the_link_is_made_are_with_the_main_account(site: Site) -> None:
    code = await code_for(site)
    body = {"member_id": QQ, "points": 1, "reason": "thanks"}
    gifts = [site.post(f"{TEA}/adjustments", body) for _ in range(20)]
    await asyncio.gather(*gifts[:10], say(site, f"绑定 {code}", 5, QQ), *gifts[10:])
    assert (await site.world.purse(QQ), await site.world.purse(TG)) == ((0, 0), (20, 0))
    await fits(site)


async def test_two_who_make_the_first_accounts_of_a_community_do_not_deadlock(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The gift finds no account at all; before it makes some, another makes the till and locks it."""
    looked, others = asyncio.Event(), asyncio.Event()
    lock, till = posting.lock_accounts, ("tea", "", "issuer")

    async def looking(*asked: Any) -> Any:
        found = await lock(*asked)
        looked.set()
        await others.wait()
        return found

    monkeypatch.setattr(posting, "lock_accounts", looking)
    body = {"member_id": QQ, "points": 3, "reason": "thanks"}
    gift = asyncio.create_task(site.post(f"{TEA}/adjustments", body))
    await looked.wait()
    async with site.pool.acquire() as connection:
        await open_accounts(connection, {till})
        async with connection.transaction():
            await lock(connection, {("tea", "")})
            others.set()
            await asyncio.sleep(0.5)
            await open_accounts(connection, {("tea", QQ, "debt"), ("tea", QQ, "wallet")})
    await gift
    assert await site.world.purse(QQ) == (3, 0)


async def test_a_gift_waits_for_a_link_that_is_being_made(site: Site) -> None:
    """The gift cannot be given before the accounts are free, and then sees the link."""
    async with site.pool.acquire() as connection, connection.transaction():
        work = UnitOfWork(connection=connection, now=NOON, source=SOURCE)
        await link(work, "tea", QQ, TG, at(), at())
        body = {"member_id": QQ, "points": 3, "reason": "thanks"}
        gift = asyncio.create_task(site.post(f"{TEA}/adjustments", body))
        await asyncio.sleep(0.5)
        assert not gift.done()
    await gift
    assert (await site.world.purse(QQ), await site.world.purse(TG)) == ((0, 0), (3, 0))
    await fits(site)


async def test_of_many_who_unlink_at_once_one_succeeds(site: Site) -> None:
    await active(site, QQ, 0, 3)
    await linked(site)
    (known,) = (await site.json(f"{TEA}/links"))["items"]
    path = f"{TEA}/links/{known['link_id']}/unlink"
    answers = await asyncio.gather(*(site.ask("POST", path, {"reason": f"r{n}"}) for n in range(8)))
    assert sorted(each.status_code for each in answers) == [200, *[404] * 7]
    assert (await site.world.purse(QQ), await site.world.purse(TG)) == ((6, 0), (0, 0))
    await fits(site)


async def test_a_link_that_dies_in_the_middle_is_none_and_its_code_still_holds(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    await active(site, QQ, 0, 3)
    code = await code_for(site, TG, 900)

    async def dies(*_: object) -> None:
        raise ConnectionResetError

    with monkeypatch.context() as broken:
        broken.setattr(linking.links, "add_moved", dies)
        with pytest.raises(ConnectionResetError):
            await say(site, f"绑定 {code}", 905, QQ)
    assert (await site.world.purse(QQ), await site.world.purse(TG)) == ((6, 0), (0, 0))
    assert (await site.json(f"{TEA}/links"))["items"] == []
    await say(site, f"绑定 {code}", 906, QQ)
    assert len(site.world.heard(MemberLinked)) == 1
    assert await site.world.purse(TG) == (6, 0)
    await fits(site)


async def test_a_message_that_is_told_again_after_the_link_is_brought_on_once(site: Site) -> None:
    before, after = posted(words(1), at(0), member=QQ), posted(words(2), at(3000), member=QQ)
    await site.world.tell(before)
    await linked(site)
    await site.world.tell(after)
    for _ in range(3):
        await site.world.tell(before, after)
    assert await site.world.purse(TG) == (4, 0)
    await fits(site)
