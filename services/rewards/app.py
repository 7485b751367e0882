"""The composition root: everything that rewards consists of is put together here."""

import asyncio
import hashlib
import secrets
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from datetime import UTC, datetime

import structlog
from fastapi import APIRouter, FastAPI

from services.rewards import api, consumers, timers
from services.rewards.handlers.addresses import AddressBook
from services.rewards.handlers.deliver_gifts import DeliverGifts, Webhook
from services.rewards.handlers.seal_books import seal_books
from services.rewards.settings import Settings
from shared.engine import Routes
from shared.http.service import create_service
from shared.postgres.connection import Pool

SEALED_EVERY_SECONDS = 600.0
log = structlog.stdlib.get_logger(__name__)


def build(settings: Settings) -> FastAPI:
    """The service as an app; its lifespan runs the engine, the sealing of the books, and deliveries."""
    addresses = AddressBook(settings.address_key.get_secret_value().encode() or None)
    # derived, so that who knows a link's signature knows nothing of the token
    token = settings.api_token.get_secret_value().encode()
    secret = hashlib.sha256(b"gift links\x00" + token).digest()
    codes = hashlib.sha256(b"link codes\x00" + token).digest()

    def router(pool: Pool) -> APIRouter:
        return api.router(pool, api.Keys(secret, addresses))

    app = create_service("rewards", settings, routes(codes), router)
    inner = app.router.lifespan_context

    @asynccontextmanager
    async def lifespan(whole: FastAPI) -> AsyncIterator[None]:
        async with inner(whole):
            pool = whole.state.runtime.pool
            tasks = [
                asyncio.create_task(_seal(pool)),
                asyncio.create_task(_deliver(pool, settings, addresses)),
            ]
            try:
                yield
            finally:
                for task in tasks:
                    task.cancel()
                await asyncio.gather(*tasks, return_exceptions=True)

    app.router.lifespan_context = lifespan
    return app


def routes(secret: bytes = b"") -> Routes:
    """Events and timers; without a secret, codes are made of one that nobody knows."""
    return timers.add_timers(consumers.routes(secret or secrets.token_bytes(32)))


async def _seal(pool: Pool) -> None:
    while True:
        with _told("books_not_sealed"):
            await seal_books(pool, datetime.now(UTC))
        await asyncio.sleep(SEALED_EVERY_SECONDS)


async def _deliver(pool: Pool, settings: Settings, addresses: AddressBook) -> None:
    if not settings.fulfilment_url:
        return
    secret = settings.fulfilment_secret.get_secret_value().encode()
    webhook = Webhook(settings.fulfilment_url, secret, settings.fulfilment_private_allowed)
    deliver = DeliverGifts(pool, webhook, addresses)
    while True:
        with _told("gifts_not_delivered"):
            while await deliver(datetime.now(UTC)):
                pass
        await asyncio.sleep(settings.deliver_seconds)


@contextmanager
def _told(action: str) -> Iterator[None]:
    """Whatever fails is told and tried again later: a database may be away for a while."""
    try:
        yield
    except Exception as error:
        log.warning("a task in the background failed", action=action, error=type(error).__name__)
