"""A member who is forgotten is named nowhere any more, and the books still fit."""

from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime, timedelta

import asyncpg
import pytest

from services.rewards.handlers.seal_books import seal_books
from shared.contracts.chat import MemberJoined, ReactionAdded
from shared.contracts.moderation import SanctionApplied
from tests.builders import at, event, posted
from tests.laws.tables import business_tables
from tests.rewards_gifts import AWARD, close, gift
from tests.rewards_http import TEA, Site, opened
from tests.rewards_world import checkin, words
from tests.servers import ServiceDatabase

WHO = "zoë-the-member"


@pytest.fixture
async def site(service_database: Callable[[str], Awaitable[ServiceDatabase]]) -> AsyncIterator[Site]:
    async with opened(await service_database("rewards")) as site:
        await site.clock(at(days=29))
        yield site


async def named_in(site: Site) -> set[str]:
    """The tables in which the member stands anywhere."""
    connection = site.world.connection
    found = set()
    for table in await business_tables(connection, "rewards"):
        query = f"SELECT count(*) FROM rewards.{table} t WHERE position($1 IN t::text) > 0"
        if await connection.fetchval(query, WHO):
            found.add(table)
    return found


async def a_life(site: Site) -> None:
    """Everything that a member can do here."""
    reaction = {"channel_id": "hall", "message_id": "m1", "reaction": "👍"}
    await site.world.tell(
        posted(words(1), member=WHO, message="m1", mentions=("ann",), member_roles=("member",)),
        posted(words(2), member="ann", message="m2", mentions=(WHO, "ben")),
        posted("排行", at(50), member=WHO),
        *(checkin(f"2024-03-{day:02}", member=WHO, moment=at(days=day)) for day in range(1, 20)),
        event(MemberJoined(community_id="tea", member_id=WHO, invited_by="ann"), at(-60)),
        event(MemberJoined(community_id="tea", member_id="fay", invited_by=WHO), at(60)),
        event(ReactionAdded(community_id="tea", member_id="ben", author_id=WHO, **reaction), at(5)),
        event(ReactionAdded(community_id="tea", member_id=WHO, author_id="ann", **reaction), at(5)),
        event(
            SanctionApplied(community_id="tea", sanction_id="s", member_id=WHO, kind="warning", rule="ads"),
            at(9),
        ),
    )
    await gift(site, "mug", for_points=True, for_award=True, cost=5)
    await close(site)
    await site.post(f"{AWARD}/{WHO}/choice", {"gift_id": "mug"})
    await site.post(f"{TEA}/redemptions", {"member_id": WHO, "gift_id": "mug"})
    await site.post(f"{TEA}/adjustments", {"member_id": WHO, "points": 7, "reason": "thanks"})
    await site.post(f"{TEA}/members/{WHO}/invite-code")
    await site.post(f"{TEA}/budget", {"points": 9, "reason": "x"})
    body = {"kind": "red_packet", "points": 9, "shares": 2, "reason": "x"}
    made = await site.post(f"{TEA}/giveaways", body)
    await site.post(f"{TEA}/giveaways/{made['giveaway_id']}/entries", {"member_id": WHO})


async def a_day_passes(site: Site) -> None:
    """What is in the books was recorded a day earlier."""
    connection = await asyncpg.connect(site.database.owner_url)
    await connection.execute("ALTER TABLE rewards.transaction DISABLE TRIGGER USER")
    await connection.execute("UPDATE rewards.transaction SET recorded_at = recorded_at - interval '1 day'")
    await connection.execute("ALTER TABLE rewards.transaction ENABLE TRIGGER USER")
    await connection.close()


async def test_a_forgotten_member_is_named_nowhere_and_the_books_still_fit(site: Site) -> None:
    await a_life(site)
    await a_day_passes(site)
    assert await seal_books(site.pool, datetime.now(UTC) + timedelta(hours=1)) == 1
    assert len(await named_in(site)) >= 18
    rows = (await site.post(f"{TEA}/members/{WHO}/erase", {"reason": "asked for it"}))["rows"]
    assert rows["message"] >= 1
    assert await named_in(site) == set()
    found = await site.json(f"{TEA}/ledger/verify")
    assert found["differences"] == []
    report = await site.json(f"{TEA}/ledger/liability")
    assert report["pending"] == 0
    assert report["expired"] > 0
    assert (await site.json(f"{TEA}/members/{WHO}/balance"))["balance"] == 0
    (top,) = [each for each in (await site.json(f"{TEA}/months/2024-03"))["top"] if each["rank"] == 1]
    assert top["member_id"].startswith("forgotten:")


async def test_only_the_forgotten_member_goes_and_only_of_that_community(site: Site) -> None:
    for community in ("tea", "mokka"):
        await site.world.tell(
            posted(words(1), member=WHO, community=community),
            posted(words(2), member="ann", community=community),
        )
    await site.post(f"{TEA}/members/{WHO}/erase", {"reason": "asked for it"})
    assert await site.world.purse("ann") == (2, 0)
    assert await site.world.purse(WHO, "mokka") == (2, 0)


async def test_the_service_cannot_rename_anybody_in_the_books_by_itself(site: Site) -> None:
    await site.world.tell(posted(words(1), member=WHO))
    connection = site.world.connection
    for table in ("transaction", "account", "month_winner"):
        async with connection.transaction():
            await connection.execute("SELECT set_config('hearth.forgetting', 'on', true)")
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                async with connection.transaction():
                    await connection.execute(f"UPDATE {table} SET member_id = 'x'")
