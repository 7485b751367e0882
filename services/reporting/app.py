"""Composition: the only module that constructs anything."""

from fastapi import FastAPI

from services.reporting import api, consumers, timers
from services.reporting.settings import Settings
from shared.engine import Routes
from shared.http.service import create_service


def build(settings: Settings) -> FastAPI:
    """The service as an ASGI app; its engine starts and stops with it."""
    return create_service(name="reporting", settings=settings, routes=routes(), router=api.router)


def routes() -> Routes:
    """Events and timers."""
    return timers.add_timers(consumers.routes())
