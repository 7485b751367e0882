"""The composition root: everything that moderation consists of is put together here."""

from fastapi import FastAPI

from services.moderation import api, consumers, timers
from services.moderation.settings import Settings
from shared.engine import Routes
from shared.http.service import create_service


def build(settings: Settings) -> FastAPI:
    """The service as an app; its lifespan runs the engine."""
    return create_service("moderation", settings, routes(), api.router)


def routes() -> Routes:
    """Events and timers."""
    return timers.add_timers(consumers.routes())
