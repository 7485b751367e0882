"""Pods of the rendered manifests as processes on free ports."""

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from deploy.local.home import REPOSITORY
from tests.architecture.built import free_port
from tests.deploy.pods import Pod

PATIENCE_SECONDS = 120.0
IMAGE = {"PATH": os.environ["PATH"], "PYTHONUNBUFFERED": "1"}
"""What the image itself tells every process."""


@dataclass(frozen=True, slots=True)
class Running:
    """A pod's process."""

    process: asyncio.subprocess.Process
    port: str
    output: Path

    async def ended(self) -> tuple[int, str]:
        """Exit code and all that it said."""
        async with asyncio.timeout(PATIENCE_SECONDS):
            return await self.process.wait(), self.output.read_text()

    async def answer(self, path: str) -> httpx.Response:
        """What it answers, once it listens."""
        async with asyncio.timeout(PATIENCE_SECONDS), httpx.AsyncClient(trust_env=False) as client:
            while True:
                assert self.process.returncode is None, self.output.read_text()
                try:
                    return await client.get(f"http://127.0.0.1:{self.port}{path}")
                except httpx.TransportError:
                    await asyncio.sleep(0.1)

    async def until_ready(self) -> None:
        """Wait until it says so."""
        async with asyncio.timeout(PATIENCE_SECONDS):
            while (await self.answer("/readyz")).status_code != 200:  # noqa: ASYNC110
                await asyncio.sleep(0.2)

    async def said(self, action: str) -> dict[str, Any]:
        """The first line of this action."""
        async with asyncio.timeout(PATIENCE_SECONDS):
            while True:
                lines = [json.loads(line) for line in self.output.read_text().splitlines()]
                for line in lines:
                    if line["action"] == action:
                        return dict(line)
                await asyncio.sleep(0.1)


Start = Callable[..., Awaitable[Running]]


@asynccontextmanager
async def starting(folder: Path) -> AsyncIterator[Start]:
    """`await start(pod, LOG_LEVEL=…)`: the pod's process on free ports; all are ended with the block."""
    started: list[asyncio.subprocess.Process] = []

    async def make(pod: Pod, **more: str) -> Running:
        port, output = str(free_port()), folder / f"output-{len(started)}"
        told = {**pod.environment, "API_PORT": port, "METRICS_PORT": str(free_port()), **more}
        process = await _run(pod.arguments, told, output)
        started.append(process)
        return Running(process, port, output)

    try:
        yield make
    finally:
        for process in started:
            if process.returncode is None:
                process.kill()
            await process.wait()


async def _run(arguments: list[str], told: Mapping[str, str], output: Path) -> asyncio.subprocess.Process:
    with output.open("wb") as written:
        return await asyncio.create_subprocess_exec(
            sys.executable, "-m", *arguments, cwd=REPOSITORY, env={**IMAGE, **told},
            stdin=asyncio.subprocess.DEVNULL, stdout=written, stderr=asyncio.subprocess.STDOUT,
        )  # fmt: skip
