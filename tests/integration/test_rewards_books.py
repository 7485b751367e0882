"""The books can be recomputed: seals, verification, liability; a row changed behind our back shows."""

from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime, timedelta

import asyncpg
import pytest

from services.rewards.handlers.seal_books import seal_books
from tests.builders import at, posted
from tests.rewards_http import TEA, Site, opened
from tests.rewards_world import checkin, removed, words
from tests.servers import ServiceDatabase

TOMORROW = timedelta(days=1, hours=2)


@pytest.fixture
async def site(service_database: Callable[[str], Awaitable[ServiceDatabase]]) -> AsyncIterator[Site]:
    async with opened(await service_database("rewards")) as site:
        yield site


async def lively(site: Site) -> None:
    first = posted(words(1))
    await site.world.tell(first, posted(words(2), at(120)), checkin(moment=at(60)), checkin(member="ben"))
    await site.world.tell(removed(first))
    await site.world.fire(site.world.timer("2024-03"))


async def tamper(site: Site, statement: str) -> None:
    """As somebody with the owner's rights who switches the guards off."""
    connection = await asyncpg.connect(site.database.owner_url)
    tables = ("transaction", "entry", "month_result")
    try:
        for table in tables:
            await connection.execute(f"ALTER TABLE rewards.{table} DISABLE TRIGGER USER")
        await connection.execute(f"SET search_path = rewards; {statement}")
        for table in tables:
            await connection.execute(f"ALTER TABLE rewards.{table} ENABLE TRIGGER USER")
    finally:
        await connection.close()


async def test_verification_of_untouched_books_finds_nothing(site: Site) -> None:
    await lively(site)
    assert await seal_books(site.pool, datetime.now(UTC) + TOMORROW) == 1
    found = await site.json(f"{TEA}/ledger/verify")
    assert found == {
        "community_id": "tea", "consistent": True, "transactions": 5, "seals": 1, "months": 1,
            "differences": [],
    }  # fmt: skip


@pytest.mark.parametrize(
    ("change", "kind"),
    [
        ("UPDATE account SET balance = balance + 1 WHERE kind = 'wallet' AND member_id = 'ann'", "balance"),
        ("UPDATE entry SET amount = amount * 2 WHERE amount = 5", "transaction"),
        ("UPDATE transaction SET rule = 'message' WHERE rule = 'checkin'", "seal"),
        (
            "UPDATE transaction SET occurred_at = occurred_at + interval '1 s' WHERE reverses IS NOT NULL",
            "seal",
        ),
        ("DELETE FROM entry WHERE amount = 5", "transaction"),
        ("UPDATE month_result SET evidence_hash = 'x'", "month"),
        ("UPDATE message SET award_id = gen_random_uuid() WHERE award_id IS NOT NULL", "award"),
        ("UPDATE member_day SET messages = 9 WHERE member_id = 'ann'", "month"),
    ],
)
async def test_a_row_changed_behind_our_back_is_found(site: Site, change: str, kind: str) -> None:
    await lively(site)
    await seal_books(site.pool, datetime.now(UTC) + TOMORROW)
    await tamper(site, change)
    found = await site.json(f"{TEA}/ledger/verify")
    assert found["consistent"] is False
    assert kind in {each["kind"] for each in found["differences"]}


async def test_seals_are_chained_made_once_and_not_before_the_day_is_over(site: Site) -> None:
    await lively(site)
    now = datetime.now(UTC)
    assert await seal_books(site.pool, now.replace(hour=23)) == 0
    assert await seal_books(site.pool, now + TOMORROW) == 1
    assert await seal_books(site.pool, now + TOMORROW) == 0
    (seal,) = (await site.json(f"{TEA}/ledger/seals"))["items"]
    assert (seal["transactions"], seal["previous"], len(seal["hash"])) == (5, "", 64)


async def test_the_liability_report_says_what_is_outstanding(site: Site) -> None:
    await lively(site)
    report = await site.json(f"{TEA}/ledger/liability")
    assert (report["issued"], report["outstanding"], report["wallets"], report["debts"]) == (12, 12, 12, 0)
    assert report["issued"] == sum(
        report[name] for name in ("redeemed", "expired", "outstanding", "budget", "promised")
    )
