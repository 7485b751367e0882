"""Telegram's Bot API: one method per call, errors as the executor understands them.

Source: core.telegram.org/bots/api. The token is part of the address, so no address is ever logged.
"""

from dataclasses import dataclass, field
from typing import Any

import httpx

from connectors.sdk.outcomes import Busy, Gone, Refused, Unreachable

CALL_SECONDS_MAX = 20.0
POLL_SECONDS = 25
UPDATES_MAX = 100
UPDATES = (
    "message",
    "edited_message",
    "message_reaction",
    "chat_member",
    "my_chat_member",
    "chat_join_request",
)
VANISHED = ("message to delete not found", "message to pin not found", "message not found", "user not found")


@dataclass(slots=True)
class TelegramClient:
    """Errors are those of `connectors.sdk.outcomes`."""

    api: str
    token: str
    http: httpx.AsyncClient = field(
        default_factory=lambda: httpx.AsyncClient(timeout=CALL_SECONDS_MAX, trust_env=False)
    )

    async def call(self, method: str, *, seconds_max: float = CALL_SECONDS_MAX, **fields: Any) -> Any:
        """One request; its result."""
        url = f"{self.api}/bot{self.token}/{method}"
        try:
            answer = await self.http.post(url, json=fields, timeout=seconds_max)
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout) as error:
            raise Unreachable(f"Telegram cannot be reached: {type(error).__name__}") from None
        except httpx.HTTPError as error:
            raise Unreachable(f"no answer: {type(error).__name__}", unsure=True) from None
        body = _body(answer)
        if body.get("ok") is True:
            return body.get("result")
        raise _failure(answer.status_code, body)

    async def updates(self, offset: int) -> list[Any]:
        """What happened since; those before the offset are forgotten by Telegram. Waits for news."""
        found = await self.call(
            "getUpdates",
            seconds_max=POLL_SECONDS + CALL_SECONDS_MAX,
            offset=offset,
            timeout=POLL_SECONDS,
            limit=UPDATES_MAX,
            allowed_updates=UPDATES,
        )
        return found if isinstance(found, list) else []


def _body(answer: httpx.Response) -> dict[str, Any]:
    try:
        body = answer.json()
    except ValueError:
        return {}
    return body if isinstance(body, dict) else {}


def _failure(status: int, body: dict[str, Any]) -> Exception:
    """What a refusal means; Telegram's own sentence is kept to tell them apart, never shown."""
    told, sentence = f"HTTP {status}", str(body.get("description", "")).lower()
    if status == httpx.codes.TOO_MANY_REQUESTS:
        wait = (body.get("parameters") or {}).get("retry_after")
        return Busy(told, float(wait) if isinstance(wait, int | float) else 1.0)
    if status == httpx.codes.REQUEST_ENTITY_TOO_LARGE:
        return Refused(told)
    if status >= httpx.codes.INTERNAL_SERVER_ERROR or not body:
        return Unreachable(told, unsure=True)
    if status == httpx.codes.CONFLICT:
        return Unreachable(f"{told}: another process uses this bot's token")
    return Gone(told) if any(each in sentence for each in VANISHED) else Refused(told)
