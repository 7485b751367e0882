"""The composition root of the Slack connector."""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from aiokafka.errors import KafkaError
from fastapi import FastAPI
from starlette.middleware import Middleware

from connectors.sdk.claims import Claim
from connectors.sdk.command_store import CommandStore
from connectors.sdk.connector import Connector
from connectors.sdk.health import health_router
from connectors.sdk.outlet import Timed, Unavailable
from connectors.sdk.places import claims_of, read_places
from connectors.slack.client import SlackClient
from connectors.slack.events import router
from connectors.slack.platform import SlackPlatform
from connectors.slack.settings import Settings
from connectors.slack.translate import Translator
from shared.http.application import API_VERSION
from shared.http.body_limit import BodyLimit
from shared.http.edge import KNOWN, Edge, answer_known
from shared.kafka.access import access_of

REFUSED_SINCE = "slack_refused_since"
"""Note: when an event was first refused, of those that no later one followed."""
RETRIED_FOR = timedelta(minutes=5)
"""So long Slack brings an event again; what was refused for longer is lost."""
TRY_AGAIN_SECONDS = 5.0

log = logging.getLogger(__name__)


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
        desk = Desk(connector, store, platform, places)
        secret = settings.slack_signing_secret
        app.include_router(router(secret.get_secret_value(), Translator(places), desk.publish))
        async with connector:
            announcing = asyncio.create_task(desk.announce())
            yield
            announcing.cancel()
            await asyncio.gather(announcing, return_exceptions=True)
        await client.session.close()
        await store.close()

    app = FastAPI(
        title="Hearth slack",
        version=API_VERSION,
        lifespan=lifespan,
        middleware=[Middleware(Edge), Middleware(BodyLimit)],
        exception_handlers=dict.fromkeys(KNOWN, answer_known),
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
    )
    app.include_router(health_router())
    return app


@dataclass(slots=True)
class Desk:
    """Events on their way; what Slack gave up to bring is told as a gap."""

    connector: Connector
    store: CommandStore
    platform: SlackPlatform
    places: dict[str, Claim]

    async def publish(self, events: list[Timed]) -> None:
        """Durable when it returns. Raises Unavailable."""
        try:
            await self.connector.publish(events)
        except Unavailable:
            if await self.store.noted(REFUSED_SINCE) is None:
                await self.store.note(REFUSED_SINCE, datetime.now(UTC).isoformat())
            raise
        await self._tell_gap()

    async def _tell_gap(self) -> None:
        noted, now = await self.store.noted(REFUSED_SINCE), datetime.now(UTC)
        if noted is None:
            return
        await self.store.forget_note(REFUSED_SINCE)
        since = datetime.fromisoformat(noted)
        if now - since > RETRIED_FOR:
            for claim in claims_of(self.places):
                await self.connector.announce_gap(claim, since, now, "events could not be taken in time")

    async def announce(self) -> None:
        """Tell what the app can do; again until Kafka has it."""
        while True:
            try:
                await self.connector.announce_places(self.places)
                return
            except (Unavailable, KafkaError, OSError) as error:
                log.warning("channels are announced later: %r", error, extra={"action": "announce_delayed"})
                await asyncio.sleep(TRY_AGAIN_SECONDS)
