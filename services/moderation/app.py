"""The composition root: everything that moderation consists of is put together here."""

from fastapi import APIRouter, FastAPI

from services.moderation import api, consumers, timers
from services.moderation.api import backtests
from services.moderation.handlers.rulebooks import RuleBooks
from services.moderation.settings import Settings
from services.moderation.store.recorded_log import RecordedLog
from shared.engine import Routes
from shared.http.service import create_service
from shared.kafka.access import access_of
from shared.postgres.connection import Pool


def build(settings: Settings) -> FastAPI:
    """The service as an app; its lifespan runs the engine."""

    def router(pool: Pool) -> APIRouter:
        log = RecordedLog(access_of(settings))
        joined = api.router(pool, log)
        joined.include_router(backtests.router(pool, log))
        return joined

    return create_service("moderation", settings, routes(), router)


def routes(books: RuleBooks | None = None) -> Routes:
    """Events and timers; `books` instead of the shipped policy's."""
    known = books or RuleBooks.load()
    return timers.add_timers(consumers.routes(known), known)
