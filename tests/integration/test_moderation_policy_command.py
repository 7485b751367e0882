"""`hearth moderation policy` against the real API, and lint without any."""

import asyncio
import json
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest
import uvicorn
from click.testing import Result
from pydantic import SecretStr
from typer.testing import CliRunner

from services.moderation import api
from shared.http.application import guarded_application, include_guarded
from shared.postgres.connection import Pool
from tests.moderation_http import TOKEN, opened
from tests.moderation_world import MakeDatabase
from tools.cli import app

Run = Callable[..., Awaitable[Result]]
STRICT = "rules: [{id: flood, params: {messages_max: 2}}]"


@pytest.fixture
async def pool(service_database: MakeDatabase) -> AsyncIterator[Pool]:
    async with opened(service_database) as pool:
        yield pool


@pytest.fixture
async def run(pool: Pool, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Run]:
    """The command beside a server that answers as moderation does."""
    served = guarded_application("moderation", SecretStr(TOKEN))
    include_guarded(served, api.router(pool))
    listening = socket.create_server(("127.0.0.1", 0))  # who connects now waits until somebody serves
    server = uvicorn.Server(uvicorn.Config(served, log_config=None, lifespan="off"))
    serving = asyncio.create_task(server.serve(sockets=[listening]))
    monkeypatch.setenv("MODERATION_URL", f"http://127.0.0.1:{listening.getsockname()[1]}")
    monkeypatch.setenv("API_TOKEN", TOKEN)

    async def command(*words: str) -> Result:
        return await asyncio.to_thread(CliRunner().invoke, app, ["moderation", "policy", *words])

    yield command
    server.should_exit = True
    await serving


def written(folder: Path, text: str) -> str:
    file = folder / "policy.yaml"
    file.write_text(text, encoding="utf-8")
    return str(file)


ACT = ("--reason", "刷屏太多", "--operator", "奥莉")


async def test_a_policy_goes_in_and_comes_out_the_same(run: Run, pool: Pool, tmp_path: Path) -> None:
    came_in = await run("import", written(tmp_path, STRICT), "--community", "tea", *ACT)
    assert (came_in.exit_code, came_in.stdout) == (0, "tea: version 1 is in force\n"), came_in.output
    row = await pool.fetchrow("SELECT changed_by, reason FROM policy")
    assert row is not None
    assert tuple(row) == ("奥莉", "刷屏太多")
    out = tmp_path / "out.yaml"
    assert (await run("export", "--community", "tea", str(out))).exit_code == 0
    assert (await run("import", str(out), "--community", "tea", *ACT)).exit_code == 0
    assert (await run("export", "--community", "tea")).stdout == out.read_text("utf-8")
    shown = json.loads((await run("export", "--community", "tea", "--json")).stdout)
    assert (shown["version"], shown["rule_versions"]["flood"]) == (2, 2)


async def test_a_change_of_an_old_version_ends_with_the_reason(run: Run, tmp_path: Path) -> None:
    file = written(tmp_path, STRICT)
    await run("import", file, "--community", "tea", *ACT)
    late = await run("import", file, "--community", "tea", "--version", "0", *ACT)
    assert late.exit_code == 1
    assert "version 1" in late.stderr
    for_programs = await run("import", file, "--community", "tea", "--version", "0", "--json", *ACT)
    assert json.loads(for_programs.stdout)["version"] == 1


async def test_a_bad_policy_is_not_imported(run: Run, pool: Pool, tmp_path: Path) -> None:
    bad = await run("import", written(tmp_path, "rules: [{id: x}]"), "--community", "tea", *ACT)
    assert bad.exit_code == 1
    assert "rule x: its kind is missing" in bad.stderr
    assert await pool.fetchval("SELECT count(*) FROM policy") == 0


async def test_lint_asks_the_community_when_told_to(run: Run, tmp_path: Path) -> None:
    twice = written(tmp_path, "rules: [{id: flood2, kind: flood, mode: observe}]")
    asked = await run("lint", twice, "--community", "tea", "--json")
    alone = await run("lint", twice, "--json")
    assert (asked.exit_code, json.loads(asked.stdout)) == (0, json.loads(alone.stdout))
    assert len(json.loads(alone.stdout)["warnings"]) == 1


@pytest.mark.parametrize("text", ["rules: [{id: x}]", "when: 2024-13-45", "a: [", "[" * 20_000, "- a"])
def test_lint_needs_nothing_that_runs(text: str, tmp_path: Path) -> None:
    found = CliRunner().invoke(app, ["moderation", "policy", "lint", written(tmp_path, text)])
    assert found.exit_code == 1
    assert found.stdout.startswith("error: ")


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    found = CliRunner().invoke(app, ["moderation", "policy", "lint", str(tmp_path / "none.yaml")])
    assert found.exit_code == 1
    assert "none.yaml" in found.stderr
