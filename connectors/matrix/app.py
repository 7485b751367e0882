"""The composition root of the Matrix connector."""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from fastapi import FastAPI

from connectors.matrix.abilities import NO_LEVELS
from connectors.matrix.client import MatrixClient
from connectors.matrix.mutes import LEVELS, Mutes
from connectors.matrix.platform import MatrixPlatform
from connectors.matrix.settings import Settings
from connectors.matrix.transactions import application, router
from connectors.matrix.translate import Translator
from connectors.sdk.claims import Claim
from connectors.sdk.command_store import CommandStore
from connectors.sdk.connector import Connector
from connectors.sdk.health import health_router
from connectors.sdk.outcomes import Busy, Gone, Refused, Unreachable
from connectors.sdk.places import claims_of, read_places
from shared.contracts.profiles import Channel
from shared.http.background import running
from shared.kafka.access import access_of

TRY_AGAIN_SECONDS = (1.0, 30.0)

log = logging.getLogger(__name__)


def build(settings: Settings) -> FastAPI:
    """The connector as an app that the homeserver talks to."""
    rooms = read_places(settings.places_file)
    claims = claims_of(rooms)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        store = await CommandStore.open(settings.connector_store.get_secret_value())
        client = MatrixClient(settings.matrix_homeserver, settings.matrix_as_token.get_secret_value())
        mutes = Mutes(client, store)
        platform = MatrixPlatform(client, store, mutes, rooms, settings.bot)
        connector = Connector(settings.connector_id, access_of(settings), store, platform, lambda: claims)
        presence = Presence(settings, client, platform, connector, rooms)
        token = settings.matrix_hs_token.get_secret_value()
        translator = Translator(rooms, settings.bot)
        app.include_router(router(connector, store, translator, token, presence.heard))
        async with connector, running(mutes.run(), presence.enter()):
            yield
        await client.http.aclose()
        await store.close()

    app = application(lifespan)
    app.include_router(health_router())
    return app


@dataclass(slots=True)
class Presence:
    """The bot in its rooms: it comes in, learns its rights, and tells the services what it can do."""

    settings: Settings
    client: MatrixClient
    platform: MatrixPlatform
    connector: Connector
    rooms: dict[str, Claim]
    _turn: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def enter(self) -> None:
        """Register, come into every room that lets us, announce; again until the homeserver answers."""
        pause = TRY_AGAIN_SECONDS[0]
        while True:
            try:
                await self.client.register(self.settings.matrix_localpart)
                for room in self.rooms:
                    await self._enter_room(room)
                for claim in dict.fromkeys(self.rooms.values()):
                    await self._announce(claim)
                return
            except (Unreachable, Busy, OSError) as error:
                log.warning("the homeserver is waited for: %s", error, extra={"action": "homeserver_away"})
            except Refused as error:
                log.error("the homeserver refuses us: %s", error, extra={"action": "homeserver_refuses"})
            await asyncio.sleep(pause)
            pause = min(2 * pause, TRY_AGAIN_SECONDS[1])

    async def heard(self, raw: dict[str, Any]) -> None:
        """An invitation is taken where the room is ours; changed levels change what we can do."""
        room = raw["room_id"]
        if room not in self.rooms:
            return
        kind, content = raw.get("type"), raw.get("content") or {}
        if kind == "m.room.member" and raw.get("state_key") == self.settings.bot:
            if content.get("membership") == "invite":
                await self._enter_room(room)
                await self._announce(self.rooms[room])
        elif kind == LEVELS and await self.platform.learn(room):
            await self._announce(self.rooms[room])

    async def _enter_room(self, room: str) -> None:
        try:
            await self.client.join(room)
            await self.platform.learn(room)
        except (Refused, Gone) as error:
            self.platform.abilities[room] = NO_LEVELS
            log.warning(
                "a room does not let the bot in; invite it: %s",
                error,
                extra={"action": "room_closed", "room": room},
            )

    async def _announce(self, claim: Claim) -> None:
        async with self._turn:
            channels = [
                Channel(channel_id=claim.name(room), capabilities=tuple(sorted(ability.capabilities)))
                for room, ability in self.platform.abilities.items()
                if self.rooms.get(room) == claim
            ]
            await self.connector.announce(claim.community_id, channels)
            self.connector.executor.retry_now()
