"""A Milky implementation for tests: a true WebSocket of events, and its HTTP API with return codes."""

import contextlib
import itertools
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

from fastapi import FastAPI, Request, WebSocket, WebSocketDisconnect
from fastapi.responses import JSONResponse

from tests.chat_platform import served

SELF = 10000
GROUP_FIELDS = {"group_name": "茶馆", "member_count": 3, "max_member_count": 200}


@dataclass(slots=True)
class Milky:
    """One account; `failing` overrides an API's status and return code."""

    token: str
    url: str = ""
    role: str = "admin"
    calls: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    failing: dict[str, tuple[int, int]] = field(default_factory=dict)
    connections: int = 0
    _socket: WebSocket | None = None
    _numbers: "itertools.count[int]" = field(default_factory=lambda: itertools.count(1))

    async def happens(self, kind: str, **data: Any) -> None:
        """An event."""
        assert self._socket
        event = {"event_type": kind, "time": int(time.time()), "self_id": SELF, "data": data}
        await self._socket.send_json(event)

    async def says(self, group: int, text: str | list[Any], user: int = 20001, **fields: Any) -> int:
        """A group message; its number."""
        number = next(self._numbers)
        segments = text if isinstance(text, list) else [segment("text", text=text)]
        await self.happens(
            "message_receive",
            **{
                "message_scene": "group",
                "peer_id": group,
                "message_seq": number,
                "sender_id": user,
                "time": int(time.time()),
                "segments": segments,
                "group": {"group_id": group, **GROUP_FIELDS},
                "group_member": member(group, user, "member"),
                **fields,
            },
        )
        return number

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
        if socket.query_params.get("access_token") != self.token:
            return await socket.close(4001)
        await socket.accept()
        self._socket, self.connections = socket, self.connections + 1
        with contextlib.suppress(WebSocketDisconnect, RuntimeError):
            while True:
                await socket.receive_text()

    def answer(self, api: str, fields: dict[str, Any]) -> tuple[int, Any]:
        """What the API returns."""
        if api == "get_login_info":
            return 200, _ok({"uin": SELF, "nickname": "炉火"})
        if api == "get_group_member_info":
            return 200, _ok({"member": member(fields["group_id"], SELF, self.role)})
        self.calls.append((api, fields))
        status, retcode = self.failing.get(api, (200, 0))
        if status != 200 or retcode:
            return status, {"status": "failed", "retcode": retcode, "message": "secret words"}
        if api.startswith("send_"):
            return 200, _ok({"message_seq": 90_000 + len(self.calls), "time": int(time.time())})
        return 200, _ok({})


def segment(kind: str, **data: Any) -> dict[str, Any]:
    """A piece of a message."""
    return {"type": kind, "data": data}


def member(group: int, user: int, role: str) -> dict[str, Any]:
    """A member of a group."""
    return {
        "user_id": user, "nickname": "安", "sex": "unknown", "group_id": group, "card": "", "title": "",
        "level": 1, "role": role, "join_time": 1, "last_sent_time": 1,
    }  # fmt: skip


def _ok(data: Any) -> dict[str, Any]:
    return {"status": "ok", "retcode": 0, "data": data}


@contextlib.asynccontextmanager
async def milky(token: str, **fields: Any) -> AsyncIterator[Milky]:
    """The implementation, listening."""
    there, app = Milky(token, **fields), FastAPI()

    @app.websocket("/event")
    async def events(socket: WebSocket) -> None:
        await there.serve(socket)

    @app.post("/api/{api}")
    async def call(api: str, request: Request) -> JSONResponse:
        if request.headers.get("authorization") != f"Bearer {there.token}":
            return JSONResponse({}, 401)
        status, answer = there.answer(api, await request.json())
        return JSONResponse(answer, status)

    async with served(app) as there.url:
        try:
            yield there
        finally:
            if there._socket is not None:
                with contextlib.suppress(RuntimeError):
                    await there.hang_up()
