"""The webhook connector in this process, listening on a real port, and a bot that signs what it sends."""

import asyncio
import base64
import contextlib
import json
import time
import uuid
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import uvicorn
import yaml

from connectors.webhook.app import build
from connectors.webhook.settings import Settings
from connectors.webhook.signature import decode_secret, headers_for
from deploy.local.ports import choose_port
from tests.connector_world import new_name


def new_secret(filling: int = 1) -> str:
    """A secret of 32 bytes."""
    return "whsec_" + base64.b64encode(bytes([filling]) * 32).decode()


@dataclass(slots=True)
class SignedBot:
    """Sends as a bot does."""

    url: str
    community: str
    name: str = "fox"
    secret: str = field(default_factory=new_secret)
    client: httpx.AsyncClient = field(default_factory=lambda: httpx.AsyncClient(timeout=60))

    def signed(
        self, body: bytes, *, at: float | None = None, request_id: str | None = None
    ) -> dict[str, str]:
        """The headers of a request."""
        keys = [decode_secret(self.secret)]
        headers = headers_for(keys, request_id or str(uuid.uuid4()), int(at or time.time()), body)
        return {**headers, "hearth-bot": self.name, "content-type": "application/json"}

    async def post(self, path: str, content: Any) -> httpx.Response:
        """A signed request with JSON."""
        body = content if isinstance(content, bytes) else json.dumps(content).encode()
        return await self.client.post(self.url + path, content=body, headers=self.signed(body))

    async def get(self, path: str) -> httpx.Response:
        """A signed request without a body."""
        return await self.client.get(self.url + path, headers=self.signed(b""))

    def message(self, number: int, **fields: Any) -> dict[str, Any]:
        """An event as a bot sends it."""
        data = {"channel_id": "hall", "message_id": f"m{number}", "member_id": "ann", "text": f"第{number}句"}
        time_now = fields.pop("time", datetime.now(UTC).isoformat())
        kind = fields.pop("type", "message.posted")
        return {"type": kind, "time": time_now, "data": {"community_id": self.community, **data, **fields}}


@contextlib.asynccontextmanager
async def webhook(servers: str, folder: Path, **bot_fields: Any) -> AsyncIterator[SignedBot]:
    """The connector with one bot in its file."""
    community, port = new_name("tea"), choose_port(None)
    bot = {"name": "fox", "secrets": [new_secret()], "places": [{"community": community}], **bot_fields}
    file = folder / "bots.yaml"
    file.write_text(yaml.safe_dump({"bots": [bot]}), encoding="utf-8")
    settings = Settings(
        kafka_bootstrap_servers=servers,
        connector_id=new_name("webhook"),
        connector_store=f"sqlite:{folder}/webhook.db",  # type: ignore[arg-type]
        api_port=port,
        webhook_bots_file=file,
    )
    config = uvicorn.Config(build(settings), host="127.0.0.1", port=port, log_config=None, ws="none")
    server = uvicorn.Server(config)
    task = asyncio.create_task(server.serve())
    while not server.started and not task.done():  # noqa: ASYNC110
        await asyncio.sleep(0.02)
    try:
        yield SignedBot(f"http://127.0.0.1:{port}", community)
    finally:
        server.should_exit = True
        await task
