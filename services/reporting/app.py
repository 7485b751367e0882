"""Composition: the only module that constructs anything."""

from contextlib import AbstractAsyncContextManager

from fastapi import FastAPI

from services.reporting import api, consumers, timers
from services.reporting.handlers.deliver_reports import DeliverReports
from services.reporting.settings import Settings
from shared.engine import Routes
from shared.http.service import create_service
from shared.postgres.connection import Pool


def build(settings: Settings) -> FastAPI:
    """The service as an ASGI app; its engine starts and stops with it."""

    def background(pool: Pool) -> AbstractAsyncContextManager[None]:
        return DeliverReports(pool, private_allowed=settings.webhooks_private).running()

    return create_service("reporting", settings, routes(), api.router, background=background)


def routes() -> Routes:
    """Events and timers."""
    return timers.add_timers(consumers.routes())
