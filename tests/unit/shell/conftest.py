"""Clients of the small app, and what the layers log meanwhile."""

from collections.abc import AsyncIterator, Iterator, MutableMapping
from typing import Any

import httpx
import pytest
from structlog.testing import capture_logs

from tests.unit.shell.teahouse import CREDENTIALS, made_app


@pytest.fixture
def logged() -> Iterator[list[MutableMapping[str, Any]]]:
    """What the layers log during a test."""
    with capture_logs() as captured:
        yield captured


@pytest.fixture
async def anybody() -> AsyncIterator[httpx.AsyncClient]:
    """A client without credentials."""
    transport = httpx.ASGITransport(made_app(), raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://tea") as client:
        yield client


@pytest.fixture
async def client(anybody: httpx.AsyncClient) -> httpx.AsyncClient:
    """One with the right token."""
    anybody.headers.update(CREDENTIALS)
    return anybody
