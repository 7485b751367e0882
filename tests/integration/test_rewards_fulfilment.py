"""Gifts are handed over by a signed webhook, again and again until it answers, or by hand with a proof."""

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import httpx
import pytest

from services.rewards.handlers.addresses import AddressBook
from services.rewards.handlers.deliver_gifts import DeliverGifts, Webhook, sign
from services.rewards.handlers.public_hosts import NotPublic, PublicTransport
from tests.builders import at
from tests.rewards_gifts import AWARD, Receiver, active_month, close, gift, receiver
from tests.rewards_http import ADDRESS_KEY, TEA, Site, opened
from tests.servers import ServiceDatabase

SECRET = b"secret"


@pytest.fixture
async def site(service_database: Callable[[str], Awaitable[ServiceDatabase]]) -> AsyncIterator[Site]:
    async with opened(await service_database("rewards")) as site:
        await site.clock(at(days=29))
        yield site


@pytest.fixture
async def shop() -> AsyncIterator[Receiver]:
    async with receiver() as shop:
        yield shop


@pytest.fixture
async def deliver(site: Site, shop: Receiver) -> AsyncIterator[DeliverGifts]:
    async with httpx.AsyncClient(transport=PublicTransport(private_allowed=True)) as client:
        yield DeliverGifts(site.pool, Webhook(shop.url, SECRET, client), AddressBook(ADDRESS_KEY))


async def chosen(site: Site, **fields: object) -> str:
    """Ann has chosen a gift that goes out by webhook; the id of its fulfilment."""
    await gift(site, "book", for_award=True, **{"by_webhook": True, **fields})
    await active_month(site, "ann")
    await close(site)
    await site.post(f"{AWARD}/ann/choice", {"gift_id": "book"})
    (row,) = (await site.json(f"{TEA}/fulfilments"))["items"]
    return str(row["fulfilment_id"])


async def shown(site: Site) -> tuple[str, int, str]:
    (row,) = (await site.json(f"{TEA}/fulfilments"))["items"]
    return row["state"], row["attempts"], row["proof"]


def now(**more: float) -> datetime:
    return datetime.now(UTC) + timedelta(seconds=1, **more)


async def test_a_gift_goes_out_once_signed_with_its_key_and_the_month_is_fulfilled(
    site: Site, shop: Receiver, deliver: DeliverGifts
) -> None:
    identifier = await chosen(site)
    assert (await deliver(now()), await deliver(now(days=1))) == (1, 0)
    ((headers, body),) = shop.requests
    assert headers["idempotency-key"] == identifier
    assert headers["x-hearth-signature"] == sign(SECRET, headers["x-hearth-timestamp"], body)
    assert shop.bodies[0]["member_id"] == "ann"
    assert "address" not in shop.bodies[0]
    assert await shown(site) == ("done", 1, "parcel 7")
    assert (await site.json(f"{TEA}/months/2024-03"))["state"] == "fulfilled"


async def test_a_webhook_that_fails_for_a_day_is_asked_again_with_longer_pauses_and_the_same_key(
    site: Site, shop: Receiver, deliver: DeliverGifts
) -> None:
    await chosen(site)
    shop.answers = [500] * 20
    moment = now()
    for _ in range(24 * 60):
        await deliver(moment)
        moment += timedelta(minutes=1)
    assert 8 <= len(shop.requests) <= 16
    assert len({headers["idempotency-key"] for headers, _ in shop.requests}) == 1
    shop.answers = []
    await deliver(moment + timedelta(hours=4))
    assert (await shown(site))[0] == "done"


async def test_what_the_receiver_refuses_is_a_dead_letter_that_an_operator_sends_again(
    site: Site, shop: Receiver, deliver: DeliverGifts
) -> None:
    identifier = await chosen(site)
    shop.answers = [422]
    await deliver(now())
    assert (await shown(site))[0] == "dead"
    assert await deliver(now(days=9)) == 0
    await site.post(f"{TEA}/fulfilments/{identifier}/retry")
    await deliver(now())
    assert (await shown(site))[0] == "done"
    assert await site.refused(f"{TEA}/fulfilments/{identifier}/retry") == (409, "fulfilment-not-dead")


async def test_a_webhook_that_is_away_for_a_week_is_given_up(site: Site, deliver: DeliverGifts) -> None:
    await chosen(site)
    away = DeliverGifts(deliver.pool, replace(deliver.webhook, url="http://127.0.0.1:1/"), deliver.addresses)
    await away(now(days=1))
    assert (await shown(site))[0] == "waiting"
    await away(now(days=8))
    assert (await shown(site))[0] == "dead"


async def test_a_process_that_dies_in_the_middle_leaves_it_to_the_next(
    site: Site, shop: Receiver, deliver: DeliverGifts
) -> None:
    from services.rewards.store import fulfilments

    await chosen(site)
    async with site.pool.acquire() as connection:
        await fulfilments.lease(connection, now(), now(minutes=2), 5)
    assert await deliver(now()) == 0
    assert await deliver(now(minutes=3)) == 1
    assert len(shop.requests) == 1


async def test_a_gift_by_hand_is_done_with_a_proof(site: Site) -> None:
    identifier = await chosen(site, by_webhook=False)
    path = f"{TEA}/fulfilments/{identifier}/done"
    assert (await site.refused(path, {"proof": ""}))[0] == 422
    await site.post(path, {"proof": "handed over at the lake"})
    assert (await shown(site))[2] == "handed over at the lake"
    assert await site.refused(path, {"proof": "again"}) == (409, "fulfilment-done")
    assert (await site.json(f"{TEA}/months/2024-03"))["state"] == "fulfilled"


async def test_an_address_is_kept_encrypted_sent_and_gone_when_the_gift_is_there(
    site: Site, shop: Receiver, deliver: DeliverGifts
) -> None:
    identifier = await chosen(site, needs_address=True, kind="physical")
    assert await deliver(now()) == 0
    await site.post(f"{TEA}/fulfilments/{identifier}/address", {"address": "湖边路 7 号"}, "PUT")
    kept = await site.world.connection.fetchval("SELECT address FROM fulfilment")
    assert "湖边路".encode() not in kept
    await deliver(now())
    assert shop.bodies[0]["address"] == "湖边路 7 号"
    assert await site.world.connection.fetchval("SELECT address FROM fulfilment") is None


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "localhost", "10.0.0.8", "169.254.169.254", "[::1]", "[::ffff:10.0.0.1]"]
)
async def test_an_address_that_is_not_public_is_never_asked(host: str) -> None:
    async with httpx.AsyncClient(transport=PublicTransport()) as client:
        with pytest.raises(NotPublic):
            await client.post(f"http://{host}:1/")
