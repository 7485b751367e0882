"""Every SQL statement of the services and the engine is one that the migrated database accepts."""

import importlib
import re
from collections.abc import Awaitable, Callable, Iterator

import asyncpg
import pytest

from tests.architecture.sources import REPOSITORY, SERVICES, SQL_BEGINS, module
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
