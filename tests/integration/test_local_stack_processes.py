"""Processes of the local stack: who they are, in which order they come and go, what a death does."""

import asyncio
import os
import signal
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from deploy.local.follower import Follower, readable
from deploy.local.home import Home
from deploy.local.process import Identity, Process, StartFailed, end, spawn
from deploy.local.supervisor import DEATHS_MAX, Part, Supervisor

FOREVER = [sys.executable, "-c", "import time\nprint('here', flush=True)\ntime.sleep(600)"]
DEAF = [
    sys.executable,
    "-c",
    "import signal, time\nsignal.signal(15, signal.SIG_IGN)\nprint('deaf', flush=True)\ntime.sleep(600)",
]
FAILING = [sys.executable, "-c", "import sys\nprint('the reason')\nsys.exit(3)"]


async def test_another_process_under_a_reused_id_is_never_ended(tmp_path: Path) -> None:
    stranger = spawn("stranger", FOREVER, tmp_path / "log")
    remembered = Identity(stranger.pid, stranger.identity.started - 3600)
    assert not remembered.alive
    assert not await end(remembered)
    assert stranger.returncode is None
    stranger.kill()


async def test_a_process_is_found_again_by_what_was_remembered(tmp_path: Path) -> None:
    process = spawn("it", FOREVER, tmp_path / "log", stop_signal=signal.SIGINT)
    await process.until_ready(lambda: _says(process, "here"), 30)
    remembered = Identity.from_state(process.identity.as_state())
    assert remembered == process.identity
    assert remembered.alive
    assert await end(remembered)
    assert process.popen.wait() == -signal.SIGINT
    assert not remembered.alive


async def test_a_process_that_ignores_the_request_to_end_is_killed_after_its_grace(tmp_path: Path) -> None:
    process = spawn("deaf", DEAF, tmp_path / "log")
    await process.until_ready(lambda: _says(process, "deaf"), 30)
    assert await process.stop(grace_seconds=0.2) == -signal.SIGKILL


async def test_a_frozen_process_can_still_be_stopped(tmp_path: Path) -> None:
    process = spawn("it", FOREVER, tmp_path / "log")
    process.freeze()
    assert await process.stop() == -signal.SIGTERM


async def test_a_process_that_ends_before_it_is_ready_is_reported_with_its_last_lines(tmp_path: Path) -> None:
    process = spawn("it", FAILING, tmp_path / "log")
    with pytest.raises(StartFailed, match="ended with code 3\nthe reason"):
        await process.until_ready(lambda: _says(process, "never"), 30)


async def test_secrets_and_state_are_for_their_owner_only(tmp_path: Path) -> None:
    home = Home(tmp_path / "home")
    secret = home.secret("database")
    home.write_state({"ready": True})
    assert home.secret("database") == secret
    for path in (home.root / "secrets" / "database", home.state_path):
        assert path.stat().st_mode & 0o777 == 0o600
    assert (home.root / "secrets").stat().st_mode & 0o777 == 0o700


def test_a_state_file_that_was_cut_short_counts_as_none(tmp_path: Path) -> None:
    home = Home(tmp_path)
    home.write_state({"ready": True})
    home.state_path.write_text('{"ready": tr')
    assert home.state() == {}


async def test_parts_start_after_their_needs_and_stop_before_them(tmp_path: Path) -> None:
    heard: list[tuple[str, str]] = []
    order: list[str] = []
    parts = [
        Part("service", _starting("service", tmp_path, order), ("topics",)),
        Part("topics", _step("topics", order), ("kafka",)),
        Part("kafka", _starting("kafka", tmp_path, order)),
    ]
    supervisor = Supervisor(parts, lambda name, line: heard.append((name, line)))
    assert await supervisor.run(supervisor.stopping.set) == 0
    assert order == ["kafka", "topics", "service"]
    assert [name for name, line in heard if line == "stopped"] == ["service", "kafka"]


async def test_a_part_that_dies_is_reported_and_started_again(tmp_path: Path) -> None:
    heard: list[str] = []
    processes: list[Process] = []

    async def start() -> Process:
        processes.append(spawn("it", FOREVER, tmp_path / "log"))
        await processes[-1].until_ready(lambda: _says(processes[-1], "here"), 30)
        if len(processes) == 2:
            supervisor.stopping.set()
        return processes[-1]

    supervisor = Supervisor([Part("it", start)], lambda name, line: heard.append(line))
    assert await supervisor.run(lambda: os.kill(processes[0].pid, signal.SIGKILL)) == 0
    assert any("died with code -9" in line and "here" in line for line in heard)
    assert len(processes) == 2
    assert all(process.returncode is not None for process in processes)


async def test_a_part_that_dies_again_and_again_takes_the_stack_down(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("deploy.local.supervisor.RESTART_SECONDS", (0.0,))
    heard: list[str] = []
    starts = 0

    async def start() -> Process:
        nonlocal starts
        starts += 1
        return spawn("it", FAILING, tmp_path / "log")

    supervisor = Supervisor([Part("it", start)], lambda name, line: heard.append(line))
    assert await supervisor.run(lambda: None) == 1
    assert starts == DEATHS_MAX
    assert "giving up" in heard[-1]


async def test_a_part_that_cannot_start_takes_down_those_that_did(tmp_path: Path) -> None:
    order: list[str] = []

    async def fail() -> None:
        raise RuntimeError("no room")

    heard: list[tuple[str, str]] = []
    parts = [Part("kafka", _starting("kafka", tmp_path, order)), Part("topics", fail, ("kafka",))]
    supervisor = Supervisor(parts, lambda name, line: heard.append((name, line)))
    ready: list[bool] = []
    assert await supervisor.run(lambda: ready.append(True)) == 1
    assert not ready
    assert ("hearth", "no room") in heard
    assert heard[-1] == ("kafka", "stopped")


async def test_a_stop_while_starting_ends_what_has_started(tmp_path: Path) -> None:
    order: list[str] = []

    async def never() -> None:
        supervisor.stopping.set()
        await asyncio.sleep(600)

    heard: list[tuple[str, str]] = []
    parts = [Part("kafka", _starting("kafka", tmp_path, order)), Part("topics", never, ("kafka",))]
    supervisor = Supervisor(parts, lambda name, line: heard.append((name, line)))
    assert await supervisor.run(lambda: None) == 0
    assert heard[-1] == ("kafka", "stopped")


def test_a_follower_shows_whole_lines_that_are_new(tmp_path: Path) -> None:
    log = tmp_path / "it.log"
    log.write_text("old\n")
    shown: list[tuple[str, str]] = []
    follower = Follower(lambda name, line: shown.append((name, line)))
    follower.follow([log])
    with log.open("a") as file:
        file.write("one\ntw")
        file.flush()
        follower.show()
        assert shown == [("it", "one")]
        file.write("o\n")
    follower.show()
    assert shown == [("it", "one"), ("it", "two")]


def test_a_json_line_is_shown_as_a_sentence() -> None:
    line = '{"level": "warning", "message": "the log is behind", "service": "rewards", "lag": 3}'
    assert readable(line) == "WARNING the log is behind lag=3"
    assert readable("{not json") == "{not json"
    assert readable("plain") == "plain"


async def _says(process: Process, word: str) -> bool:
    return word in process.log.read_text()


def _starting(name: str, folder: Path, order: list[str]) -> Callable[[], Awaitable[Process]]:
    async def start() -> Process:
        order.append(name)
        return spawn(name, FOREVER, folder / f"{name}.log")

    return start


def _step(name: str, order: list[str]) -> Callable[[], Awaitable[None]]:
    async def step() -> None:
        order.append(name)

    return step
