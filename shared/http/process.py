"""A service as a process: logging, signals, the HTTP server and the exit code."""

import asyncio
import gc
import signal
import socket
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

import uvicorn
from fastapi import FastAPI

from shared.http.runtime import Runtime
from shared.observability import logs
from shared.settings import ServiceSettings

CONNECTIONS_DRAIN_SECONDS = 5
GC_THRESHOLD = 100_000
HEADERS = [("x-content-type-options", "nosniff"), ("cache-control", "no-store")]

Settings = TypeVar("Settings", bound=ServiceSettings)


class _Server(uvicorn.Server):
    """uvicorn that ends with our exit code: it would raise a caught SIGTERM again after its shutdown."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        loop = asyncio.get_running_loop()
        caught = (signal.SIGTERM, signal.SIGINT)
        for number in caught:
            loop.add_signal_handler(number, self.handle_exit, number, None)
        try:
            yield
        finally:
            for number in caught:
                loop.remove_signal_handler(number)

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start to serve, then settle the memory."""
        await super().startup(sockets)
        _settle_memory()

    def leave(self) -> None:
        """Shut down gracefully, as on SIGTERM."""
        self.should_exit = True


def run(build: Callable[[Settings], FastAPI], settings: Settings) -> None:
    """Run a service until SIGTERM or SIGINT, then drain and exit with 0; with 1 when it could not start."""
    app = build(settings)
    runtime: Runtime = app.state.runtime
    logs.configure(runtime.name, settings.log_level)
    server = _Server(_config(app, settings.api_host, settings.api_port))
    runtime.on_failure = server.leave
    asyncio.run(server.serve())
    sys.exit(1 if runtime.failure else 0)


async def serve(app: FastAPI, host: str, port: int, *, websockets: bool = False) -> None:
    """Serve until SIGTERM or SIGINT, then finish what has begun."""
    await _Server(_config(app, host, port, websockets)).serve()


def _config(app: FastAPI, host: str, port: int, websockets: bool = False) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        host=host,
        port=port,
        lifespan="on",
        ws="websockets" if websockets else "none",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        headers=HEADERS,
        timeout_graceful_shutdown=CONNECTIONS_DRAIN_SECONDS,
    )


def _settle_memory() -> None:
    """What was built until now stays: the collector need not walk it while events are decoded."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(GC_THRESHOLD, 20, 20)
