"""QQ's open platform for tests: tokens, a true gateway, an API that refuses texts that answer nothing."""

import contextlib
import itertools
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from fastapi import FastAPI, Request, WebSocket, WebSocketDisconnect
from fastapi.responses import JSONResponse, Response

from tests.chat_platform import served

DISPATCH, HEARTBEAT, IDENTIFY, RESUME, HELLO, ACK = 0, 1, 2, 6, 10, 11
APP, GROUP = "102000001", "G0001"
UNASKED = 304082


@dataclass(slots=True)
class QQ:
    """One bot; `failing` overrides what a path answers."""

    secret: str
    url: str = ""
    role: str = "admin"
    calls: list[tuple[str, str, Any]] = field(default_factory=list)
    failing: dict[str, tuple[int, Any]] = field(default_factory=dict)
    begun: list[int] = field(default_factory=list)
    _told: list[dict[str, Any]] = field(default_factory=list)
    _answered: set[tuple[str, int]] = field(default_factory=set)
    _socket: WebSocket | None = None
    _numbers: "itertools.count[int]" = field(default_factory=lambda: itertools.count(1))

    async def happens(self, kind: str, **data: Any) -> None:
        """An event; kept for a session that is resumed."""
        frame = {"op": DISPATCH, "s": len(self._told) + 2, "t": kind, "id": f"e{len(self._told)}", "d": data}
        self._told.append(frame)
        if self._socket is not None:
            await self._socket.send_json(frame)

    async def says(self, text: str, member: str = "M20001", **fields: Any) -> str:
        """A message in the group; its id."""
        message = f"ROBOT1.0_m{next(self._numbers)}"
        await self.happens(
            "GROUP_MESSAGE_CREATE",
            **{"id": message, "content": text, "timestamp": now(), "group_id": GROUP, "group_openid": GROUP,
               "author": author(member), **fields},
        )  # fmt: skip
        return message

    async def hang_up(self) -> None:
        """End the connection; what happens now is brought when the session is resumed."""
        assert self._socket
        socket, self._socket = self._socket, None
        await socket.close(4009)

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
                if frame["d"]["token"] != f"QQBot {self._token}":
                    return await socket.close(4004)
                if frame["op"] == IDENTIFY:
                    ready = {"version": 1, "session_id": f"s{len(self.begun)}", "shard": [0, 1],
                             "user": {"id": "1", "username": "炉火", "bot": True}}  # fmt: skip
                    await socket.send_json({"op": DISPATCH, "s": 1, "t": "READY", "d": ready})
                for missed in self._told:
                    if frame["op"] == RESUME and missed["s"] > frame["d"]["seq"]:
                        await socket.send_json(missed)
                self._socket = socket

    @property
    def _token(self) -> str:
        return f"token-of-{self.secret}"

    def answer(self, verb: str, path: str, body: Any) -> tuple[int, Any]:
        """What the API returns."""
        if path == "gateway/bot":
            limit = {"total": 9, "remaining": 9, "reset_after": 1, "max_concurrency": 1}
            gateway = self.url.replace("http", "ws") + "/gateway"
            return 200, {"url": gateway, "shards": 1, "session_start_limit": limit}
        if path == f"v2/groups/{GROUP}/bot_state":
            return 200, {"member_openid": "MBOT", "joined_at": now(), "allow_proactive_msg": False,
                         "recv_msg_setting": "all", "member_role": self.role}  # fmt: skip
        self.calls.append((verb, path, body))
        if path in self.failing:
            return self.failing[path]
        if path.endswith("/messages"):
            answered = (body.get("msg_id", ""), body.get("msg_seq", 1))
            if not answered[0] or answered in self._answered:
                return 400, {"code": UNASKED, "message": "secret words"}
            self._answered.add(answered)
            return 200, {"id": f"sent{len(self.calls)}", "timestamp": now()}
        return 200, {}


def author(member: str, **fields: Any) -> dict[str, Any]:
    """Who wrote a message."""
    return {"id": member, "bot": False, "member_openid": member, "member_role": "member", "username": "安",
            **fields}  # fmt: skip


def now() -> str:
    """As QQ writes moments."""
    return datetime.now(UTC).astimezone().isoformat(timespec="seconds")


@contextlib.asynccontextmanager
async def qq(secret: str, **fields: Any) -> AsyncIterator[QQ]:
    """The platform, listening."""
    there, app = QQ(secret, **fields), FastAPI()

    @app.websocket("/gateway")
    async def gateway(socket: WebSocket) -> None:
        await there.serve(socket)

    @app.post("/app/getAppAccessToken")
    async def token(request: Request) -> JSONResponse:
        asked = await request.json()
        if asked != {"appId": APP, "clientSecret": there.secret}:
            return JSONResponse({"code": 100016, "message": "invalid appid or secret"})
        return JSONResponse({"access_token": there._token, "expires_in": "7200"})

    @app.api_route("/{path:path}", methods=["GET", "POST", "DELETE"])
    async def call(path: str, request: Request) -> Response:
        if request.headers.get("authorization") != f"QQBot {there._token}":
            return JSONResponse({"code": 11244}, 401)
        body = await request.json() if await request.body() else None
        status, answer = there.answer(request.method, path, body)
        return JSONResponse(answer, status)

    async with served(app) as there.url:
        try:
            yield there
        finally:
            if there._socket is not None:
                with contextlib.suppress(RuntimeError):
                    await there.hang_up()
