"""Composition: the only module that constructs anything."""

from fastapi import FastAPI

from services.reporting import api, consumers, timers
from services.reporting.handlers.deliver_reports import DeliverReports
from services.reporting.handlers.take_census import take_census
from services.reporting.settings import Settings
from shared.engine import Routes
from shared.http.background import Chore
from shared.http.service import create_service
from shared.postgres.connection import Pool

DELIVERED_EVERY_SECONDS = 5.0


def build(settings: Settings) -> FastAPI:
    """The service as an ASGI app; its engine starts and stops with it."""

    def background(pool: Pool) -> list[Chore]:
        deliver = DeliverReports(pool, private_allowed=settings.webhooks_private)
        return [Chore("deliver_reports", DELIVERED_EVERY_SECONDS, deliver)]

    return create_service(
        "reporting", settings, routes(), api.router, census=take_census, background=background
    )


def routes() -> Routes:
    """Events and timers."""
    return timers.add_timers(consumers.routes())
