"""The composition root of the Feishu connector."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from fastapi import FastAPI

from connectors.feishu.client import FeishuClient, in_path
from connectors.feishu.events import router
from connectors.feishu.platform import FeishuPlatform
from connectors.feishu.settings import Settings
from connectors.feishu.translate import Translator, Written
from connectors.sdk.brought import Brought
from connectors.sdk.command_store import CommandStore
from connectors.sdk.connector import Connector
from connectors.sdk.health import listening_app
from connectors.sdk.outcomes import Busy, Gone, Refused, Unreachable
from connectors.sdk.outlet import Unavailable
from connectors.sdk.places import claims_of, read_places
from connectors.sdk.session import Session
from shared.kafka.access import access_of

BROUGHT_AGAIN_FOR = timedelta(hours=7, minutes=5)
"""Feishu comes again after 15 seconds, 5 minutes, an hour and six."""


def build(settings: Settings) -> FastAPI:
    """The connector as an app that Feishu talks to."""
    groups = read_places(settings.places_file)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        store = await CommandStore.open(settings.connector_store.get_secret_value())
        secret = settings.feishu_app_secret.get_secret_value()
        client = FeishuClient(settings.feishu_api, settings.feishu_app_id, secret)
        platform = FeishuPlatform(client, groups)
        connector = Connector(
            settings.connector_id, access_of(settings), store, platform, lambda: claims_of(groups)
        )
        brought, session = (
            Brought(connector, groups, BROUGHT_AGAIN_FOR),
            Session(connector, groups, platform.learn),
        )
        desk = Desk(client, Translator(groups, platform.roles), brought, session)
        app.include_router(router(settings.feishu_encrypt_key.get_secret_value(), desk.take))
        async with connector, brought.open():
            session.learns()
            yield
            session.stop()
        await client.http.aclose()
        await store.close()

    return listening_app("Hearth feishu", lifespan)


@dataclass(slots=True)
class Desk:
    """Events on their way."""

    client: FeishuClient
    translator: Translator
    brought: Brought
    session: Session

    async def take(self, document: dict[str, Any]) -> None:
        """Durable when it returns. Raises Unavailable."""
        if (message := self.translator.unplaced(document)) is not None:
            await self._place(message)
        await self.brought.publish(self.translator.events(document))
        if self.translator.changes_rights(document):
            self.session.learns()

    async def _place(self, message: str) -> None:
        """Ask where a message is; one that Feishu does not show is of no group of ours."""
        try:
            found = await self.client.call(
                "GET", f"im/v1/messages/{in_path(message)}", user_id_type="open_id"
            )
        except (Refused, Gone):
            return
        except (Busy, Unreachable) as error:
            raise Unavailable("Feishu does not say where a message is") from error
        for each in found.get("items") or ():
            sender = each.get("sender") or {}
            author = sender.get("id") if sender.get("id_type") == "open_id" else None
            self.translator.messages.note(message, Written(str(each.get("chat_id")), author))
            return
