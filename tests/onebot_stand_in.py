"""A OneBot v11 implementation for tests: it connects to the connector as NapCat or Lagrange do, over a true
reverse WebSocket, tells group messages and answers API calls in the protocol's words."""

import asyncio
import json
import time
from dataclasses import dataclass, field
from typing import Any

from websockets.asyncio.client import ClientConnection, connect

SELF = 10000


@dataclass(slots=True)
class OneBot:
    """One account; `answers` overrides what an action returns."""

    url: str
    token: str
    role: str = "admin"
    calls: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    answers: dict[str, dict[str, Any]] = field(default_factory=dict)
    _socket: ClientConnection | None = None
    _reading: "asyncio.Task[None] | None" = None
    _sent: int = 0

    async def __aenter__(self) -> "OneBot":
        """Connect."""
        headers = {
            "Authorization": f"Bearer {self.token}",
            "X-Self-ID": str(SELF),
            "X-Client-Role": "Universal",
        }
        self._socket = await connect(self.url, additional_headers=headers, proxy=None)
        self._reading = asyncio.create_task(self._read())
        return self

    async def __aexit__(self, *error: object) -> None:
        """Disconnect."""
        assert self._socket
        assert self._reading
        await self._socket.close()
        self._reading.cancel()

    async def tell(self, **event: Any) -> None:
        """Send an event."""
        assert self._socket
        common = {"time": int(time.time()), "self_id": SELF}
        await self._socket.send(json.dumps({**common, **event}))

    async def say(self, group: int, message: Any, user: int = 20001, **fields: Any) -> int:
        """A group message; its id."""
        self._sent += 1
        await self.tell(
            post_type="message",
            message_type="group",
            sub_type="normal",
            group_id=group,
            user_id=user,
            message_id=self._sent,
            message=message,
            raw_message=str(message),
            sender={"user_id": user, "nickname": "安", "card": "", "role": "member"},
            **fields,
        )
        return self._sent

    async def raw(self, text: str | bytes) -> None:
        """Send a frame that may be anything."""
        assert self._socket
        await self._socket.send(text)

    async def _read(self) -> None:
        assert self._socket
        async for frame in self._socket:
            request = json.loads(frame)
            action, params = request["action"], request.get("params", {})
            if action != "get_group_member_info":
                self.calls.append((action, params))
            answer = self.answers.get(action) or {"status": "ok", "retcode": 0, "data": self._data(action)}
            await self._socket.send(json.dumps({**answer, "echo": request["echo"]}))

    def _data(self, action: str) -> Any:
        if action == "get_group_member_info":
            return {"user_id": SELF, "role": self.role}
        if action in ("send_group_msg", "send_private_msg"):
            return {"message_id": 90_000 + len(self.calls)}
        return None
