"""The composition root: everything that engagement consists of is put together here."""

from fastapi import APIRouter, FastAPI

from services.engagement import api, consumers, timers
from services.engagement.api import sources
from services.engagement.handlers.fetch_sources import FetchSources
from services.engagement.settings import Settings
from shared.engine import Routes
from shared.http.background import Chore
from shared.http.service import create_service
from shared.postgres.connection import Pool

FETCHED_EVERY_SECONDS = 30.0


def build(settings: Settings) -> FastAPI:
    """The service as an app; its lifespan runs the engine."""

    def router(pool: Pool) -> APIRouter:
        joined = api.router(pool)
        joined.include_router(sources.router(pool, settings.sources))
        return joined

    def background(pool: Pool) -> list[Chore]:
        return [Chore("fetch_sources", FETCHED_EVERY_SECONDS, FetchSources(pool, settings.sources))]

    return create_service("engagement", settings, routes(settings), router, background=background)


def routes(settings: Settings) -> Routes:
    """Events and timers."""
    return timers.add_timers(consumers.routes(settings.checkins))
