"""The HTTP face of a connector: its health checks, and what else it listens to."""

from fastapi import APIRouter, FastAPI
from starlette.middleware import Middleware

from shared.http.application import API_VERSION, Lifespan
from shared.http.body_limit import BodyLimit
from shared.http.edge import KNOWN, Edge, answer_known


def health_router() -> APIRouter:
    """The health checks, open to all."""
    routes = APIRouter()

    @routes.get("/livez")
    @routes.get("/readyz")
    async def livez() -> dict[str, str]:
        """Whether the process answers."""
        return {"status": "live"}

    return routes


def health_app(title: str, lifespan: Lifespan) -> FastAPI:
    """An app with nothing else."""
    app = FastAPI(
        title=title, version=API_VERSION, lifespan=lifespan, docs_url=None, redoc_url=None, openapi_url=None
    )
    app.include_router(health_router())
    return app


def listening_app(title: str, lifespan: Lifespan) -> FastAPI:
    """An app for what a platform brings: a limit for bodies, refusals as problem+json."""
    app = FastAPI(
        title=title,
        version=API_VERSION,
        lifespan=lifespan,
        middleware=[Middleware(Edge), Middleware(BodyLimit)],
        exception_handlers=dict.fromkeys(KNOWN, answer_known),
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
    )
    app.include_router(health_router())
    return app
