"""The HTTP face of a connector that listens to nobody: its health checks."""

from fastapi import APIRouter, FastAPI

from shared.http.application import API_VERSION, Lifespan


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
