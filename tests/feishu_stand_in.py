"""Feishu's open platform for tests: tokens that end, events sealed and signed, an API that knows roles."""

import contextlib
import hashlib
import itertools
import json
import os
import time
from base64 import b64encode
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import httpx
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.padding import PKCS7
from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse, Response

from tests.chat_platform import served

APP, GROUP = "cli_a1b2c3d4", "oc_hall"
TOKENS = "/open-apis/auth/v3/tenant_access_token/internal"
TOKEN_ENDED, NOBODYS = 99991663, 231003
Answer = tuple[int, Any]


def sealed(key: str, document: Any) -> bytes:
    """A body as Feishu writes it."""
    vector = os.urandom(16)
    padder = PKCS7(128).padder()
    padded = padder.update(json.dumps(document).encode()) + padder.finalize()
    encryptor = Cipher(algorithms.AES(hashlib.sha256(key.encode()).digest()), modes.CBC(vector)).encryptor()
    return json.dumps({"encrypt": b64encode(vector + encryptor.update(padded)).decode()}).encode()


def signed(key: str, body: bytes) -> dict[str, str]:
    """The headers that go with it."""
    stamp, nonce = str(int(time.time())), os.urandom(8).hex()
    return {
        "x-lark-request-timestamp": stamp,
        "x-lark-request-nonce": nonce,
        "x-lark-signature": hashlib.sha256(f"{stamp}{nonce}{key}".encode() + body).hexdigest(),
    }


@dataclass(slots=True)
class Feishu:
    """One app in one group; `failing` overrides what a path answers."""

    client: httpx.AsyncClient
    secret: str
    key: str
    url: str = ""
    connector: str = ""
    group: dict[str, Any] = field(default_factory=lambda: {"user_manager_id_list": ["ou_2"]})
    """No person owns it: a bot does."""
    placed: dict[str, tuple[str, str]] = field(default_factory=dict)
    """By message: its group and author."""
    calls: list[tuple[str, str, Any]] = field(default_factory=list)
    failing: dict[str, Answer] = field(default_factory=dict)
    tokens: list[str] = field(default_factory=list)
    _numbers: "itertools.count[int]" = field(default_factory=lambda: itertools.count(1))

    async def brings(self, body: bytes, headers: dict[str, str]) -> httpx.Response:
        """A request of Feishu's, or of somebody who says so."""
        return await self.client.post(f"{self.connector}/feishu/events", content=body, headers=headers)

    async def happens(self, kind: str, event: Any, told_at: int | None = None) -> httpx.Response:
        """An event, told at so many milliseconds; the answer."""
        number = next(self._numbers)
        header = {"event_id": f"e{number}", "event_type": kind, "create_time": str(told_at or now()),
                  "token": "v", "app_id": APP, "tenant_key": "t"}  # fmt: skip
        body = sealed(self.key, {"schema": "2.0", "header": header, "event": event})
        return await self.brings(body, signed(self.key, body))

    async def says(self, text: str, member: str = "ou_1", **fields: Any) -> str:
        """A message in the group; its id."""
        message = said(f"om_{next(self._numbers)}", text, member, **fields)
        answer = await self.happens("im.message.receive_v1", message)
        assert answer.status_code == 200
        return str(message["message"]["message_id"])

    def end_tokens(self) -> None:
        """What was given is not taken any more."""
        self.tokens.append(f"t-{len(self.tokens)}")

    def answer(self, verb: str, path: str, headers: Any, body: Any) -> Answer:
        """What a request is answered."""
        if path == TOKENS:
            if body != {"app_id": APP, "app_secret": self.secret}:
                return 200, {"code": 10014, "msg": "app secret invalid"}
            self.end_tokens()
            return 200, {"code": 0, "tenant_access_token": self.tokens[-1], "expire": 7200}
        if not self.tokens or headers.get("authorization") != f"Bearer {self.tokens[-1]}":
            return 400, {"code": TOKEN_ENDED, "msg": "Invalid access token"}
        if path == f"/open-apis/im/v1/chats/{GROUP}":
            return 200, {"code": 0, "data": self.group}
        self.calls.append((verb, path.removeprefix("/open-apis/im/v1/"), body))
        if path in self.failing:
            return self.failing[path]
        if verb == "GET":
            return self._shown(path.rpartition("/")[2])
        return 200, {"code": 0, "data": {"message_id": f"om_sent{len(self.calls)}"}}

    def _shown(self, message: str) -> Answer:
        if message not in self.placed:
            return 400, {"code": NOBODYS, "msg": "The message is not found"}
        group, author = self.placed[message]
        sender = {"id": author, "id_type": "open_id", "sender_type": "user"}
        return 200, {
            "code": 0,
            "data": {"items": [{"message_id": message, "chat_id": group, "sender": sender}]},
        }


def now() -> int:
    """In milliseconds."""
    return time.time_ns() // 1_000_000


def user(member: str) -> dict[str, Any]:
    """Somebody, as events have them."""
    return {"open_id": member, "union_id": f"on_{member}", "user_id": None}


def reaction(message: str, member: str = "ou_2") -> dict[str, Any]:
    """An event of a reaction."""
    return {"message_id": message, "reaction_type": {"emoji_type": "OK"}, "operator_type": "user",
            "user_id": user(member), "action_time": str(now())}  # fmt: skip


def said(message: str, text: str, member: str = "ou_1", **fields: Any) -> dict[str, Any]:
    """An event of a message."""
    return {
        "sender": {"sender_id": user(member), "sender_type": "user"},
        "message": {"message_id": message, "create_time": str(now()), "chat_id": GROUP, "chat_type": "group",
                    "message_type": "text", "content": json.dumps({"text": text}), **fields},
    }  # fmt: skip


@contextlib.asynccontextmanager
async def feishu(secret: str, key: str) -> AsyncIterator[Feishu]:
    """The platform, listening."""
    api = FastAPI()

    @api.api_route("/{path:path}", methods=["GET", "POST", "DELETE"])
    async def call(path: str, request: Request) -> Response:
        body = await request.body()
        content = json.loads(body) if body else None
        status, answer = there.answer(request.method, request.url.path, request.headers, content)
        if isinstance(answer, str):
            return Response(answer, status, media_type="text/html")
        return JSONResponse(answer, status, headers={"x-ogw-ratelimit-reset": "1"})

    async with httpx.AsyncClient(trust_env=False, timeout=30) as client:
        there = Feishu(client, secret, key)
        async with served(api) as there.url:
            yield there
