"""A Postgres server of its own for each test: crashes, closed folders, the wheel's programs."""

import contextlib
import os
from collections.abc import AsyncIterator
from pathlib import Path

import asyncpg
import psutil
import pytest

from deploy.local import postgres_binaries
from deploy.local.account import server_account
from deploy.local.home import Home
from deploy.local.outside import remove_outside_folder
from deploy.local.postgres import PostgresServer
from tests.servers import temporary_home

AS_ROOT = os.geteuid() == 0


@pytest.fixture
async def own_postgres() -> AsyncIterator[PostgresServer]:
    async with temporary_home() as home:
        server = PostgresServer.at(home)
        await server.start()
        yield server
        await server.stop()


async def test_a_server_is_durable_and_its_files_and_processes_are_not_roots(
    own_postgres: PostgresServer,
) -> None:
    connection = await asyncpg.connect(own_postgres.admin_url)
    for setting in ("fsync", "synchronous_commit", "full_page_writes"):
        assert await connection.fetchval(f"SHOW {setting}") == "on"
    data = Path(await connection.fetchval("SHOW data_directory"))
    await connection.close()
    assert _owner(data) != 0
    assert _mode(data) == 0o700
    assert own_postgres.process is not None
    password = own_postgres.home.secret("postgres-admin")
    owners, commands = [], []
    for process in own_postgres.process.identity.tree():
        with contextlib.suppress(psutil.NoSuchProcess):  # a worker that has just ended
            owners.append(process.uids().effective)
            commands.append(process.cmdline())
    assert commands
    assert 0 not in owners
    assert not any(password in word for command in commands for word in command)


@pytest.mark.parametrize("end", ["killed", "stopped at once", "stopped"])
async def test_committed_rows_outlive_a_server_that_is(own_postgres: PostgresServer, end: str) -> None:
    connection = await asyncpg.connect(own_postgres.admin_url)
    await connection.execute("CREATE TABLE kept (id int)")
    await connection.execute("INSERT INTO kept SELECT generate_series(1, 1000)")
    if end == "killed":
        own_postgres.kill()
    elif end == "stopped at once":
        await own_postgres.stop_immediately()
    else:
        await own_postgres.stop()
    connection.terminate()
    await own_postgres.start()
    connection = await asyncpg.connect(own_postgres.admin_url)
    assert await connection.fetchval("SELECT count(*) FROM kept") == 1000
    await connection.close()


async def test_a_frozen_server_answers_again_when_it_thaws(own_postgres: PostgresServer) -> None:
    connection = await asyncpg.connect(own_postgres.admin_url)
    own_postgres.freeze()
    with pytest.raises(TimeoutError):
        await asyncpg.connect(own_postgres.admin_url, timeout=0.5)
    own_postgres.thaw()
    assert await connection.fetchval("SELECT 1") == 1
    await connection.close()


@pytest.mark.skipif(not AS_ROOT, reason="only root runs Postgres as somebody else")
async def test_a_home_that_only_root_may_enter_gets_its_data_folder_elsewhere(tmp_path: Path) -> None:
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    home = Home(closed / "home")
    server = PostgresServer.at(home)
    try:
        await server.start()
        connection = await asyncpg.connect(server.admin_url)
        data = Path(await connection.fetchval("SHOW data_directory"))
        await connection.close()
        await server.stop()
        assert not data.is_relative_to(closed)
        assert _mode(closed) == 0o700
    finally:
        remove_outside_folder(home)
    assert not os.path.exists(data.parent)  # noqa: ASYNC240


@pytest.mark.skipif(not AS_ROOT, reason="only root runs Postgres as somebody else")
async def test_the_wheels_programs_run_also_from_a_folder_that_only_root_may_enter(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await _run_from_the_wheel(tmp_path / "home", monkeypatch, can_enter=False)


async def test_the_wheels_programs_serve_where_no_server_is_installed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await _run_from_the_wheel(tmp_path / "home", monkeypatch, can_enter=True)


def _owner(path: Path) -> int:
    return path.stat().st_uid


def _mode(path: Path) -> int:
    return path.stat().st_mode & 0o777


async def _run_from_the_wheel(root: Path, monkeypatch: pytest.MonkeyPatch, can_enter: bool) -> None:
    monkeypatch.setattr(postgres_binaries, "_installed", lambda: iter(()))
    if not can_enter:
        monkeypatch.setattr("deploy.local.account.Account.can_enter", lambda self, folder: False)
    home = Home(root)
    server = PostgresServer.at(home)
    try:
        await server.start()
        assert server.process is not None
        program = Path(psutil.Process(server.process.pid).exe())
        assert postgres_binaries.WHEEL in program.parts
        connection = await asyncpg.connect(server.admin_url)
        assert connection.get_server_version().major >= 18
        await connection.close()
    finally:
        await server.stop()
        remove_outside_folder(home)


def test_programs_of_the_version_that_made_the_data_are_chosen() -> None:
    account = server_account()
    for version in (16, 18):  # the wheel has both
        found = postgres_binaries.find(account, version)
        assert found is not None
        assert found.version == version
    assert postgres_binaries.find(account, 11) is None
