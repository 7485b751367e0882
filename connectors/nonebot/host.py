"""A connector around an adapter of NoneBot: its driver's app carries ours."""

import logging
import os
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING, Any, Protocol

import nonebot
from fastapi import FastAPI
from nonebot.adapters import Adapter
from nonebot.drivers import ASGIMixin

from connectors.nonebot.line import Line, listening
from connectors.nonebot.settings import NoneBotSettings
from connectors.nonebot.telling import Translator
from connectors.sdk.command_store import CommandStore
from connectors.sdk.connector import Connector, ended_by_cancel
from connectors.sdk.health import health_router
from connectors.sdk.places import claims_of
from connectors.sdk.platform import Platform
from connectors.sdk.session import Session
from shared.http.background import running
from shared.http.body_limit import BodyLimit
from shared.kafka.access import access_of

if TYPE_CHECKING:
    import loguru

DRIVER = "~fastapi+~aiohttp"
CALL_SECONDS_MAX = 20.0
NO_FILES = (os.devnull,)
"""An empty tuple means `.env` to NoneBot."""

log = logging.getLogger(__name__)


class Guest(Platform, Protocol):
    """A platform that can be asked for the bot's rights."""

    async def learn(self) -> None:
        """Ask for them."""


def host(
    settings: NoneBotSettings,
    adapter: type[Adapter],
    config: dict[str, Any],
    line: Line,
    guest: Guest,
    translator: Translator[Any],
) -> FastAPI:
    """The app of a connector. `config` is the adapter's own."""
    places = translator.places
    driver = _driver(config)
    listening(adapter, line)(driver)
    parts = AsyncExitStack()

    @driver.on_startup
    async def start() -> None:
        store = await CommandStore.open(settings.connector_store.get_secret_value())
        parts.push_async_callback(store.close)
        connector = Connector(
            settings.connector_id, access_of(settings), store, guest, lambda: claims_of(places)
        )
        await parts.enter_async_context(connector)
        session = Session(connector, places, guest.learn)
        parts.callback(session.stop)
        publishing = ended_by_cancel(lambda: line.run(session, translator))
        await parts.enter_async_context(running(publishing))

    driver.on_shutdown(parts.aclose)
    assert isinstance(driver, ASGIMixin)
    app: FastAPI = driver.server_app
    app.include_router(health_router())
    app.add_middleware(BodyLimit)
    return app


def _driver(config: dict[str, Any]) -> nonebot.drivers.Driver:
    """NoneBot's own, told nothing by files; one to a process."""
    nonebot.logger.remove()
    nonebot.logger.add(_report, level="WARNING", format="{level}")
    nonebot.init(
        _env_file=NO_FILES, driver=DRIVER, host="127.0.0.1", port=8080, api_timeout=CALL_SECONDS_MAX, **config
    )
    return nonebot.get_driver()


def _report(message: "loguru.Message") -> None:
    """Where an adapter complains, and of what: its own sentence may quote a member or a token."""
    error = message.record["exception"]
    if error is None or error.type is None or error.traceback is None:
        log.warning("the adapter complains", extra={"action": "adapter_reports"})
        return
    code, line = error.traceback.tb_frame.f_code, error.traceback.tb_lineno
    place = f"{'/'.join(code.co_filename.rsplit('/', 2)[1:])}:{line}"
    log.warning(
        "the adapter reports %s at %s", error.type.__name__, place, extra={"action": "adapter_reports"}
    )
