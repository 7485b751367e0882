"""Work beside events and requests: done again and again by real time, for as long as the service runs."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Iterable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import structlog

log = structlog.stdlib.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Chore:
    """What every replica does, each by itself; what fails is told, and tried again at the next time."""

    name: str
    every_seconds: float
    """The pause between an end and the next beginning."""
    do: Callable[[datetime], Awaitable[object]]
    """Gets the moment."""

    async def repeat(self) -> None:
        """For ever."""
        while True:
            try:
                await self.do(datetime.now(UTC))
            except Exception as error:  # a database may be away for a while
                log.warning(
                    "a chore waits", action="chore_failed", chore=self.name, error=type(error).__name__
                )
            await asyncio.sleep(self.every_seconds)


def doing(chores: Iterable[Chore]) -> AbstractAsyncContextManager[None]:
    """Do them for as long as the block lasts."""
    return running(*(chore.repeat() for chore in chores))


@asynccontextmanager
async def running(*works: Coroutine[Any, Any, None]) -> AsyncIterator[None]:
    """Let each run beside the block, and end it with the block."""
    tasks = [asyncio.create_task(work) for work in works]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
