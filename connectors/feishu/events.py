"""Where Feishu brings events: each is answered when Kafka has it; else Feishu comes again, four times."""

from collections.abc import Awaitable, Callable
from typing import Any

from fastapi import APIRouter, Request
from pydantic_core import from_json

from connectors.feishu.sealed import is_signed, opened
from connectors.sdk.outlet import Unavailable
from shared.http.problems import Kind, refuse

CHALLENGE_CHARACTERS_MAX = 500


def router(key: str, publish: Callable[[dict[str, Any]], Awaitable[None]]) -> APIRouter:
    """The one route. `publish` returns when what a document tells is durable, or raises Unavailable."""
    routes = APIRouter()

    @routes.post("/feishu/events")
    async def take(request: Request) -> dict[str, str]:
        """Publish what happened, or answer Feishu's question whether we know the key, which is not signed."""
        body = await request.body()
        document = _document(key, body)
        if document.get("type") == "url_verification":
            return {"challenge": str(document.get("challenge", ""))[:CHALLENGE_CHARACTERS_MAX]}
        if not is_signed(key, request.headers, body):
            raise refuse("credentials-wrong", Kind.UNAUTHENTICATED)
        try:
            await publish(document)
        except Unavailable:
            raise refuse("dependency-away", Kind.UNAVAILABLE) from None
        return {}

    return routes


def _document(key: str, body: bytes) -> dict[str, Any]:
    """What was sealed; whatever is wrong with it, it is answered alike."""
    try:
        document = from_json(opened(key, from_json(body)["encrypt"]))
    except (ValueError, TypeError, KeyError):
        document = None
    if not isinstance(document, dict):
        raise refuse("credentials-wrong", Kind.UNAUTHENTICATED)
    return document
