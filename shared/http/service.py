"""Makes a service of its routes: HTTP outside, the engine and the pool in its lifespan."""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import AsyncExitStack, ExitStack, asynccontextmanager

from fastapi import APIRouter, FastAPI

from shared.engine.routes import Routes
from shared.engine.settings import EngineSettings
from shared.http.application import guarded_application, include_guarded
from shared.http.background import Chore, doing
from shared.http.health import health_router
from shared.http.operations import operations_router
from shared.http.process import run
from shared.http.runtime import Runtime
from shared.observability.exposition import metrics_served
from shared.postgres.connection import Pool
from shared.settings import ServiceSettings

__all__ = ["create_service", "run"]


def create_service(
    name: str,
    settings: ServiceSettings,
    routes: Routes,
    router: Callable[[Pool], APIRouter],
    engine: EngineSettings | None = None,
    census: Callable[[Pool], Awaitable[None]] | None = None,
    background: Callable[[Pool], Iterable[Chore]] = lambda pool: (),
) -> FastAPI:
    """A service's app; `app.state.runtime` is what runs behind it.

    The service's own routes join when it starts, as they need the pool; the chores of
    `background` are done while it runs. It
    starts also while Postgres or Kafka is away, and becomes ready when they are there. `census` sets gauges
    from the database.
    """
    runtime = Runtime(name, settings, routes, engine or EngineSettings(), census)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        with ExitStack() as stack:
            try:
                stack.enter_context(metrics_served(settings.api_host, settings.metrics_port))
            except OSError as error:
                runtime.fail(error, f"port {settings.metrics_port} for metrics cannot be opened")
            pool = await runtime.open()
            include_guarded(app, operations_router(runtime, pool))
            include_guarded(app, router(pool))
            async with AsyncExitStack() as beside:
                await beside.enter_async_context(doing(background(pool)))
                try:
                    yield
                finally:
                    await beside.aclose()
                    await runtime.close()

    app = guarded_application(name, settings.api_token, lifespan)
    app.state.runtime = runtime
    app.include_router(health_router(runtime))
    return app
