"""The tools for manifests: fetched once, and where they cannot be had the tests say so and skip."""

import pytest

from deploy.cluster.schemas import ensure_schemas
from deploy.cluster.tools import Missing, ensure_checkers, ensure_kustomize


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
