"""Where Slack brings events: each is answered when Kafka has it; else Slack comes again, three times."""

from collections.abc import Awaitable, Callable
from typing import Any

from fastapi import APIRouter, Request
from pydantic_core import from_json
from slack_sdk.signature import SignatureVerifier

from connectors.sdk.outlet import Timed, Unavailable
from connectors.slack.translate import Translator
from shared.http.problems import Kind, refuse


def is_signed(verifier: SignatureVerifier, timestamp: str, body: bytes, signature: str) -> bool:
    """Slack's signature by its SDK, which answers nonsense with various errors."""
    try:
        return verifier.is_valid(body, timestamp, signature)
    except (ValueError, TypeError, OverflowError):
        return False


def router(
    secret: str,
    translator: Translator,
    publish: Callable[[list[Timed]], Awaitable[None]],
) -> APIRouter:
    """The one route. `publish` returns when the events are durable, or raises Unavailable."""
    routes, verifier = APIRouter(), SignatureVerifier(secret)

    @routes.post("/slack/events")
    async def take(request: Request) -> dict[str, str]:
        """Publish what happened, or answer Slack's question whether we are here."""
        body, headers = await request.body(), request.headers
        stamp, signature = headers.get("x-slack-request-timestamp", ""), headers.get("x-slack-signature", "")
        if not signature:
            raise refuse("credentials-missing", Kind.UNAUTHENTICATED)
        if not is_signed(verifier, stamp, body, signature):
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
