"""Where the homeserver brings what happened: a transaction is answered when Kafka has its events.

Until then the homeserver brings it again, so nothing is lost; a transaction that was answered is answered
again without being looked at, and ids are made of what happened, so nothing is doubled.
"""

import logging
from collections.abc import Awaitable, Callable
from hmac import compare_digest
from typing import Any

from fastapi import APIRouter, Depends, FastAPI, Request
from pydantic_core import from_json
from starlette.middleware import Middleware

from connectors.matrix.translate import Translator
from connectors.sdk.command_store import CommandStore
from connectors.sdk.connector import Connector
from connectors.sdk.outlet import Unavailable
from shared.http.application import API_VERSION, Lifespan
from shared.http.body_limit import BodyLimit
from shared.http.edge import KNOWN, Edge, answer_known
from shared.http.problems import Kind, refuse

TRANSACTION_BYTES_MAX = 16 * 1024 * 1024
"""A hundred events of 64 KiB, and room."""
LAST = "transaction "
REMEMBERED = 200

log = logging.getLogger(__name__)


class HomeserverGuard:
    """Lets only the homeserver in."""

    def __init__(self, token: str) -> None:
        self._token = token.encode()

    def __call__(self, request: Request) -> None:
        """Raises the refusal."""
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer":
            raise refuse("credentials-missing", Kind.UNAUTHENTICATED)
        if not compare_digest(token.strip().encode("utf-8", "replace"), self._token):
            raise refuse("credentials-wrong", Kind.UNAUTHENTICATED)


def application(lifespan: Lifespan) -> FastAPI:
    """An app without routes yet."""
    return FastAPI(
        title="Hearth matrix",
        version=API_VERSION,
        lifespan=lifespan,
        middleware=[Middleware(Edge), Middleware(BodyLimit, bytes_max=TRANSACTION_BYTES_MAX)],
        exception_handlers=dict.fromkeys(KNOWN, answer_known),
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
        telemetry={"auto_configure": False, "tracing": False, "metrics": False, "logs": False},
    )


def router(
    connector: Connector,
    store: CommandStore,
    translator: Translator,
    token: str,
    on_room_event: Callable[[dict[str, Any]], Awaitable[None]],
) -> APIRouter:
    """The application service's routes."""
    routes = APIRouter(prefix="/_matrix/app/v1", dependencies=[Depends(HomeserverGuard(token))])
    answered: list[str] = []

    @routes.put("/transactions/{transaction_id}")
    async def take(transaction_id: str, request: Request) -> dict[str, str]:
        """Publish what happened."""
        if transaction_id in answered or await store.noted(LAST + "id") == transaction_id:
            return {}
        raw_events = _events(await request.body())
        try:
            await connector.publish([event for raw in raw_events for event in translator.events(raw)])
        except Unavailable:
            raise refuse("dependency-away", Kind.UNAVAILABLE) from None
        await store.note(LAST + "id", transaction_id)
        answered.append(transaction_id)
        del answered[:-REMEMBERED]
        for raw in raw_events:
            await _tell(on_room_event, raw)
        return {}

    @routes.post("/ping")
    async def ping() -> dict[str, str]:
        """The homeserver asks whether it reaches us."""
        return {}

    @routes.get("/users/{user_id}")
    @routes.get("/rooms/{alias}")
    async def unknown() -> None:
        """No user and no room is made because somebody asks for it."""
        raise refuse("not-found", Kind.NOT_FOUND)

    return routes


def _events(body: bytes) -> list[Any]:
    try:
        content = from_json(body)
    except ValueError:
        raise refuse("fields-invalid", Kind.MALFORMED) from None
    events = content.get("events") if isinstance(content, dict) else None
    if not isinstance(events, list):
        raise refuse("fields-invalid", Kind.MALFORMED)
    return events


async def _tell(on_room_event: Callable[[dict[str, Any]], Awaitable[None]], raw: Any) -> None:
    """Rooms' own affairs come after the members' words, and never hold those up."""
    if isinstance(raw, dict) and isinstance(raw.get("room_id"), str):
        try:
            await on_room_event(raw)
        except Exception as error:
            log.warning(
                "an event of a room had no effect: %s",
                type(error).__name__,
                extra={"action": "room_event_lost"},
            )
