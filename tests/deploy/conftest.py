"""The tools for manifests: fetched once, and where they cannot be had the tests say so and skip."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from deploy.cluster.schemas import ensure_schemas
from deploy.cluster.tools import Missing, ensure_checkers, ensure_kustomize
from tests.deploy.running import Start, starting


@pytest.fixture(scope="session")
def kustomize_tool() -> None:
    try:
        ensure_kustomize()
    except Missing as missing:
        pytest.skip(f"TOOL MISSING, no manifest was rendered: {missing}")


@pytest.fixture(scope="session")
def checkers(kustomize_tool: None) -> None:
    try:
        ensure_checkers()
        ensure_schemas()
    except Missing as missing:
        pytest.skip(f"TOOL MISSING, no manifest was held against its schema: {missing}")


@pytest.fixture
async def start(tmp_path: Path) -> AsyncIterator[Start]:
    async with starting(tmp_path) as make:
        yield make
