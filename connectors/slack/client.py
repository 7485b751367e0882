"""Slack's Web API: one method per call, errors as the executor understands them.

Source: api.slack.com/web. A failure is a 200 with `"ok": false`.
"""

from dataclasses import dataclass, field
from typing import Any

import httpx

from connectors.sdk.outcomes import Busy, Gone, Refused, Unreachable

CALL_SECONDS_MAX = 20.0
VANISHED = frozenset(("message_not_found", "channel_not_found", "user_not_found"))
PASSING = frozenset(("internal_error", "fatal_error", "service_unavailable", "request_timeout"))


@dataclass(slots=True)
class SlackClient:
    """Errors are those of `connectors.sdk.outcomes`."""

    api: str
    token: str
    admin_token: str | None = None
    http: httpx.AsyncClient = field(
        default_factory=lambda: httpx.AsyncClient(timeout=CALL_SECONDS_MAX, trust_env=False)
    )

    async def call(self, method: str, *, as_admin: bool = False, **fields: Any) -> dict[str, Any]:
        """One request; its answer."""
        token = self.admin_token if as_admin and self.admin_token else self.token
        headers = {"authorization": f"Bearer {token}", "content-type": "application/json; charset=utf-8"}
        try:
            answer = await self.http.post(f"{self.api}/api/{method}", json=fields, headers=headers)
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout) as error:
            raise Unreachable(f"Slack cannot be reached: {type(error).__name__}") from None
        except httpx.HTTPError as error:
            raise Unreachable(f"no answer: {type(error).__name__}", unsure=True) from None
        if answer.status_code == httpx.codes.TOO_MANY_REQUESTS:
            wait = answer.headers.get("retry-after", "")
            raise Busy("HTTP 429", float(wait) if wait.isdecimal() else 1.0)
        body = _body(answer)
        if body.get("ok") is True:
            return body
        raise _failure(answer.status_code, str(body.get("error", ""))[:60])


def _body(answer: httpx.Response) -> dict[str, Any]:
    try:
        body = answer.json()
    except ValueError:
        return {}
    return body if isinstance(body, dict) else {}


def _failure(status: int, error: str) -> Exception:
    told = error or f"HTTP {status}"
    if error == "ratelimited":
        return Busy(told)
    if status >= httpx.codes.INTERNAL_SERVER_ERROR or not error or error in PASSING:
        return Unreachable(told, unsure=True)
    return Gone(told) if error in VANISHED else Refused(told)
