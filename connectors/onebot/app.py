"""The composition root of the OneBot connector."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from fastapi import FastAPI
from starlette.websockets import WebSocket

from connectors.onebot.link import Link
from connectors.onebot.platform import OneBotPlatform
from connectors.onebot.settings import Settings
from connectors.onebot.translate import Translator
from connectors.sdk.claims import Claim
from connectors.sdk.command_store import CommandStore
from connectors.sdk.connector import Connector
from connectors.sdk.health import health_app
from connectors.sdk.places import channels_of, read_places
from shared.contracts.profiles import Channel
from shared.kafka.access import access_of

PATHS = ("/", "/onebot/v11/ws")
NOTED_EVERY_SECONDS = 5.0


def build(settings: Settings) -> FastAPI:
    """The connector as an app that a OneBot implementation connects to."""
    groups = read_places(settings.places_file)
    claims = tuple(dict.fromkeys(groups.values()))
    running: list[Link] = []

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        store = await CommandStore.open(settings.connector_store.get_secret_value())
        session = Session(groups, Translator(groups))
        link = Link(
            settings.onebot_token.get_secret_value(), session.heard, session.connected, session.disconnected
        )
        session.platform = OneBotPlatform(link, groups)
        session.connector = Connector(
            settings.connector_id, access_of(settings), store, session.platform, lambda: claims
        )
        async with session.connector:
            running.append(link)
            yield
            running.clear()
        await store.close()

    app = health_app("Hearth onebot", lifespan)

    async def serve(socket: WebSocket) -> None:
        await running[0].serve(socket)

    for path in PATHS:
        app.add_api_websocket_route(path, serve)
    return app


@dataclass(slots=True)
class Session:
    """What happens between a connection's begin and its end; what was missed in between is told as a gap."""

    groups: dict[str, Claim]
    translator: Translator
    platform: OneBotPlatform | None = None
    connector: Connector | None = None
    learning: "asyncio.Task[None] | None" = None
    _noted_at: datetime | None = None

    async def connected(self) -> None:
        """Tell what was missed, learn the bot's roles, announce the groups."""
        assert self.connector
        now = datetime.now(UTC)
        since = await self.connector.seen_until()
        if since is not None:
            for claim in dict.fromkeys(self.groups.values()):
                await self.connector.announce_gap(claim, since, now, "no OneBot implementation was connected")
        self.learning = asyncio.create_task(self._learn())

    async def _learn(self) -> None:
        assert self.connector
        assert self.platform
        await self.platform.learn()
        for claim in dict.fromkeys(self.groups.values()):
            groups = channels_of(self.groups, claim)
            ability = {group: self.platform.ability(claim, claim.name(group)) for group in groups}
            channels = [
                Channel(
                    channel_id=claim.name(group),
                    capabilities=tuple(sorted(each.capabilities)),
                    mute_seconds_max=each.mute_seconds_max,
                )
                for group, each in ability.items()
            ]
            await self.connector.announce(claim.community_id, channels)
        self.connector.executor.retry_now()

    async def disconnected(self) -> None:
        """Everything until now was heard."""
        assert self.connector
        await self.connector.note_seen(datetime.now(UTC))

    async def heard(self, raw: dict[str, Any]) -> None:
        """Publish; returns when it is durable."""
        assert self.connector
        await self.connector.publish_surely(self.translator.events(raw))
        now = datetime.now(UTC)
        if self._noted_at is None or (now - self._noted_at).total_seconds() > NOTED_EVERY_SECONDS:
            self._noted_at = now
            await self.connector.note_seen(now)
