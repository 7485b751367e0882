"""Bounds what a request may send: its size, and the time until it is complete."""

import asyncio

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from shared.http.problems import Kind, refuse

BODY_BYTES_MAX = 1_048_576
BODY_SECONDS_MAX = 20.0


class BodyLimit:
    """Reads the whole body before the service sees the request, so that no route needs to think of it."""

    def __init__(
        self, app: ASGIApp, bytes_max: int = BODY_BYTES_MAX, seconds_max: float = BODY_SECONDS_MAX
    ) -> None:
        self._app = app
        self._bytes_max = bytes_max
        self._seconds_max = seconds_max

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on with its body, or raise the refusal."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        self._check_length(Headers(scope=scope).get("content-length", ""))
        try:
            async with asyncio.timeout(self._seconds_max):
                body = await self._read(receive)
        except TimeoutError:
            raise refuse("body-too-slow", Kind.TOO_SLOW, headers={"connection": "close"}) from None
        unread: list[Message] = [body]

        async def replay() -> Message:
            return unread.pop() if unread else await receive()

        await self._app(scope, replay, send)

    def _check_length(self, declared: str) -> None:
        if declared.isdecimal() and int(declared) > self._bytes_max:
            raise self._too_large()

    async def _read(self, receive: Receive) -> Message:
        parts: list[bytes] = []
        size = 0
        while True:
            message = await receive()
            if message["type"] != "http.request":
                return message
            parts.append(message.get("body", b""))
            size += len(parts[-1])
            if size > self._bytes_max:
                raise self._too_large()
            if not message.get("more_body", False):
                return {"type": "http.request", "body": b"".join(parts), "more_body": False}

    def _too_large(self) -> Exception:
        return refuse(
            "body-too-large", Kind.TOO_LARGE, headers={"connection": "close"}, bytes_max=self._bytes_max
        )
