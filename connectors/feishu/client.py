"""Feishu's open API: one request per call, errors as the executor understands them, a token that is renewed.

Source: open.feishu.cn, server API, error codes. Feishu's own sentences are not told: they may quote.
"""

import asyncio
import re
import time
from dataclasses import dataclass, field
from typing import Any

import httpx

from connectors.sdk.outcomes import Busy, Gone, Refused, Unreachable, of_status, seconds_of

CALL_SECONDS_MAX = 20.0
RENEWED_EARLIER_SECONDS = 300.0
TOKEN_REFUSED = frozenset((99991661, 99991663, 99991664, 99991665, 99991668, 99991671))
VANISHED = frozenset((230011, 230045, 230110, 231003, 232009))
"""Recalled, group dissolved, deleted, never there."""
BUSY = frozenset((99991400, 11232, 230020, 230047, 232019))
PASSING = frozenset((230049, 232008, 99991401))
"""Under way already, or failed within Feishu."""
_ID = re.compile(r"[A-Za-z0-9_-]{1,128}", re.ASCII)


@dataclass(slots=True)
class FeishuClient:
    """Errors are those of `connectors.sdk.outcomes`."""

    api: str
    app_id: str
    secret: str
    http: httpx.AsyncClient = field(
        default_factory=lambda: httpx.AsyncClient(timeout=CALL_SECONDS_MAX, trust_env=False)
    )
    _token: str | None = None
    _token_until: float = 0.0
    _turn: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def call(self, verb: str, path: str, body: Any = None, **query: str) -> dict[str, Any]:
        """The `data` of an answer."""
        token = await self._current_token()
        answer = await self._ask(verb, path, body, query, {"authorization": f"Bearer {token}"})
        content = _content(answer)
        if content.get("code") in TOKEN_REFUSED:
            self._token = None
            raise Unreachable("the token is refused and renewed")
        data = _checked(answer, content).get("data")
        return data if isinstance(data, dict) else {}

    async def _current_token(self) -> str:
        async with self._turn:
            if self._token is None or time.monotonic() > self._token_until:
                wanted = {"app_id": self.app_id, "app_secret": self.secret}
                try:
                    answer = await self._ask("POST", "auth/v3/tenant_access_token/internal", wanted, {}, {})
                    content = _checked(answer, _content(answer))
                except Unreachable as error:
                    raise Unreachable(str(error)) from None  # what was asked for is surely not done
                self._token = str(content.get("tenant_access_token"))
                lasts = float(content.get("expire") or 0.0) - RENEWED_EARLIER_SECONDS
                self._token_until = time.monotonic() + lasts
            return self._token

    async def _ask(
        self, verb: str, path: str, body: Any, query: dict[str, str], headers: dict[str, str]
    ) -> httpx.Response:
        url = f"{self.api}/open-apis/{path}"
        try:
            return await self.http.request(verb, url, json=body, params=query, headers=headers)
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout) as error:
            raise Unreachable(f"Feishu cannot be reached: {type(error).__name__}") from None
        except httpx.HTTPError as error:
            raise Unreachable(f"no answer: {type(error).__name__}", unsure=True) from None


def in_path(platform_id: str) -> str:
    """An id as a part of an address. Raises Refused for what is none of Feishu's."""
    if not _ID.fullmatch(platform_id):
        raise Refused("the id is none of Feishu's")
    return platform_id


def _content(answer: httpx.Response) -> dict[str, Any]:
    try:
        content = answer.json()
    except ValueError:
        return {}
    return content if isinstance(content, dict) else {}


def _checked(answer: httpx.Response, content: dict[str, Any]) -> dict[str, Any]:
    """The content of a success."""
    status, code = answer.status_code, content.get("code")
    if status == httpx.codes.OK and code == 0:
        return content
    told = f"HTTP {status}" + (f" code {code}" if isinstance(code, int) else "")
    if status == httpx.codes.TOO_MANY_REQUESTS or code in BUSY:
        raise Busy(told, seconds_of(answer.headers.get("x-ogw-ratelimit-reset")))
    if status >= httpx.codes.INTERNAL_SERVER_ERROR or code in PASSING:
        raise Unreachable(told, unsure=True)
    if code in VANISHED:
        raise Gone(told)
    if not isinstance(code, int):
        raise (
            of_status(status)
            if status != httpx.codes.OK
            else Unreachable("no answer of Feishu's", unsure=True)
        )
    raise Refused(told)
