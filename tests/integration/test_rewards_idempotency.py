"""A request that is sent again does nothing again: each POST takes an `Idempotency-Key`, or cannot repeat."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest

from services.rewards import api
from services.rewards.handlers.addresses import AddressBook
from shared.http.application import guarded_application, include_guarded
from tests.builders import at
from tests.rewards_gifts import AWARD, active_month, close, gift, rich, stock
from tests.rewards_http import OSCAR, TEA, TOKEN, Site, opened
from tests.servers import ServiceDatabase

TIMES = 50
BY_NATURE = {
    "/award/open": "a month that is open for choices opens no more",
    "/disqualify": "a place is taken away once",
    "/done": "a gift that is with its member is refused",
    "/retry": "only what was given up is sent again",
    "/entries": "a member takes part once",
    "/invite-code": "the code is always the same",
    "/erase": "there is nothing left to erase",
    "/reviews/{review_id}/decision": "a decided review is refused",
    "/referrals/{member_id}/decision": "a decided invitation is refused",
}
"""POSTs whose repetition does nothing by itself, and why."""


@pytest.fixture
async def site(service_database: Callable[[str], Awaitable[ServiceDatabase]]) -> AsyncIterator[Site]:
    async with opened(await service_database("rewards")) as site:
        await site.clock(at(days=29))
        yield site


def posts() -> dict[str, Any]:
    """Every POST of the API, by its path."""
    from pydantic import SecretStr

    app = guarded_application("rewards", SecretStr(TOKEN))
    pool: Any = None  # only described, never called
    include_guarded(app, api.router(pool, api.Keys(b"k" * 32, AddressBook(None))))
    paths = app.openapi()["paths"]
    return {path: each["post"] for path, each in paths.items() if "post" in each and path.startswith("/v1/")}


def takes_key(operation: Any) -> bool:
    return any(each["name"].lower() == "idempotency-key" for each in operation.get("parameters", []))


def test_every_post_takes_an_idempotency_key_or_cannot_repeat() -> None:
    silent = {path for path, operation in posts().items() if not takes_key(operation)}
    unexplained = {path for path in silent if not any(path.endswith(end) for end in BY_NATURE)}
    assert not {path for path in unexplained if "/communities/" in path or "rewards" in path}
    assert len(posts()) - len(silent) >= 8


async def equal(site: Site, path: str, body: Any, other: Any, **more: Any) -> Any:
    """Fifty calls at once with one key: one answer; the key for something else: 422."""
    key = f"key-{path}"
    answers = await asyncio.gather(*(site.ask("POST", path, body, key=key, **more) for _ in range(TIMES)))
    assert {each.status_code for each in answers} <= {200, 201}, answers[0].text
    assert len({each.content for each in answers}) == 1
    assert await site.refused(path, other, key=key, **more) == (422, "idempotency-key-reused")
    return answers[0].json()


async def test_fifty_equal_redemptions_confirmations_and_cancellations_have_one_effect(site: Site) -> None:
    await gift(site, "mug", for_points=True, cost=2)
    await rich(site)
    wish = {"member_id": "ann", "gift_id": "mug"}
    made = await equal(site, f"{TEA}/redemptions", wish, {**wish, "member_id": "ben"})
    await equal(site, f"{TEA}/redemptions/{made['redemption_id']}/confirm", {}, {"x": 1})
    assert await stock(site, "mug") == (2, 0)
    second = await site.post(f"{TEA}/redemptions", wish)
    path = f"{TEA}/redemptions/{second['redemption_id']}/cancel"
    await equal(site, path, {"reason": "x"}, {"reason": "y"})
    assert await stock(site, "mug") == (2, 0)
    assert await site.world.purse() == (18, 0)
    assert len((await site.json(f"{TEA}/fulfilments"))["items"]) == 1


async def test_fifty_equal_budgets_gifts_and_adjustments_have_one_effect(site: Site) -> None:
    await rich(site)
    await equal(site, f"{TEA}/budget", {"points": 90, "reason": "x"}, {"points": 91, "reason": "x"})
    packet = {"kind": "red_packet", "points": 30, "shares": 3, "reason": "x"}
    await equal(site, f"{TEA}/giveaways", packet, {**packet, "points": 31})
    change = {"member_id": "ann", "points": 7, "reason": "thanks"}
    await equal(site, f"{TEA}/adjustments", change, {**change, "points": 8})
    large = await site.post(f"{TEA}/adjustments", {**change, "points": 900})
    path = f"{TEA}/adjustments/{large['adjustment_id']}/decision"
    await equal(site, path, {"agree": True, "reason": "x"}, {"agree": False, "reason": "x"}, by=OSCAR)
    assert await site.world.purse() == (20 + 7 + 900, 0)
    owed = await site.json(f"{TEA}/ledger/liability")
    assert (owed["budget"], owed["promised"]) == (60, 30)
    assert await site.world.books_are_right()


async def test_fifty_equal_choices_give_one_gift(site: Site) -> None:
    await gift(site, "mug", for_award=True, stock=5)
    await active_month(site, "ann", "ben")
    await close(site)
    await equal(site, f"{AWARD}/ann/choice", {"gift_id": "mug"}, {"gift_id": "book"})
    token = (await site.json(f"{AWARD}/ben/link"))["token"]
    choice = {"token": token, "gift_id": "mug"}
    await equal(site, "/v1/gift-choices", choice, {**choice, "gift_id": "book"})
    assert await stock(site, "mug") == (3, 0)
    assert len((await site.json(f"{TEA}/fulfilments"))["items"]) == 2
