"""Pods of the rendered manifests that are told something wrong: one line says what, and nothing is lost."""

import os
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import asyncpg
import pytest

from deploy.local.addresses import with_database, with_login
from deploy.local.kafka import KafkaServer
from deploy.local.postgres import PostgresServer
from deploy.local.prepare import password_variables
from deploy.local.roles import SERVICES, create_roles, logins
from tests.architecture.built import free_port
from tests.deploy.pods import connector_pod, database_pod, service_pod
from tests.deploy.running import Start
from tests.servers import ServiceDatabase

pytestmark = pytest.mark.usefixtures("kustomize_tool")
OVERLAY = "production"
NOBODY = "127.0.0.1:1"
MakeDatabase = Callable[[str], Awaitable[ServiceDatabase]]


@pytest.mark.parametrize(
    ("file", "variable"),
    [
        ("credentials/api-token", "API_TOKEN_FILE"),
        ("credentials/database-url", "DATABASE_URL_FILE"),
        ("credentials/address-key", "ADDRESS_KEY_FILE"),
        ("kafka/password", "KAFKA_PASSWORD_FILE"),
        ("kafka-authority/ca.crt", "KAFKA_CA_FILE"),
    ],
)
async def test_a_missing_secret_is_one_line_that_names_it(
    start: Start, tmp_path: Path, file: str, variable: str
) -> None:
    pod = service_pod(OVERLAY, "rewards", tmp_path / "run")
    pod.file(file).unlink()
    code, said = await (await start(pod)).ended()
    assert code == 1
    assert said.startswith(f"cannot start: {variable}")
    assert said.count("\n") == 1


@pytest.mark.parametrize(
    ("connector", "file", "said_of_it"),
    [
        ("telegram", "credentials/telegram-token", "TELEGRAM_TOKEN_FILE names"),
        ("telegram", "places/places.yaml", "places.yaml cannot be read: FileNotFoundError"),
        ("webhook", "credentials/webhook-bots", "webhook-bots cannot be read: FileNotFoundError"),
        ("slack", "kafka-authority/ca.crt", "KAFKA_CA_FILE names"),
    ],
)
async def test_what_a_connector_lacks_is_one_line_that_names_it(
    start: Start, tmp_path: Path, connector: str, file: str, said_of_it: str
) -> None:
    pod = connector_pod(connector, tmp_path / "run")
    pod.file(file).unlink()
    code, said = await (await start(pod)).ended()
    assert code == 1
    assert said.startswith(("cannot start: ", "KAFKA_CA_FILE", "cannot"))
    assert said_of_it in said
    assert said.count("\n") == 1


@pytest.mark.parametrize("name", ["telegram", "rewards"])
async def test_an_authority_that_is_no_certificate_is_one_line(
    start: Start, tmp_path: Path, name: str
) -> None:
    folder = tmp_path / "run"
    pod = service_pod(OVERLAY, name, folder) if name in SERVICES else connector_pod(name, folder)
    pod.file("kafka-authority/ca.crt").write_text("certificate")
    code, said = await (await start(pod)).ended()
    assert code == 1
    assert said.startswith("cannot start: KAFKA_CA_FILE names ")
    assert said.endswith("ca.crt, which holds no readable certificate\n")
    assert said.count("\n") == 1


async def test_a_variable_that_nobody_knows_is_one_line_that_names_the_one_that_is_meant(
    start: Start, tmp_path: Path
) -> None:
    pod = service_pod(OVERLAY, "moderation", tmp_path / "run")
    code, said = await (await start(pod, LOG_LEVELS="DEBUG")).ended()
    assert (code, said) == (1, "cannot start: LOG_LEVELS is unknown; LOG_LEVEL is meant?\n")


async def test_with_a_wrong_password_a_service_lives_and_says_so_and_is_not_ready(
    start: Start, tmp_path: Path, service_database: MakeDatabase
) -> None:
    database = await service_database("rewards")
    pod = service_pod(OVERLAY, "rewards", tmp_path / "run")
    pod.file("credentials/database-url").write_text(with_login(database.app_url, "hearth_rewards", "not-it"))
    running = await start(pod)
    assert (await running.answer("/livez")).status_code == 200
    ready = await running.answer("/readyz")
    assert (ready.status_code, ready.json()["waits_for"]) == (503, ["database", "engine"])
    line = await running.said("start_delayed")
    assert line["dependency"] == "postgres"
    assert "InvalidPassword" in line["error"]
    assert "not-it" not in running.output.read_text()


async def test_without_a_broker_a_service_lives_and_says_so_and_is_not_ready(
    start: Start, tmp_path: Path, service_database: MakeDatabase
) -> None:
    database = await service_database("rewards")
    pod = service_pod(OVERLAY, "rewards", tmp_path / "run")
    pod.file("credentials/database-url").write_text(database.app_url)
    running = await start(pod, KAFKA_BOOTSTRAP_SERVERS=NOBODY)
    line = await running.said("start_delayed")
    assert line["dependency"] == "kafka"
    assert NOBODY in line["error"]
    assert (await running.answer("/livez")).status_code == 200
    ready = await running.answer("/readyz")
    assert (ready.status_code, ready.json()["waits_for"]) == (503, ["engine"])


@pytest.fixture
async def empty_database(postgres_server: PostgresServer) -> AsyncIterator[str]:
    """Address of a database with nothing in it, of one who may do everything; dropped after the test."""
    name = f"empty_{os.getpid()}_{free_port()}"
    await _execute(postgres_server.url("postgres"), f'CREATE DATABASE "{name}"')
    yield with_database(postgres_server.admin_url, name)
    await _execute(postgres_server.url("postgres"), f'DROP DATABASE "{name}" WITH (FORCE)')


@pytest.fixture
def passwords(postgres_server: PostgresServer) -> dict[str, str]:
    """Those that the session's roles have: roles belong to the server, so a change would shut others out."""
    return {role: postgres_server.home.secret(role) for role in password_variables()}


async def test_a_migration_that_fails_half_way_changes_nothing_and_goes_on_once_it_is_mended(
    start: Start, tmp_path: Path, empty_database: str, passwords: dict[str, str]
) -> None:
    pod = database_pod(OVERLAY, tmp_path / "run")
    pod.file("administrator/database-url").write_text(empty_database)
    for role, password in passwords.items():
        pod.file(f"roles/{role}").write_text(password)
    await create_roles(empty_database, logins(passwords))
    await _execute(empty_database, "CREATE TABLE rewards.fulfilment (in_the_way int)")
    code, said = await (await start(pod)).ended()
    assert code == 1
    last = said.splitlines()[-1]
    assert last.startswith("cannot prepare the database: ")
    assert "services/rewards/migrations/" in last
    assert '"fulfilment" already exists' in last
    assert await _tables(empty_database, "rewards") == ["fulfilment"]
    done = await _tables(empty_database, "moderation")
    assert "alembic_version" in done

    await _execute(empty_database, "DROP TABLE rewards.fulfilment")
    code, said = await (await start(pod)).ended()
    assert code == 0, said
    assert "moderation: at the newest version" in said
    assert "erasure" in await _tables(empty_database, "rewards")
    assert await _tables(empty_database, "moderation") == done


async def test_a_service_whose_tables_are_not_there_yet_waits_for_them(
    start: Start, tmp_path: Path, empty_database: str, passwords: dict[str, str], kafka_server: KafkaServer
) -> None:
    services = logins(passwords)
    await create_roles(empty_database, services)
    pod = service_pod(OVERLAY, "reporting", tmp_path / "run")
    pod.file("credentials/database-url").write_text(services[-1].app_url(empty_database))
    for name in ("KAFKA_USERNAME", "KAFKA_PASSWORD_FILE", "KAFKA_CA_FILE"):
        del pod.environment[name]  # this broker asks for neither
    running = await start(pod, KAFKA_BOOTSTRAP_SERVERS=kafka_server.bootstrap_servers)
    line = await running.said("start_delayed")
    assert line["dependency"] == "postgres"
    assert (await running.answer("/livez")).status_code == 200
    assert (await running.answer("/readyz")).status_code == 503


@pytest.mark.parametrize(
    ("file", "text", "reason"),
    [
        ("administrator/database-url", None, "unreadable: FileNotFoundError"),
        (
            "administrator/database-url",
            "postgresql://hearth_admin:not-it@127.0.0.1:1/x",
            "Connect call failed",
        ),
        ("roles/hearth_rewards", None, "has no file hearth_rewards"),
        ("roles/hearth_rewards", "", "has an empty file hearth_rewards"),
    ],
)
async def test_the_database_job_says_in_one_line_what_it_lacks(
    start: Start, tmp_path: Path, file: str, text: str | None, reason: str
) -> None:
    pod = database_pod(OVERLAY, tmp_path / "run")
    pod.file(file).write_text(text) if text is not None else pod.file(file).unlink()
    code, said = await (await start(pod)).ended()
    assert code == 1
    assert said.startswith("cannot prepare the database: ")
    assert reason in said
    assert said.count("\n") == 1
    assert "not-it" not in said


async def _execute(url: str, statement: str) -> None:
    connection = await asyncpg.connect(url)
    try:
        await connection.execute(statement)
    finally:
        await connection.close()


async def _tables(url: str, schema: str) -> list[str]:
    connection = await asyncpg.connect(url)
    try:
        rows = await connection.fetch(
            "SELECT tablename FROM pg_tables WHERE schemaname = $1 ORDER BY 1", schema
        )
    finally:
        await connection.close()
    return [row[0] for row in rows]
