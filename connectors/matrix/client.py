"""The homeserver's client API, as the application service's own user: one method per act.

Source: Matrix client-server specification 1.11. Sending and redacting carry a transaction id, so the server
drops a second one; the other acts set a state that a second time changes nothing of.
"""

from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

import httpx

from connectors.sdk.outcomes import Busy, Gone, Refused, Unreachable

CALL_SECONDS_MAX = 20.0
_PREFIX = "/_matrix/client/v3"
Content = dict[str, Any]


@dataclass(slots=True)
class MatrixClient:
    """Errors are those of `connectors.sdk.outcomes`."""

    homeserver: str
    token: str
    http: httpx.AsyncClient = field(
        default_factory=lambda: httpx.AsyncClient(timeout=CALL_SECONDS_MAX, trust_env=False)
    )

    async def register(self, localpart: str) -> None:
        """Make the bot's user, unless it is there."""
        body = {"type": "m.login.application_service", "username": localpart}
        try:
            await self.call("POST", "/register", body)
        except Refused as error:
            if "M_USER_IN_USE" not in str(error):
                raise

    async def join(self, room: str) -> None:
        """Come into a room: by an invitation, or because it is open."""
        await self.call("POST", f"/rooms/{_part(room)}/join", {})

    async def send(self, room: str, transaction: str, content: Content) -> str:
        """Send a message; its event id."""
        path = f"/rooms/{_part(room)}/send/m.room.message/{_part(transaction)}"
        return str((await self.call("PUT", path, content))["event_id"])

    async def redact(self, room: str, event: str, transaction: str, reason: str) -> None:
        """Take an event's content away."""
        path = f"/rooms/{_part(room)}/redact/{_part(event)}/{_part(transaction)}"
        await self.call("PUT", path, {"reason": reason} if reason else {})

    async def membership(self, act: str, room: str, user: str, reason: str) -> None:
        """`kick`, `ban`, `unban` or `invite`."""
        content = {"user_id": user, **({"reason": reason} if reason else {})}
        await self.call("POST", f"/rooms/{_part(room)}/{act}", content)

    async def state(self, room: str, kind: str) -> Content:
        """A room's state of this type; empty where there is none. Raises Gone for an unknown room."""
        try:
            found: Content = await self.call("GET", f"/rooms/{_part(room)}/state/{kind}")
        except Gone:
            return {}
        return found

    async def set_state(self, room: str, kind: str, content: Content) -> None:
        """Set it."""
        await self.call("PUT", f"/rooms/{_part(room)}/state/{kind}", content)

    async def joined_rooms(self) -> set[str]:
        """Where the bot is."""
        return set((await self.call("GET", "/joined_rooms"))["joined_rooms"])

    async def direct_room(self, user: str) -> str:
        """Make a room for two."""
        body = {"preset": "trusted_private_chat", "is_direct": True, "invite": [user]}
        return str((await self.call("POST", "/createRoom", body))["room_id"])

    async def call(self, method: str, path: str, content: Content | None = None) -> Content:
        """One request."""
        url = self.homeserver + _PREFIX + path
        headers = {"authorization": f"Bearer {self.token}"}
        try:
            answer = await self.http.request(method, url, json=content, headers=headers)
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout) as error:
            raise Unreachable(f"the homeserver cannot be reached: {type(error).__name__}") from None
        except httpx.HTTPError as error:
            raise Unreachable(f"no answer: {type(error).__name__}", unsure=True) from None
        if answer.is_success:
            found: Content = answer.json()
            return found
        raise _failure(answer)


def _part(text: str) -> str:
    return quote(text, safe="")


def _failure(answer: httpx.Response) -> Exception:
    """What the status and `errcode` mean; the server's own sentence is left out, as it may quote a member."""
    try:
        body = answer.json()
    except ValueError:
        body = {}
    code = str(body.get("errcode", ""))[:60] if isinstance(body, dict) else ""
    told = f"HTTP {answer.status_code} {code}".strip()
    if answer.status_code == httpx.codes.TOO_MANY_REQUESTS:
        wait = body.get("retry_after_ms") if isinstance(body, dict) else None
        return Busy(told, wait / 1000 if isinstance(wait, int | float) else 1.0)
    if answer.is_server_error:
        return Unreachable(told, unsure=True)
    return Gone(told) if answer.status_code == httpx.codes.NOT_FOUND else Refused(told)
