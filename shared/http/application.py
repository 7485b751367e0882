"""The layers around every service's routes: failures to problems, then the guard, then the body's limits."""

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager

from fastapi import APIRouter, FastAPI, Security
from fastapi.security import HTTPBearer
from pydantic import SecretStr
from starlette.middleware import Middleware

from shared.http.body_limit import BodyLimit
from shared.http.edge import KNOWN, Edge, answer_known
from shared.http.guard import Guard
from shared.http.problems import RESPONSES

API_VERSION = "1"
# shown in the OpenAPI document only; the guard itself stands before the routes
_BEARER = Security(HTTPBearer(auto_error=False, description="The service's API_TOKEN."))

Lifespan = Callable[[FastAPI], AbstractAsyncContextManager[None]]


def guarded_application(name: str, token: SecretStr, lifespan: Lifespan | None = None) -> FastAPI:
    """An app without routes yet; all but the health checks will need the token."""
    return FastAPI(
        title=f"Hearth {name}",
        version=API_VERSION,
        lifespan=lifespan,
        middleware=[Middleware(Edge), Middleware(Guard, token), Middleware(BodyLimit)],
        exception_handlers=dict.fromkeys(KNOWN, answer_known),
        responses=RESPONSES,
        # their pages run scripts from a foreign host; /openapi.json is what tools need
        docs_url=None,
        redoc_url=None,
        # its spans and logs would carry what requests hold
        telemetry={"auto_configure": False, "tracing": False, "metrics": False, "logs": False},
    )


def include_guarded(app: FastAPI, router: APIRouter) -> None:
    """Add routes, documented as needing the token."""
    app.include_router(router, dependencies=[_BEARER])
