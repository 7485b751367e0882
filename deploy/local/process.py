"""Operating-system processes of the stack: start, find again, signal, and end them, never a stranger's."""

import asyncio
import os
import signal
import subprocess
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil

LOG_BYTES_MAX = 20_000_000
SAME_START_SECONDS = 1.0
POLL_SECONDS = 0.05


class StartFailed(RuntimeError):
    """A process ended, or was not ready in time; the message carries its last log lines."""


@dataclass(frozen=True, slots=True)
class Identity:
    """A process beyond doubt: ids are reused, an id with its start time is not."""

    pid: int
    started: float
    stop_signal: signal.Signals = signal.SIGTERM
    """What asks it to end: Postgres's SIGTERM would wait for its clients."""

    @classmethod
    def of(cls, pid: int, stop_signal: signal.Signals = signal.SIGTERM) -> "Identity":
        """The identity of a process that runs now."""
        return cls(pid, psutil.Process(pid).create_time(), stop_signal)

    @classmethod
    def from_state(cls, state: Mapping[str, Any]) -> "Identity":
        """Read back what `as_state` gave."""
        return cls(int(state["pid"]), float(state["started"]), signal.Signals[state["stop_signal"]])

    def as_state(self) -> dict[str, Any]:
        """For the state file."""
        return {"pid": self.pid, "started": self.started, "stop_signal": self.stop_signal.name}

    def find(self) -> psutil.Process | None:
        """The process, unless it ended and (perhaps) another has its id."""
        try:
            process = psutil.Process(self.pid)
            same = abs(process.create_time() - self.started) < SAME_START_SECONDS
            return process if same and process.status() != psutil.STATUS_ZOMBIE else None
        except psutil.Error:
            return None

    @property
    def alive(self) -> bool:
        """Whether it still runs (or is stopped by a signal)."""
        return self.find() is not None

    def tree(self) -> list[psutil.Process]:
        """The process and all its descendants."""
        process = self.find()
        if process is None:
            return []
        try:
            return [process, *process.children(recursive=True)]
        except psutil.Error:
            return [process]


def send(processes: Sequence[psutil.Process], number: signal.Signals) -> None:
    """Signal each one that still runs."""
    for process in processes:
        try:
            process.send_signal(number)
        except psutil.Error:
            continue


@dataclass(slots=True)
class Process:
    """A process that this one started."""

    name: str
    identity: Identity
    log: Path
    popen: "subprocess.Popen[bytes]"
    frozen: bool = field(default=False, init=False)

    @property
    def pid(self) -> int:
        """Its id."""
        return self.popen.pid

    @property
    def returncode(self) -> int | None:
        """None while it runs; negative: the signal that ended it."""
        return self.popen.poll()

    async def stop(self, grace_seconds: float = 30.0) -> int:
        """Ask it to end; after the grace, kill it and its children. Returns the exit code."""
        if self.frozen:
            self.thaw()
        descendants = self.identity.tree()
        if self.returncode is None:
            self.popen.send_signal(self.identity.stop_signal)
        await _until(lambda: self.returncode is not None, grace_seconds)
        send([process for process in descendants if process.is_running()], signal.SIGKILL)
        return await asyncio.to_thread(self.popen.wait)

    def kill(self) -> None:
        """End it at once, as a power cut would (`kill -9`); children are left to notice."""
        self.popen.kill()
        self.popen.wait()

    def freeze(self) -> None:
        """Stop it and its children in place (`SIGSTOP`)."""
        self.frozen = True
        send(self.identity.tree(), signal.SIGSTOP)

    def thaw(self) -> None:
        """Let a frozen process run on."""
        self.frozen = False
        send(self.identity.tree(), signal.SIGCONT)

    async def until_ready(self, probe: Callable[[], Awaitable[bool]], timeout_seconds: float) -> None:
        """Wait until `probe` says yes; `StartFailed` when the process ends before or the time is over."""
        deadline = time.monotonic() + timeout_seconds
        while not await probe():
            if self.returncode is not None:
                raise StartFailed(f"{self.name} ended with code {self.returncode}\n{last_lines(self.log)}")
            if time.monotonic() > deadline:
                raise StartFailed(
                    f"{self.name} was not ready after {timeout_seconds:.0f} s\n{last_lines(self.log)}"
                )
            await asyncio.sleep(POLL_SECONDS)


def spawn(
    name: str,
    command: Sequence[str | Path],
    log: Path,
    *,
    environment: Mapping[str, str] | None = None,
    folder: Path | None = None,
    user: tuple[int, int] | None = None,
    stop_signal: signal.Signals = signal.SIGTERM,
) -> Process:
    """Start a command in a session of its own, its output appended to `log`, as `user` (uid, gid)."""
    rotate(log)
    identity = {"user": user[0], "group": user[1], "extra_groups": []} if user else {}
    with log.open("ab") as output:
        popen = subprocess.Popen(
            [str(part) for part in command],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            env={**os.environ, **(environment or {})},
            cwd=folder,
            start_new_session=True,
            **identity,  # type: ignore[call-overload]
        )
    return Process(name, Identity.of(popen.pid, stop_signal), log, popen)


async def _until(ended: Callable[[], bool], timeout_seconds: float) -> None:
    deadline = time.monotonic() + timeout_seconds
    while not ended() and time.monotonic() < deadline:  # noqa: ASYNC110 - the kernel sends no event
        await asyncio.sleep(POLL_SECONDS)


async def end(identity: Identity, grace_seconds: float = 30.0) -> bool:
    """End a process that an earlier run started; whether there was one."""
    tree = identity.tree()
    if not tree:
        return False
    send(tree, signal.SIGCONT)
    send(tree[:1], identity.stop_signal)
    await _until(lambda: not identity.alive, grace_seconds)
    send([process for process in tree if process.is_running()], signal.SIGKILL)
    return True


def rotate(log: Path) -> None:
    """Put a log that has grown large aside, keeping one old file."""
    if log.exists() and log.stat().st_size > LOG_BYTES_MAX:
        log.replace(log.with_suffix(".log.1"))


def last_lines(log: Path, count: int = 15) -> str:
    """The end of a log file."""
    if not log.exists():
        return "(no log)"
    with log.open("rb") as file:
        file.seek(max(0, log.stat().st_size - 16_384))
        lines = file.read().decode(errors="replace").splitlines()
    return "\n".join(lines[-count:])
