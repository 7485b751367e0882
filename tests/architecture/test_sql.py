"""Every SQL statement of the services and the engine is one that the migrated database accepts."""

import ast
import importlib
import re
from collections.abc import Awaitable, Callable, Iterator

import asyncpg
import pytest

from tests.architecture.sources import REPOSITORY, SERVICES, SQL_BEGINS, code, module, shown, tree
from tests.servers import ServiceDatabase

SHARED = sorted(
    path for folder in ("engine", "http") for path in (REPOSITORY / "shared" / folder).glob("*.py")
)


def statements(name: str) -> Iterator[tuple[str, str]]:
    """The upper-case constants of a module that are SQL."""
    for constant, value in vars(importlib.import_module(name)).items():
        if constant.isupper() and isinstance(value, str) and re.match(SQL_BEGINS, value):
            yield constant, value


def store_modules(service: str) -> list[str]:
    """A store is a module, or a package of modules."""
    folder = REPOSITORY / "services" / service
    return [module(path) for path in sorted([*folder.glob("store.py"), *folder.glob("store/**/*.py")])]


async def refused(database: ServiceDatabase, modules: list[str]) -> tuple[int, list[str]]:
    """How many statements there are, and those that the database does not accept from the service's role."""
    connection = await asyncpg.connect(database.app_url)
    count, complaints = 0, []
    try:
        for name in modules:
            for constant, statement in statements(name):
                count += 1
                try:
                    await connection.prepare(statement)
                except asyncpg.PostgresError as error:
                    complaints.append(f"{name}.{constant}: {error}")
    finally:
        await connection.close()
    return count, complaints


@pytest.mark.parametrize("service", SERVICES)
async def test_every_statement_of_a_store_prepares(
    service: str, service_database: Callable[[str], Awaitable[ServiceDatabase]]
) -> None:
    count, complaints = await refused(await service_database(service), store_modules(service))
    assert complaints == []
    assert count > 0


async def test_every_statement_of_the_engine_prepares(
    service_database: Callable[[str], Awaitable[ServiceDatabase]],
) -> None:
    count, complaints = await refused(await service_database(SERVICES[0]), [module(path) for path in SHARED])
    assert complaints == []
    assert count > 20


async def test_a_statement_that_the_database_does_not_know_is_found(
    service_database: Callable[[str], Awaitable[ServiceDatabase]], monkeypatch: pytest.MonkeyPatch
) -> None:
    from shared.http import operations

    monkeypatch.setattr(operations, "LANES", "SELECT no_such_column FROM lane")
    _, complaints = await refused(await service_database(SERVICES[0]), ["shared.http.operations"])
    assert [complaint.partition(":")[0] for complaint in complaints] == ["shared.http.operations.LANES"]


OUTLASTS = re.compile(
    r"pg_(?:try_)?advisory_(?:lock|unlock)|\bLISTEN\b|set_config\([^()]*false\)|\bTEMP(?:ORARY)? TABLE"
    r"|\A\s*SET\s+(?!LOCAL|TRANSACTION)|\bWITH HOLD\b"
)
"""What stays with a session behind its transaction; the pool gives sessions on as they are."""


def test_nothing_that_a_session_is_told_outlasts_its_transaction() -> None:
    ours = [path for path in code() if path.relative_to(REPOSITORY).parts[0] in ("shared", "services")]
    found = [
        shown(path, node.lineno)
        for path in ours
        for node in ast.walk(tree(path))
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and OUTLASTS.search(node.value)
    ]
    assert found == []


@pytest.mark.parametrize(
    "told", ["SELECT pg_advisory_lock(1)", "SET jit = on", "SELECT set_config('a', 'b', false)", "LISTEN tea"]
)
def test_what_outlasts_a_transaction_is_found(told: str) -> None:
    assert OUTLASTS.search(told)
