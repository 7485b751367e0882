"""Discord for tests: a true gateway, whose sessions can be resumed, and its HTTP API."""

import contextlib
import itertools
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from fastapi import FastAPI, Request, WebSocket, WebSocketDisconnect
from fastapi.responses import JSONResponse, Response

from tests.chat_platform import served

DISPATCH, HEARTBEAT, IDENTIFY, RESUME, INVALID_SESSION, HELLO, ACK = 0, 1, 2, 6, 9, 10, 11
SELF, GUILD, CHANNEL = 9_000, 500, 701
EVERYTHING = "8"
"""The bit of administrators."""


@dataclass(slots=True)
class Discord:
    """One bot in one guild; `failing` overrides what a path answers."""

    token: str
    url: str = ""
    permissions: str = EVERYTHING
    denied: str = "0"
    """In the channel, to everybody."""
    calls: list[tuple[str, str, Any, str | None]] = field(default_factory=list)
    """Verb, path, body, reason."""
    failing: dict[str, tuple[int, Any]] = field(default_factory=dict)
    begun: list[int] = field(default_factory=list)
    """Opcodes with which connections began."""
    forgets: bool = False
    """Whether it refuses to resume a session."""
    _told: list[dict[str, Any]] = field(default_factory=list)
    _socket: WebSocket | None = None
    _numbers: "itertools.count[int]" = field(default_factory=lambda: itertools.count(1))

    async def happens(self, kind: str, **data: Any) -> None:
        """An event; kept for a session that is resumed."""
        frame = {"op": DISPATCH, "s": len(self._told) + 2, "t": kind, "d": data}
        self._told.append(frame)
        if self._socket is not None:
            await self._socket.send_json(frame)

    async def says(self, text: str, user: int = 20001, **fields: Any) -> int:
        """A message in the channel; its number."""
        number = next(self._numbers)
        await self.happens("MESSAGE_CREATE", **message(number, text, user, **fields))
        return number

    async def hang_up(self) -> None:
        """End the connection; what happens now is brought when the session is resumed."""
        assert self._socket
        socket, self._socket = self._socket, None
        await socket.close(4000)

    async def serve(self, socket: WebSocket) -> None:
        """One connection."""
        await socket.accept()
        await socket.send_json({"op": HELLO, "d": {"heartbeat_interval": 45_000}})
        with contextlib.suppress(WebSocketDisconnect, RuntimeError):
            while True:
                frame = await socket.receive_json()
                if frame["op"] == HEARTBEAT:
                    await socket.send_json({"op": ACK})
                    continue
                self.begun.append(frame["op"])
                if frame["op"] == RESUME and self.forgets:
                    await socket.send_json({"op": INVALID_SESSION, "d": False})
                    continue
                if frame["d"]["token"] != f"Bot {self.token}":
                    return await socket.close(4004)
                if frame["op"] == IDENTIFY:
                    await socket.send_json({"op": DISPATCH, "s": 1, "t": "READY", "d": self._ready()})
                for missed in self._told:
                    if frame["op"] == RESUME and missed["s"] > frame["d"]["seq"]:
                        await socket.send_json(missed)
                self._socket = socket

    def _ready(self) -> dict[str, Any]:
        gateway = self.url.replace("http", "ws") + "/gateway"
        return {"v": 10, "user": person(SELF, bot=True), "guilds": [{"id": str(GUILD), "unavailable": True}],
                "session_id": f"s{len(self.begun)}", "resume_gateway_url": gateway,
                "application": {"id": str(SELF), "flags": 0}}  # fmt: skip

    def answer(self, verb: str, path: str, body: Any, reason: str | None) -> tuple[int, Any]:
        """What the API returns."""
        asked = {
            "gateway/bot": {
                "url": self.url.replace("http", "ws") + "/gateway", "shards": 1,
                "session_start_limit": {"total": 9, "remaining": 9, "reset_after": 1, "max_concurrency": 1},
            },
            "users/@me": person(SELF, bot=True),
            f"channels/{CHANNEL}": {
                "id": str(CHANNEL), "type": 0, "guild_id": str(GUILD),
                "permission_overwrites": [
                    {"id": str(GUILD), "type": 0, "allow": "0", "deny": self.denied}
                ],
            },
            f"guilds/{GUILD}/roles": [role(GUILD, "0"), role(600, self.permissions)],
            f"guilds/{GUILD}/members/{SELF}": member(SELF, ["600"]),
        }  # fmt: skip
        if verb == "GET" and path in asked:
            return 200, asked[path]
        self.calls.append((verb, path, body, reason))
        if path in self.failing:
            return self.failing[path]
        if path.endswith("/messages"):
            return 200, message(90_000 + len(self.calls), body["content"], SELF)
        if verb == "PATCH":
            return 200, member(20001, [])
        return (200, {"id": "800", "type": 1}) if path == "users/@me/channels" else (204, None)


def person(user: int, **fields: Any) -> dict[str, Any]:
    """A `User`."""
    return {"id": str(user), "username": "ann", "global_name": "安", "discriminator": "0", "avatar": None,
            **fields}  # fmt: skip


def member(user: int, roles: list[str]) -> dict[str, Any]:
    """A `GuildMember`."""
    return {"user": person(user), "roles": roles, "joined_at": _now(), "flags": 0}


def role(number: int, permissions: str) -> dict[str, Any]:
    """A `Role`."""
    return {"id": str(number), "name": "r", "color": 0, "hoist": False, "position": 1,
            "permissions": permissions, "managed": False, "mentionable": False}  # fmt: skip


def message(number: int, text: str, user: int, **fields: Any) -> dict[str, Any]:
    """A `Message`."""
    return {
        "id": str(number), "channel_id": str(CHANNEL), "guild_id": str(GUILD), "author": person(user),
        "content": text, "timestamp": _now(), "edited_timestamp": None, "tts": False,
        "mention_everyone": False, "mentions": [], "mention_roles": [], "attachments": [], "embeds": [],
        "pinned": False, "type": 0, **fields,
    }  # fmt: skip


def _now() -> str:
    return datetime.now(UTC).isoformat()


@contextlib.asynccontextmanager
async def discord(token: str, port: int | None = None, **fields: Any) -> AsyncIterator[Discord]:
    """The platform, listening."""
    there, app = Discord(token, **fields), FastAPI()

    @app.websocket("/gateway")
    async def gateway(socket: WebSocket) -> None:
        await there.serve(socket)

    @app.api_route("/api/v10/{path:path}", methods=["GET", "POST", "PUT", "PATCH", "DELETE"])
    async def call(path: str, request: Request) -> Response:
        if request.headers.get("authorization") != f"Bot {there.token}":
            return JSONResponse({"code": 0, "message": "401: Unauthorized"}, 401)
        body = await request.json() if await request.body() else None
        reason = request.headers.get("x-audit-log-reason")
        status, answer = there.answer(request.method, path, body, reason)
        if isinstance(answer, str):
            return Response(answer, status, media_type="text/html")
        return JSONResponse(answer, status) if answer is not None else Response(status_code=status)

    async with served(app, port) as there.url:
        try:
            yield there
        finally:
            if there._socket is not None:
                with contextlib.suppress(RuntimeError):
                    await there.hang_up()
