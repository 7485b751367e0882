"""The composition root: everything that engagement consists of is put together here."""

from fastapi import FastAPI

from services.engagement import api, consumers, timers
from services.engagement.settings import Settings
from shared.engine import Routes
from shared.http.service import create_service


def build(settings: Settings) -> FastAPI:
    """The service as an app; its lifespan runs the engine."""
    return create_service("engagement", settings, routes(settings), api.router)


def routes(settings: Settings) -> Routes:
    """Events and timers."""
    return timers.add_timers(consumers.routes(settings.checkins))
