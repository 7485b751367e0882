"""The two health routes, open to all: is the process worth keeping, and should it get requests."""

from fastapi import APIRouter

from shared.http.problems import Kind, refuse
from shared.http.runtime import Runtime


def health_router(runtime: Runtime) -> APIRouter:
    """`/livez` asks no dependency, so that an outage restarts nothing; `/readyz` asks all of them."""
    router = APIRouter(tags=["health"])

    @router.head("/livez", include_in_schema=False)
    @router.get("/livez")
    async def livez() -> dict[str, str]:
        """Whether events are being processed or could be; 503 asks for a restart."""
        if not runtime.is_live():
            raise refuse("not-live", Kind.UNAVAILABLE)
        return {"status": "live"}

    @router.head("/readyz", include_in_schema=False)
    @router.get("/readyz")
    async def readyz() -> dict[str, str]:
        """Whether the database answers and events are being consumed."""
        if waiting := await runtime.waits_for():
            raise refuse("not-ready", Kind.UNAVAILABLE, waits_for=waiting)
        return {"status": "ready"}

    return router
