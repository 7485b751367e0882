"""Telegram's Bot API for tests: a true HTTP server that keeps updates until they are confirmed, limits texts,
and answers in the API's words."""

import asyncio
import contextlib
import itertools
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import uvicorn
from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse

from deploy.local.ports import choose_port
from tests.connector_world import until

BOT = 777_000_111
EVERYTHING = {
    "status": "administrator",
    "can_delete_messages": True,
    "can_restrict_members": True,
    "can_pin_messages": True,
    "can_invite_users": True,
}


@dataclass(slots=True)
class Telegram:
    """One bot; `failing` overrides what a method answers."""

    token: str
    url: str = ""
    membership: dict[str, Any] = field(default_factory=lambda: dict(EVERYTHING))
    kind: str = "supergroup"
    calls: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    called_at: list[float] = field(default_factory=list)
    failing: dict[str, tuple[int, dict[str, Any]]] = field(default_factory=dict)
    polls: int = 0
    _updates: list[dict[str, Any]] = field(default_factory=list)
    _numbers: "itertools.count[int]" = field(default_factory=lambda: itertools.count(1))

    def happens(self, kind: str, **fields: Any) -> None:
        """An update that waits until the bot fetches and confirms it."""
        content = {"date": int(time.time()), **fields}
        self._updates.append({"update_id": next(self._numbers), kind: content})

    def says(self, chat: int, text: str, user: int = 20_001, **fields: Any) -> int:
        """A message in a chat; its number."""
        number = next(self._numbers)
        self.happens("message", message_id=number, chat=chat_of(chat), text=text,
                     **{"from": person(user), **fields})  # fmt: skip
        return number

    async def answer(self, method: str, fields: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        """What the API returns."""
        if method == "getUpdates":
            return await self._poll(fields)
        if method not in ("getMe", "getChat", "getChatMember"):
            self.calls.append((method, fields))
            self.called_at.append(asyncio.get_running_loop().time())
        if method in self.failing:
            return self.failing[method]
        result: Any = {
            "getMe": {"id": BOT, "is_bot": True, "first_name": "Hearth"},
            "getChat": {
                "id": fields.get("chat_id"),
                "type": self.kind,
                "permissions": {"can_send_polls": True},
            },
            "getChatMember": {"user": {"id": BOT}, **self.membership},
            "sendMessage": {"message_id": 90_000 + len(self.calls)},
        }.get(method, True)
        return 200, {"ok": True, "result": result}

    async def _poll(self, fields: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        self.polls += 1
        if "getUpdates" in self.failing:
            return self.failing["getUpdates"]
        self._updates = [each for each in self._updates if each["update_id"] >= fields["offset"]]
        for _ in range(20):
            if self._updates:
                break
            await asyncio.sleep(0.02)
        return 200, {"ok": True, "result": self._updates[: fields["limit"]]}


def person(user: int, name: str = "安") -> dict[str, Any]:
    """A `User`."""
    return {"id": user, "is_bot": False, "first_name": name}


def chat_of(chat: int) -> dict[str, Any]:
    """A `Chat`."""
    return {"id": chat, "type": "supergroup", "title": "茶馆"}


@contextlib.asynccontextmanager
async def telegram(token: str) -> AsyncIterator[Telegram]:
    """The server, listening."""
    there, app, port = Telegram(token), FastAPI(), choose_port(None)
    there.url = f"http://127.0.0.1:{port}"

    @app.post("/bot{token}/{method}")
    async def call(token: str, method: str, request: Request) -> JSONResponse:
        if token != there.token:
            return JSONResponse({"ok": False, "error_code": 401, "description": "Unauthorized"}, 401)
        status, body = await there.answer(method, await request.json())
        return JSONResponse(body, status)

    server = uvicorn.Server(uvicorn.Config(app, port=port, log_config=None))
    task = asyncio.create_task(server.serve())
    await until(lambda: server.started or task.done())
    try:
        yield there
    finally:
        server.should_exit = True
        await task
