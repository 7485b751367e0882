"""`compose.yaml` and the preparation of given servers: every process finds what it asks for."""

import importlib
import os
import re
import subprocess
import sys
from typing import Any
from urllib.parse import urlsplit

import asyncpg
import pytest
import yaml

from deploy.local import kafka_jars
from deploy.local.home import REPOSITORY
from deploy.local.kafka import KafkaServer
from deploy.local.postgres import PostgresServer
from deploy.local.prepare import password_variables
from deploy.local.roles import SERVICES
from deploy.local.services import USUAL_PORTS
from tests.servers import Databases

Document = dict[str, Any]


@pytest.fixture
def compose() -> Document:
    """The file with every `${NAME:-default}` at its default."""
    text = (REPOSITORY / "compose.yaml").read_text()
    document: Document = yaml.safe_load(re.sub(r"\$\{\w+:-([^}]*)\}", r"\1", text))
    return document


def test_every_service_is_there_on_the_ports_of_the_local_stack(compose: Document) -> None:
    assert {*SERVICES, "kafka", "postgres", "prepare"} == set(compose["services"])
    for service in SERVICES:
        api, metrics = USUAL_PORTS[service]
        told = compose["services"][service]["environment"]
        assert compose["services"][service]["ports"] == [
            f"127.0.0.1:{api}:{told['API_PORT']}",
            f"127.0.0.1:{metrics}:{told['METRICS_PORT']}",
        ]


def test_nothing_listens_beyond_this_machine(compose: Document) -> None:
    ports = [port for service in compose["services"].values() for port in service.get("ports", [])]
    assert ports
    assert all(port.startswith("127.0.0.1:") for port in ports)


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_accepts_what_it_is_told(
    compose: Document, service: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = compose["services"][service]
    assert told["command"] == [f"services.{service}"]
    for name, value in told["environment"].items():
        monkeypatch.setenv(name, value)
    settings = importlib.import_module(f"services.{service}.settings").Settings()
    assert settings.kafka_bootstrap_servers == "kafka:9092"
    assert settings.api_host == "0.0.0.0"  # noqa: S104 - inside the container


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_logs_in_with_the_password_that_the_preparation_sets(
    compose: Document, service: str
) -> None:
    login = urlsplit(compose["services"][service]["environment"]["DATABASE_URL"])
    prepared = compose["services"]["prepare"]["environment"]
    assert login.username == f"hearth_{service}"
    assert login.password == prepared[password_variables()[f"hearth_{service}"]]
    assert set(password_variables().values()) <= set(prepared)
    assert len({prepared[name] for name in password_variables().values()}) == 2 * len(SERVICES)


def test_containers_run_the_kafka_that_the_local_stack_runs(compose: Document) -> None:
    assert compose["services"]["kafka"]["image"] == f"apache/kafka:{kafka_jars.version()}"


async def test_preparation_makes_given_servers_ready_and_may_be_repeated(
    compose: Document, databases: Databases, kafka_server: KafkaServer
) -> None:
    url = await _fresh_database(databases.server, "prepared")
    # The roles' passwords of this session: other tests use them on the same server.
    passwords = {
        variable: databases.server.home.secret(role) for role, variable in password_variables().items()
    }
    environment = {
        **passwords,
        "DATABASE_URL": url,
        "KAFKA_BOOTSTRAP_SERVERS": kafka_server.bootstrap_servers,
    }
    assert set(environment) == set(compose["services"]["prepare"]["environment"])
    assert _prepare(environment).returncode == 0
    again = _prepare(environment)
    assert again.returncode == 0
    assert "rewards: at the newest version" in again.stdout
    connection = await asyncpg.connect(databases.login("rewards").app_url(url))
    assert await connection.fetchval("SELECT count(*) FROM lane_offset") == 0
    await connection.close()


def test_preparation_names_what_it_misses() -> None:
    result = _prepare({"DATABASE_URL": "postgresql://nowhere"})
    assert result.returncode == 1
    assert "KAFKA_BOOTSTRAP_SERVERS" in result.stderr
    assert "HEARTH_REWARDS_OWNER_PASSWORD" in result.stderr


def _prepare(environment: dict[str, str]) -> "subprocess.CompletedProcess[str]":
    # psutil is not in the image: the preparation must do without.
    program = "import sys; sys.modules['psutil'] = None; from deploy.local.prepare import main; main()"
    return subprocess.run(
        [sys.executable, "-c", program],
        env={"PATH": os.environ["PATH"], **environment},
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


async def _fresh_database(server: PostgresServer, name: str) -> str:
    connection = await asyncpg.connect(server.url("postgres"))
    await connection.execute(f"CREATE DATABASE {name}")
    await connection.close()
    return server.url(name)
