"""Composition: the only module that constructs anything."""

from fastapi import FastAPI

from services.reporting import api
from services.reporting.consumers import routes
from services.reporting.handlers.take_census import take_census
from services.reporting.settings import Settings
from services.reporting.timers import add_timers
from shared.http.service import create_service


def build(settings: Settings) -> FastAPI:
    """The service as an ASGI app; its engine starts and stops with it."""
    return create_service("reporting", settings, add_timers(routes()), api.router, census=take_census)
