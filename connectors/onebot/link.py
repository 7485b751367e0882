"""The reverse WebSocket: a OneBot implementation connects to us, tells events, and answers our calls."""

import asyncio
import itertools
import json
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from hmac import compare_digest
from typing import Any

from pydantic_core import from_json
from starlette.websockets import WebSocket, WebSocketDisconnect

from connectors.sdk.outcomes import Gone, NotYet, Refused, Unreachable, Unsupported

CALL_SECONDS_MAX = 15.0
EVENTS_WAITING_MAX = 1_000
"""More than that waits in the socket: the other side is slowed down."""
EVENTS_AT_ONCE = 200
POLICY_VIOLATION = 1008
NOT_FOUND_RETCODES = frozenset({404, 1404})
_echoes = itertools.count(1)

log = logging.getLogger(__name__)


@dataclass(slots=True)
class Link:
    """At most one implementation at a time; a newer connection replaces the older."""

    token: str
    on_events: Callable[[list[dict[str, Any]]], Awaitable[None]]
    """Returns when the events are durable; what comes meanwhile waits, and then comes together."""
    on_connect: Callable[[], Awaitable[None]]
    on_disconnect: Callable[[], Awaitable[None]]
    self_id: str = ""
    _socket: WebSocket | None = None
    _answers: dict[str, "asyncio.Future[dict[str, Any]]"] = field(default_factory=dict)

    @property
    def is_connected(self) -> bool:
        """Whether calls can be made."""
        return self._socket is not None

    async def serve(self, socket: WebSocket) -> None:
        """One connection from its handshake to its end."""
        scheme, _, token = socket.headers.get("authorization", "").partition(" ")
        given = token.strip().encode("utf-8", "replace")
        if scheme.lower() not in ("bearer", "token") or not compare_digest(given, self.token.encode()):
            await socket.close(POLICY_VIOLATION)
            return
        await socket.accept()
        self._socket, self.self_id = socket, socket.headers.get("x-self-id", "")[:40]
        events: asyncio.Queue[dict[str, Any]] = asyncio.Queue(EVENTS_WAITING_MAX)
        telling = asyncio.create_task(self._tell(events))
        try:
            await self.on_connect()
            await self._read(socket, events)
            await events.join()
        finally:
            telling.cancel()
            if self._socket is socket:
                self._socket = None
                self._give_up("the connection ended")
                await self.on_disconnect()

    async def call(self, action: str, **params: Any) -> Any:
        """One API call; its data. Raises what `connectors.sdk.outcomes` has for it."""
        socket = self._socket
        if socket is None:
            raise NotYet("no OneBot implementation is connected")
        echo = str(next(_echoes))
        answer = self._answers[echo] = asyncio.get_running_loop().create_future()
        try:
            await socket.send_text(json.dumps({"action": action, "params": params, "echo": echo}))
            async with asyncio.timeout(CALL_SECONDS_MAX):
                return _data(await answer)
        except (TimeoutError, RuntimeError, WebSocketDisconnect) as error:
            raise Unreachable(f"{action}: {type(error).__name__}", unsure=True) from None
        finally:
            self._answers.pop(echo, None)

    async def _read(self, socket: WebSocket, events: "asyncio.Queue[dict[str, Any]]") -> None:
        while True:
            try:
                text = await socket.receive_text()
            except (WebSocketDisconnect, KeyError):
                return
            try:
                content = from_json(text)
            except ValueError:
                log.warning("a frame is no JSON", extra={"action": "frame_unreadable"})
                continue
            if not isinstance(content, dict):
                continue
            if "post_type" in content:
                await events.put(content)
            elif (waiting := self._answers.get(str(content.get("echo")))) and not waiting.done():
                waiting.set_result(content)

    async def _tell(self, events: "asyncio.Queue[dict[str, Any]]") -> None:
        while True:
            batch = [await events.get()]
            while len(batch) < EVENTS_AT_ONCE and not events.empty():
                batch.append(events.get_nowait())
            try:
                await self.on_events(batch)
            except Exception as error:
                log.error("events were lost", exc_info=error, extra={"action": "events_lost"})
            finally:
                for _ in batch:
                    events.task_done()

    def _give_up(self, why: str) -> None:
        for answer in self._answers.values():
            if not answer.done():
                answer.set_exception(Unreachable(why, unsure=True))


def _data(answer: dict[str, Any]) -> Any:
    """Its data, or what its return code means (OneBot v11, section on API)."""
    retcode = answer.get("retcode", 0)
    if answer.get("status") in ("ok", "async") or retcode in (0, 1):
        return answer.get("data")
    told = f"retcode {retcode}"
    if retcode == 1404 or answer.get("status") == "unsupported":
        raise Unsupported(told)
    if retcode in NOT_FOUND_RETCODES:
        raise Gone(told)
    raise Refused(told)
