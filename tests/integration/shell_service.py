"""A service that does nothing, as a process of its own: for tests of the shell around services."""

from fastapi import APIRouter, FastAPI

from shared.engine import Routes
from shared.http.service import create_service, run
from shared.postgres.connection import Pool
from shared.settings import ServiceSettings

NAME = "teahouse"


def build(settings: ServiceSettings) -> FastAPI:
    """One route, no handlers."""
    return create_service(NAME, settings, Routes(), router)


def router(pool: Pool) -> APIRouter:
    """Asks the database."""
    router = APIRouter()

    @router.get("/v1/answer")
    async def answer() -> int:
        """Forty-two."""
        return int(await pool.fetchval("SELECT 42"))

    return router


if __name__ == "__main__":
    run(build, ServiceSettings())
