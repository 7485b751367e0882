"""Every route of every service needs credentials, whoever added it; only the health checks answer all."""

import re
from collections.abc import AsyncIterator

import httpx
import pytest
from fastapi import FastAPI
from fastapi.routing import iter_route_contexts

from tests.architecture.built import TOKEN, build_service
from tests.architecture.sources import SERVICES

OPEN = {("GET", "/livez"), ("HEAD", "/livez"), ("GET", "/readyz"), ("HEAD", "/readyz")}
SHELL = {("GET", "/v1/engine/lanes"), ("GET", "/v1/engine/dead-letters"), ("GET", "/openapi.json")}


@pytest.fixture(params=SERVICES)
async def app(request: pytest.FixtureRequest) -> AsyncIterator[FastAPI]:
    """A service that has started as far as it can with nothing to connect to."""
    app = build_service(request.param)
    async with app.router.lifespan_context(app):
        yield app


@pytest.fixture
async def anybody(app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://t") as client:
        yield client


def routes(app: FastAPI) -> set[tuple[str, str]]:
    """Method and path of every route, included and mounted ones too."""
    return {
        (method, route.path or "/")
        for route in iter_route_contexts(app.routes)
        for method in (getattr(route, "methods", None) or {"GET"})
    }


def filled(path: str) -> str:
    """A path that the pattern matches."""
    return re.sub(r"\{[^}]*\}", "1", path)


async def test_the_shells_routes_are_found(app: FastAPI) -> None:
    assert routes(app) >= (OPEN | SHELL)


async def test_every_route_but_the_health_checks_needs_credentials(
    app: FastAPI, anybody: httpx.AsyncClient
) -> None:
    answers = {
        (method, path): (await anybody.request(method, filled(path))).status_code
        for method, path in sorted(routes(app))
    }
    assert {route for route, status in answers.items() if status != 401} == OPEN


async def test_a_wrong_token_opens_no_route(app: FastAPI, anybody: httpx.AsyncClient) -> None:
    anybody.headers["authorization"] = f"Bearer {TOKEN[:-1]}"
    for method, path in sorted(routes(app) - OPEN):
        assert (await anybody.request(method, filled(path))).status_code == 401


async def test_the_right_token_opens_them(app: FastAPI, anybody: httpx.AsyncClient) -> None:
    """Whatever they answer while the database is away, it is not for want of credentials."""
    anybody.headers["authorization"] = f"Bearer {TOKEN}"
    for method, path in sorted(routes(app) - OPEN):
        assert (await anybody.request(method, filled(path))).status_code != 401


async def test_each_route_is_described_with_its_answers(app: FastAPI, anybody: httpx.AsyncClient) -> None:
    anybody.headers["authorization"] = f"Bearer {TOKEN}"
    document = (await anybody.get("/openapi.json")).json()
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            assert operation.get("description"), f"{method} {path} says nothing of itself"
            assert "application/problem+json" in operation["responses"]["default"]["content"]


async def test_nothing_of_faststream_is_served(app: FastAPI) -> None:
    """Its documentation page would publish whatever a stranger asks."""
    assert not [path for _, path in routes(app) if "asyncapi" in path or path.endswith("/try")]
