"""The composition root: everything that rewards consists of is put together here."""

import hashlib
from functools import partial

from fastapi import APIRouter, FastAPI

from services.rewards import api, consumers, timers
from services.rewards.handlers.addresses import AddressBook
from services.rewards.handlers.deliver_gifts import DeliverGifts, Webhook
from services.rewards.handlers.seal_books import seal_books
from services.rewards.settings import Settings
from shared.engine import Routes
from shared.http.background import Chore
from shared.http.service import create_service
from shared.postgres.connection import Pool

SEALED_EVERY_SECONDS = 600.0


def build(settings: Settings) -> FastAPI:
    """The service as an app; its lifespan runs the engine, the sealing of the books, and deliveries."""
    addresses = AddressBook(settings.address_key.get_secret_value().encode() or None)
    # derived, so that who knows a link's signature knows nothing of the token
    token = settings.api_token.get_secret_value().encode()
    secret = hashlib.sha256(b"gift links\x00" + token).digest()
    codes = hashlib.sha256(b"link codes\x00" + token).digest()

    def router(pool: Pool) -> APIRouter:
        return api.router(pool, api.Keys(secret, addresses))

    def background(pool: Pool) -> list[Chore]:
        return _chores(pool, settings, addresses)

    return create_service("rewards", settings, routes(codes), router, background=background)


def routes(secret: bytes = b"") -> Routes:
    """Events and timers; without a secret, codes are made of one that nobody knows."""
    return timers.add_timers(consumers.routes(secret))


def _chores(pool: Pool, settings: Settings, addresses: AddressBook) -> list[Chore]:
    chores = [Chore("seal_books", SEALED_EVERY_SECONDS, partial(seal_books, pool))]
    if settings.fulfilment_url:
        secret = settings.fulfilment_secret.get_secret_value().encode()
        webhook = Webhook(settings.fulfilment_url, secret, settings.fulfilment_private_allowed)
        deliver = DeliverGifts(pool, webhook, addresses)
        chores.append(Chore("deliver_gifts", settings.deliver_seconds, deliver))
    return chores
