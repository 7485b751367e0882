"""The composition root of the Telegram connector."""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from fastapi import FastAPI

from connectors.sdk.claims import Claim
from connectors.sdk.command_store import CommandStore
from connectors.sdk.connector import Connector
from connectors.sdk.health import health_app
from connectors.sdk.outcomes import Busy, Gone, Refused, Unreachable
from connectors.sdk.places import claims_of, read_places
from connectors.telegram.client import TelegramClient
from connectors.telegram.platform import TelegramPlatform
from connectors.telegram.settings import Settings
from connectors.telegram.translate import Translator
from shared.http.background import running
from shared.kafka.access import access_of

OFFSET = "telegram_offset"
"""Note: the first update that is not yet durable."""
BACKOFF_SECONDS = (1.0, 30.0)

log = logging.getLogger(__name__)


def build(settings: Settings) -> FastAPI:
    """The connector as a process with health checks."""
    chats = read_places(settings.places_file)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        store = await CommandStore.open(settings.connector_store.get_secret_value())
        client = TelegramClient(settings.telegram_api, settings.telegram_token.get_secret_value())
        platform = TelegramPlatform(client, chats)
        connector = Connector(
            settings.connector_id, access_of(settings), store, platform, lambda: claims_of(chats)
        )
        ear = Ear(client, platform, connector, store, chats, Translator(chats))
        async with connector, running(ear.run()):
            yield
        await client.http.aclose()
        await store.close()

    return health_app("Hearth telegram", lifespan)


@dataclass(slots=True)
class Ear:
    """Hears updates by long polling; Telegram keeps those that are not confirmed for 24 hours."""

    client: TelegramClient
    platform: TelegramPlatform
    connector: Connector
    store: CommandStore
    chats: dict[str, Claim]
    translator: Translator
    bot: int = 0

    async def run(self) -> None:
        """Until cancelled; an absent Telegram is waited for."""
        pause = BACKOFF_SECONDS[0]
        while True:
            try:
                if not self.bot:
                    await self._enter()
                await self._hear()
                pause = BACKOFF_SECONDS[0]
            except (Unreachable, Busy, Refused, Gone) as error:
                pause = error.retry_after_seconds if isinstance(error, Busy) else pause
                log.warning("Telegram is waited for: %s", error, extra={"action": "telegram_away"})
            except Exception as error:
                log.error("an update could not be taken", exc_info=error, extra={"action": "update_failed"})
            else:
                continue
            await asyncio.sleep(pause)
            pause = min(2 * pause, BACKOFF_SECONDS[1])

    async def _enter(self) -> None:
        me = await self.client.call("getMe")
        for chat in self.chats:
            await self.platform.learn(chat, me["id"])
        await self.connector.announce_places(self.chats)
        self.bot = me["id"]

    async def _hear(self) -> None:
        """One poll: its updates are confirmed by the next one, when Kafka has them."""
        offset = int(await self.store.noted(OFFSET) or 0)
        updates = [each for each in await self.client.updates(offset) if isinstance(each, dict)]
        if not updates:
            return
        await self.connector.publish_surely(
            [event for update in updates for event in self.translator.events(update)]
        )
        newest = max(int(update.get("update_id", 0)) for update in updates)
        await self.store.note(OFFSET, str(max(offset, newest + 1)))
        for update in updates:
            await self._own_rights(update.get("my_chat_member"))

    async def _own_rights(self, change: Any) -> None:
        chat = str(((change or {}).get("chat") or {}).get("id"))
        if chat in self.chats:
            await self.platform.learn(chat, self.bot)
            await self.connector.announce_places(self.chats)
