"""Builds a service as its process would, connected to nothing."""

import importlib
import socket

from fastapi import FastAPI

TOKEN = "architecture-tests-token"
NOBODY = "127.0.0.1:1"


def build_service(service: str) -> FastAPI:
    """The app that `services/<service>/app.py` makes of settings that lead to no server."""
    settings = importlib.import_module(f"services.{service}.settings").Settings(
        database_url=f"postgresql://nobody@{NOBODY}/nothing",
        kafka_bootstrap_servers=NOBODY,
        api_port=free_port(),
        metrics_port=free_port(),
        api_token=TOKEN,
    )
    app: FastAPI = importlib.import_module(f"services.{service}.app").build(settings)
    return app


def free_port() -> int:
    """A port that nobody listens on just now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
