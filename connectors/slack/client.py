"""Slack's Web API by its SDK, one method per call, with errors as the executor understands them.

The SDK's own retries are off: it would repeat a text that may have been sent.
"""

from dataclasses import dataclass
from typing import Any

from aiohttp import ClientConnectorError, ClientError, ClientSession, ClientTimeout
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from connectors.sdk.outcomes import Busy, Gone, Refused, Unreachable, of_status, seconds_of

CALL_SECONDS_MAX = 20.0
VANISHED = frozenset(("message_not_found", "channel_not_found", "user_not_found"))
PASSING = frozenset(("internal_error", "fatal_error", "service_unavailable", "request_timeout"))


@dataclass(slots=True)
class SlackClient:
    """Errors are those of `connectors.sdk.outcomes`."""

    session: ClientSession
    bot: AsyncWebClient
    admin: AsyncWebClient | None

    @classmethod
    def open(cls, api: str, token: str, admin_token: str | None) -> "SlackClient":
        """Within a running loop."""
        session = ClientSession(timeout=ClientTimeout(total=CALL_SECONDS_MAX))

        def client(token: str) -> AsyncWebClient:
            return AsyncWebClient(token, base_url=f"{api}/api/", session=session, retry_handlers=[])

        return cls(session, client(token), client(admin_token) if admin_token else None)

    async def call(self, method: str, *, as_admin: bool = False, **fields: Any) -> dict[str, Any]:
        """One request; its answer."""
        client = self.admin if as_admin and self.admin is not None else self.bot
        try:
            answer = await client.api_call(method, json=fields)
        except SlackApiError as error:
            raise _failure(error.response) from None
        except ClientConnectorError as error:
            raise Unreachable(f"Slack cannot be reached: {type(error).__name__}") from None
        except (ClientError, TimeoutError, AttributeError) as error:
            # AttributeError: the SDK asks plain text for its fields
            raise Unreachable(f"no answer: {type(error).__name__}", unsure=True) from None
        return dict(answer.data) if isinstance(answer.data, dict) else {}


def _failure(answer: Any) -> Exception:
    """What a refusal means: the SDK's answer, or aiohttp's where its body is none of Slack's."""
    status = getattr(answer, "status_code", None) or answer.status
    body = getattr(answer, "data", None)
    error = str(body.get("error", ""))[:60] if isinstance(body, dict) else ""
    if status == 429 or error == "ratelimited":
        return Busy(error or f"HTTP {status}", seconds_of(answer.headers.get("retry-after")))
    if error in PASSING:
        return Unreachable(error, unsure=True)
    if not error:
        return of_status(status) if status != 200 else Unreachable("no answer of Slack's", unsure=True)
    return Gone(error) if error in VANISHED else Refused(error)
