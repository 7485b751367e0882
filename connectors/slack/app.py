"""The composition root of the Slack connector."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta

from fastapi import FastAPI

from connectors.sdk.brought import Brought
from connectors.sdk.command_store import CommandStore
from connectors.sdk.connector import Connector
from connectors.sdk.health import listening_app
from connectors.sdk.places import claims_of, read_places
from connectors.sdk.session import Session
from connectors.slack.client import SlackClient
from connectors.slack.events import router
from connectors.slack.platform import SlackPlatform
from connectors.slack.settings import Settings
from connectors.slack.translate import Translator
from shared.kafka.access import access_of

RETRIED_FOR = timedelta(minutes=5)
"""So long Slack brings an event again; what was refused for longer is lost."""


def build(settings: Settings) -> FastAPI:
    """The connector as an app that Slack talks to."""
    places = read_places(settings.places_file)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        store = await CommandStore.open(settings.connector_store.get_secret_value())
        admin = settings.slack_admin_token
        token = settings.slack_bot_token.get_secret_value()
        client = SlackClient.open(settings.slack_api, token, admin.get_secret_value() if admin else None)
        platform = SlackPlatform(client, places)
        connector = Connector(
            settings.connector_id, access_of(settings), store, platform,
            lambda: claims_of(places),
        )  # fmt: skip
        brought, session = Brought(connector, places, RETRIED_FOR), Session(connector, places)
        secret = settings.slack_signing_secret
        app.include_router(router(secret.get_secret_value(), Translator(places), brought.publish))
        async with connector, brought.open():
            session.learns()
            yield
            session.stop()
        await client.session.close()
        await store.close()

    return listening_app("Hearth slack", lifespan)
