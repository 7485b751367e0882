"""The outermost layer of HTTP: every failure leaves as problem+json, and the unforeseen ones are logged."""

import time
from typing import Any

import asyncpg
import structlog
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from shared.http import metrics
from shared.http.dependencies import is_dependency_away
from shared.http.guard import OPEN_PATHS
from shared.http.language import locale_of
from shared.http.problems import KIND, Kind, Refusal, refuse, render

ERRORS_MAX = 50
_DATA_EXCEPTION = "22"

log = structlog.stdlib.get_logger(__name__)


class Edge:
    """Turns what the layers below raise into an answer; an answer that has begun is left to the server."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        begun = 0
        began_at = time.perf_counter()

        async def sending(message: Message) -> None:
            nonlocal begun
            begun = begun or (message["status"] if message["type"] == "http.response.start" else 0)
            await send(message)

        try:
            await self._app(scope, receive, sending)
        except Exception as error:
            if begun or scope["type"] != "http":
                raise
            request = Request(scope)
            await _answer(request, error)(scope, receive, sending)
        finally:
            if begun and scope["path"] not in OPEN_PATHS:
                metrics.REQUESTS.labels(metrics.status_class(begun)).inc()
                metrics.REQUEST_SECONDS.observe(time.perf_counter() - began_at)


async def answer_known(request: Request, error: Exception) -> Response:
    """For FastAPI's own table of handlers, which would else answer in its own format."""
    return _answer(request, error)


KNOWN = (Refusal, HTTPException, RequestValidationError)


def _answer(request: Request, error: Exception) -> Response:
    refusal = refusal_of(error)
    if not isinstance(error, KNOWN):
        route = getattr(request.scope.get("route"), "path", "unmatched")
        log.error(
            "a request failed", action="request_failed", method=request.method, route=route, exc_info=error
        )
    return render(refusal, locale_of(request))


def refusal_of(error: Exception) -> Refusal:
    """What an exception means to the caller."""
    match error:
        case Refusal():
            return error
        case RequestValidationError():
            return refuse("fields-invalid", Kind.INVALID, errors=_fields(error))
        case HTTPException():
            kind = KIND.get(error.status_code, Kind.BROKEN if error.status_code >= 500 else Kind.MALFORMED)
            return Refusal(str(kind), kind, headers=error.headers)
    if _cannot_be_stored(error):
        return refuse("value-not-storable", Kind.INVALID)
    if is_dependency_away(error):
        return refuse("dependency-away", Kind.UNAVAILABLE, headers={"retry-after": "5"})
    return refuse("internal", Kind.BROKEN)


def _fields(error: RequestValidationError) -> list[dict[str, Any]]:
    return [
        {"pointer": "/" + "/".join(map(str, each["loc"])), "code": each["type"], "detail": each["msg"]}
        for each in error.errors()[:ERRORS_MAX]
    ]


def _cannot_be_stored(error: Exception) -> bool:
    if isinstance(error, asyncpg.PostgresError):
        return (error.sqlstate or "").startswith(_DATA_EXCEPTION)
    return isinstance(error, asyncpg.InterfaceError) and isinstance(error, ValueError)
