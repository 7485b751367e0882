"""A Satori server for tests: a true WebSocket with its handshake, heartbeats and events, and its HTTP API."""

import asyncio
import contextlib
import itertools
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

from fastapi import FastAPI, Request, WebSocket, WebSocketDisconnect
from fastapi.responses import JSONResponse

from tests.chat_platform import served

EVENT, PING, PONG, IDENTIFY, READY = range(5)
SELF = {"id": "10000", "name": "炉火", "is_bot": True}
EVERYTHING = (
    "message.delete", "user.channel.create", "guild.member.approve", "guild.member.mute",
    "guild.member.kick", "guild.list", "channel.list",
)  # fmt: skip
GUILD = "g1"


@dataclass(slots=True)
class Satori:
    """One login; `failing` overrides the status of an API."""

    token: str
    url: str = ""
    features: tuple[str, ...] = EVERYTHING
    calls: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    failing: dict[str, int] = field(default_factory=dict)
    identified: list[dict[str, Any]] = field(default_factory=list)
    _socket: WebSocket | None = None
    _numbers: "itertools.count[int]" = field(default_factory=lambda: itertools.count(1))

    @property
    def login(self) -> dict[str, Any]:
        """A `Login`."""
        return {"sn": 1, "status": 1, "adapter": "red", "platform": "qq", "user": SELF,
                "features": list(self.features)}  # fmt: skip

    async def happens(self, kind: str, **fields: Any) -> None:
        """An event."""
        assert self._socket
        body = {"sn": next(self._numbers), "type": kind, "timestamp": int(time.time() * 1000)}
        await self._socket.send_json({"op": EVENT, "body": {**body, "login": self.login, **fields}})

    async def says(self, channel: str, content: str, user: str = "20001", **fields: Any) -> str:
        """A message in a channel; its id."""
        message_id = f"m{next(self._numbers)}"
        await self.happens(
            "message-created",
            channel={"id": channel, "type": 0},
            guild={"id": GUILD},
            user={"id": user, "name": "安"},
            message={"id": message_id, "content": content},
            **fields,
        )
        return message_id

    async def raw(self, text: str) -> None:
        """Send a frame that may be anything."""
        assert self._socket
        await self._socket.send_text(text)

    async def hang_up(self) -> None:
        """End the connection."""
        assert self._socket
        await self._socket.close()

    async def serve(self, socket: WebSocket) -> None:
        """One connection."""
        await socket.accept()
        with contextlib.suppress(WebSocketDisconnect, RuntimeError):
            while True:
                frame = await socket.receive_json()
                if frame["op"] == PING:
                    await socket.send_json({"op": PONG})
                elif frame["op"] == IDENTIFY:
                    self.identified.append(frame["body"])
                    if frame["body"].get("token") != self.token:
                        return await socket.close(4001)
                    await socket.send_json({"op": READY, "body": {"logins": [self.login]}})
                    self._socket = socket

    def answer(self, api: str, fields: dict[str, Any]) -> tuple[int, Any]:
        """What the API returns."""
        if api == "login.get":
            return 200, self.login
        if api == "guild.list":
            return 200, {"data": [{"id": GUILD}]}
        if api == "channel.list":
            return 200, {"data": [{"id": "c1", "type": 0}, {"id": "c2", "type": 0}]}
        self.calls.append((api, fields))
        if api in self.failing:
            return self.failing[api], {}
        if api == "message.create":
            return 200, [{"id": f"s{len(self.calls)}", "content": fields["content"]}]
        return 200, {"id": "d1", "type": 1} if api == "user.channel.create" else {}


@contextlib.asynccontextmanager
async def satori(token: str, **fields: Any) -> AsyncIterator[Satori]:
    """The server, listening."""
    there, app = Satori(token, **fields), FastAPI()

    @app.websocket("/satori/v1/events")
    async def events(socket: WebSocket) -> None:
        await there.serve(socket)

    @app.post("/satori/v1/{api}")
    async def call(api: str, request: Request) -> JSONResponse:
        if request.headers.get("authorization") != f"Bearer {there.token}":
            return JSONResponse({}, 401)
        body = await request.body()
        status, answer = there.answer(api, await request.json() if body else {})
        return JSONResponse(answer, status)

    async with served(app) as url:
        there.url = f"{url}/satori"
        try:
            yield there
        finally:
            if there._socket is not None:
                with contextlib.suppress(RuntimeError):
                    await asyncio.wait_for(there.hang_up(), 5)
