"""What tests of connectors share: an app on a free port, a file of places, a connector's app."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import nonebot
import uvicorn
import yaml
from fastapi import FastAPI

from deploy.local.ports import choose_port
from shared.contracts.commands import Command
from tests.connector_world import Chat, until


@contextlib.asynccontextmanager
async def served(app: FastAPI, port: int | None = None, **config: Any) -> AsyncIterator[str]:
    """An app, listening; its address."""
    port = port or choose_port(None)
    server = uvicorn.Server(uvicorn.Config(app, port=port, log_config=None, ws="websockets", **config))
    task = asyncio.create_task(server.serve())
    await until(lambda: server.started or task.done())
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        server.should_exit = True
        await task


def places_file(chat: Chat, channels: list[Any]) -> Path:
    """The file that gives these channels to the community."""
    file = chat.folder / "places.yaml"
    place = {"community": chat.community, "namespace": chat.namespace, "channels": channels}
    file.write_text(yaml.safe_dump({"communities": [place]}))
    return file


def settings_for(chat: Chat, settings: type[Any], channels: list[Any], **fields: Any) -> Any:
    """The settings of a connector that answers for these channels."""
    return settings(
        kafka_bootstrap_servers=chat.servers,
        connector_id=chat.connector_id,
        connector_store=f"sqlite:{chat.folder}/connector.db",
        api_port=1,
        places_file=places_file(chat, channels),
        **fields,
    )


@contextlib.asynccontextmanager
async def guest_served(build: Callable[[Any], FastAPI], settings: Any) -> AsyncIterator[str]:
    """A connector on NoneBot, which is one to a process: what the test before had is forgotten."""
    nonebot._driver = None
    async with served(build(settings)) as url:
        yield url


def asked(chat: Chat, act: type[Command], place: dict[str, Any], fields: dict[str, Any]) -> Command:
    """A command about a place, with these fields."""
    given = {name: value for name, value in {**place, **fields}.items() if name in act.model_fields}
    return chat.command(act, **given)
