"""Where Slack brings events: each is answered when Kafka has it; else Slack comes again, three times."""

import hashlib
import hmac
import time
from collections.abc import Awaitable, Callable
from typing import Any

from fastapi import APIRouter, Request
from pydantic_core import from_json

from connectors.sdk.outlet import Timed, Unavailable
from connectors.slack.translate import Translator
from shared.http.problems import Kind, refuse

TOLERANCE_SECONDS = 300


def is_signed(secret: str, timestamp: str, body: bytes, signature: str, now: float) -> bool:
    """Slack's signature, version 0: HMAC-SHA256 of `v0:timestamp:body`."""
    if not (timestamp.isascii() and timestamp.isdecimal()) or len(timestamp) > len("1709611200") + 2:
        return False
    signed = b":".join((b"v0", timestamp.encode(), body))
    expected = "v0=" + hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest()
    is_right = hmac.compare_digest(expected.encode(), signature.encode("utf-8", "replace"))
    return is_right and abs(now - int(timestamp)) <= TOLERANCE_SECONDS


def router(
    secret: str,
    translator: Translator,
    publish: Callable[[list[Timed]], Awaitable[None]],
    clock: Callable[[], float] = time.time,
) -> APIRouter:
    """The one route. `publish` returns when the events are durable, or raises Unavailable."""
    routes = APIRouter()

    @routes.post("/slack/events")
    async def take(request: Request) -> dict[str, str]:
        """Publish what happened, or answer Slack's question whether we are here."""
        body, headers = await request.body(), request.headers
        stamp, signature = headers.get("x-slack-request-timestamp", ""), headers.get("x-slack-signature", "")
        if not signature:
            raise refuse("credentials-missing", Kind.UNAUTHENTICATED)
        if not is_signed(secret, stamp, body, signature, clock()):
            raise refuse("credentials-wrong", Kind.UNAUTHENTICATED)
        content = _content(body)
        if content.get("type") == "url_verification":
            return {"challenge": str(content.get("challenge", ""))[:500]}
        try:
            await publish(translator.events(content.get("event")))
        except Unavailable:
            raise refuse("dependency-away", Kind.UNAVAILABLE) from None
        return {}

    return routes


def _content(body: bytes) -> dict[str, Any]:
    try:
        content = from_json(body)
    except ValueError:
        content = None
    if not isinstance(content, dict):
        raise refuse("fields-invalid", Kind.MALFORMED)
    return content
