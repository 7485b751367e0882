"""Starts, kills, freezes and thaws probe processes; none outlives its test."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass

from deploy.local.home import REPOSITORY
from tests.engine_world import World


@dataclass(slots=True)
class Probe:
    """One running probe."""

    process: asyncio.subprocess.Process

    def kill(self) -> None:
        """At once, wherever it is."""
        self.process.kill()

    def freeze(self) -> None:
        """Stop it in the middle of whatever it does."""
        self.process.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """Let it go on."""
        self.process.send_signal(signal.SIGCONT)

    async def end(self) -> int:
        """SIGTERM, and its exit code."""
        self.process.terminate()
        return await asyncio.wait_for(self.process.wait(), 60)

    async def died(self) -> int:
        """Wait until it is dead by itself."""
        return await asyncio.wait_for(self.process.wait(), 60)


@asynccontextmanager
async def probe(world: World) -> AsyncIterator[Probe]:
    """A probe process that is ready; killed at the end if it still runs."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.probe_service", cwd=REPOSITORY, stdout=asyncio.subprocess.PIPE,
        env={**os.environ, "DATABASE_URL": world.app_url, "KAFKA_BOOTSTRAP_SERVERS": world.servers},
    )  # fmt: skip
    try:
        assert process.stdout is not None
        await asyncio.wait_for(process.stdout.readuntil(b"ready"), 60)
        drain = asyncio.create_task(_drain(process.stdout))
        yield Probe(process)
        drain.cancel()
    finally:
        with suppress(ProcessLookupError):
            process.send_signal(signal.SIGCONT)
            process.kill()
        await process.wait()


async def _drain(stream: asyncio.StreamReader) -> None:
    while await stream.read(65_536):
        pass
