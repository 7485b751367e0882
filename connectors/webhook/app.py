"""The composition root of the webhook connector."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
from fastapi import APIRouter, FastAPI
from starlette.middleware import Middleware

from connectors.sdk.command_store import CommandStore
from connectors.sdk.connector import Connector
from connectors.webhook import api
from connectors.webhook.bots import Bot, read_bots
from connectors.webhook.desk import Desk
from connectors.webhook.guard import SignatureGuard
from connectors.webhook.settings import Settings
from shared.http.application import API_VERSION, Lifespan
from shared.http.body_limit import BodyLimit
from shared.http.edge import KNOWN, Edge, answer_known
from shared.http.problems import RESPONSES
from shared.kafka.access import access_of

CONNECTIONS_MAX = 100


def build(settings: Settings) -> FastAPI:
    """The connector as an app."""
    bots = read_bots(settings.webhook_bots_file)
    claims = tuple(claim for bot in bots.values() for claim in bot.claims)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        store = await CommandStore.open(settings.connector_store.get_secret_value())
        limits = httpx.Limits(max_connections=CONNECTIONS_MAX)
        async with httpx.AsyncClient(trust_env=False, limits=limits) as client:
            desk = Desk(bots, client)
            connector = Connector(settings.connector_id, access_of(settings), store, desk, lambda: claims)
            app.include_router(api.router(connector, desk))
            try:
                async with connector:
                    yield
            finally:
                await store.close()

    app = signed_application(bots, lifespan)
    app.include_router(health_router())
    return app


def signed_application(bots: dict[str, Bot], lifespan: Lifespan | None = None) -> FastAPI:
    """An app without routes yet; all but the health checks will need a bot's signature."""
    return FastAPI(
        title="Hearth webhook",
        version=API_VERSION,
        description="Every request is signed as Standard Webhooks say: see docs/CONNECTORS.md.",
        lifespan=lifespan,
        middleware=[Middleware(Edge), Middleware(BodyLimit), Middleware(SignatureGuard, bots)],
        exception_handlers=dict.fromkeys(KNOWN, answer_known),
        responses=RESPONSES,
        docs_url=None,
        redoc_url=None,
        telemetry={"auto_configure": False, "tracing": False, "metrics": False, "logs": False},
    )


def health_router() -> APIRouter:
    """The two health checks: ready when it listens; while Kafka is away, requests get 503."""
    routes = APIRouter(tags=["health"])

    @routes.get("/livez")
    @routes.get("/readyz", include_in_schema=False)
    async def livez() -> dict[str, str]:
        """Whether the process answers."""
        return {"status": "live"}

    return routes
