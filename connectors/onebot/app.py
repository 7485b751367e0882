"""The composition root of the OneBot connector."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from fastapi import FastAPI
from starlette.websockets import WebSocket

from connectors.onebot.link import Link
from connectors.onebot.platform import OneBotPlatform
from connectors.onebot.settings import Settings
from connectors.onebot.translate import Translator
from connectors.sdk.command_store import CommandStore
from connectors.sdk.connector import Connector
from connectors.sdk.health import health_app
from connectors.sdk.places import claims_of, read_places
from connectors.sdk.session import Session
from shared.kafka.access import access_of

PATHS = ("/", "/onebot/v11/ws")


def build(settings: Settings) -> FastAPI:
    """The connector as an app that a OneBot implementation connects to."""
    running: list[Link] = []

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with _listening(settings) as link:
            running.append(link)
            yield
            running.clear()

    app = health_app("Hearth onebot", lifespan)

    async def serve(socket: WebSocket) -> None:
        await running[0].serve(socket)

    for path in PATHS:
        app.add_api_websocket_route(path, serve)
    return app


@asynccontextmanager
async def _listening(settings: Settings) -> AsyncIterator[Link]:
    groups = read_places(settings.places_file)
    translator = Translator(groups)

    async def heard(batch: list[dict[str, Any]]) -> None:
        await session.heard([event for raw in batch for event in translator.events(raw)])

    async def connected() -> None:
        await session.begins()

    async def disconnected() -> None:
        await session.ends()

    store = await CommandStore.open(settings.connector_store.get_secret_value())
    link = Link(settings.onebot_token.get_secret_value(), heard, connected, disconnected)
    platform = OneBotPlatform(link, groups)
    connector = Connector(
        settings.connector_id, access_of(settings), store, platform, lambda: claims_of(groups)
    )
    session = Session(connector, groups, platform.learn)
    async with connector:
        yield link
        session.stop()
    await store.close()
