"""Histories go through all four services of a real local stack, by the commands that people type."""

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from deploy.local.home import REPOSITORY, Home
from tests.servers import temporary_home

Run = Callable[..., Awaitable[tuple[int, str, str]]]
pytestmark = pytest.mark.timeout(600)


@pytest.fixture(scope="module")
async def home() -> AsyncIterator[Home]:
    """The folder of a stack of this module's own."""
    async with temporary_home() as home:
        yield home


@pytest.fixture(scope="module")
async def hearth(home: Home) -> AsyncIterator[Run]:
    """`await hearth("import", …)` on a stack that is up: exit code, stdout, stderr."""

    async def run(*arguments: str | Path) -> tuple[int, str, str]:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "tools.cli",
            *map(str, arguments),
            cwd=REPOSITORY,
            env=environment(home),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        out, err = await process.communicate()
        return process.returncode or 0, out.decode(), err.decode()

    code, out, err = await run("up", "--detach", "--no-logs")
    assert code == 0, out + err
    yield run
    await run("down")


def environment(home: Home) -> dict[str, str]:
    """A stack in `home` with the jars of this checkout, whatever servers the shell names."""
    named = {"KAFKA_BOOTSTRAP_SERVERS", "DATABASE_URL"}
    jars = os.environ.get("HEARTH_CACHE") or str(REPOSITORY / ".hearth" / "kafka")
    inherited = {name: value for name, value in os.environ.items() if name not in named}
    return {**inherited, "HEARTH_HOME": str(home.root), "HEARTH_CACHE": jars, "COLUMNS": "200"}


async def imported(hearth: Run, path: Path) -> dict[str, Any]:
    """What an import of the file says at its end."""
    code, out, err = await hearth("import", "jsonl", path, "--community", "small", "--wait", "--json")
    assert code == 0, err
    document: dict[str, Any] = json.loads(out)
    return document


async def test_an_import_waits_for_all_services_and_a_second_one_is_duplicates(
    hearth: Run, tmp_path: Path
) -> None:
    start = datetime(2024, 1, 1, tzinfo=UTC)
    lines = [
        json.dumps(
            {"id": n, "sent_at": str(start + timedelta(minutes=n)), "sender": f"u{n % 7}", "text": "打卡"}
        )
        for n in range(200)
    ]
    path = tmp_path / "small.jsonl"
    path.write_text("\n".join(lines))
    first, second = await imported(hearth, path), await imported(hearth, path)
    assert set(first["services"]) == {"moderation", "engagement", "rewards", "reporting"}
    assert first["reconciles"]
    assert second["reconciles"]
    for service, sums in second["services"].items():
        assert sums["duplicates"] - first["services"][service]["duplicates"] >= 200
        assert sums["dead_lettered"] == 0


async def test_the_demo_shows_a_month_and_leaves_a_stack_that_was_up(hearth: Run, home: Home) -> None:
    code, out, err = await hearth("demo")
    assert code == 0, out + err
    for told in (
        "撤下的消息 · Removed messages",
        "广告 · ads",
        "刷屏 · flooding",
        "集中进群 · Waves of joins",
        "申诉 · Appeal",
        "The month's most active three",
        "获奖者的选择 · What the winners chose",
        "电影票: 已发放 · handed over",
        "1 months: consistent",
    ):
        assert told in out
    assert "✗" not in out
    for locale in ("zh-CN", "en"):
        assert "<html" in (home.root / "demo" / f"2026-03.{locale}.html").read_text()
        assert "2026-03" in (home.root / "demo" / f"2026-03.{locale}.md").read_text()
    assert out.split()[-1] == str(home.root / "demo" / "2026-03.en.html")
    assert (await hearth("status"))[0] == 0
