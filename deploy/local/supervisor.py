"""Starts parts in the order of their needs, watches them, restarts what dies, stops all in reverse order."""

import asyncio
import contextlib
import time
from collections import defaultdict, deque
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field

from deploy.local.follower import Follower
from deploy.local.process import Process, last_lines

WATCH_SECONDS = 0.2
STOP_SECONDS_MAX = 60.0
DEATHS_MAX = 5
DEATHS_WINDOW_SECONDS = 120.0
RESTART_SECONDS = (0.5, 2.0, 5.0, 10.0)
FAILED, STOPPED = 1, 0

Say = Callable[[str, str], None]
"""Takes a part's name and a line about or from it."""


@dataclass(frozen=True, slots=True)
class Part:
    """One thing to start: a process, or a step (then `start` returns None) that its followers need."""

    name: str
    start: Callable[[], Awaitable[Process | None]]
    """Returns when it is ready; raises when it cannot be."""
    needs: tuple[str, ...] = ()


@dataclass(slots=True)
class Supervisor:
    """Runs parts until it is told to stop, or until one dies again and again."""

    parts: Sequence[Part]
    say: Say
    follower: Follower | None = None
    """Shows the processes' own output, when somebody watches."""
    stopping: asyncio.Event = field(default_factory=asyncio.Event)
    _running: dict[str, Process] = field(default_factory=dict)
    _deaths: "defaultdict[str, deque[float]]" = field(default_factory=lambda: defaultdict(deque))

    async def run(self, on_ready: Callable[[], None]) -> int:
        """Start all, call `on_ready`, watch. The exit code: 0 after a wanted stop, 1 after a failure."""
        following = asyncio.create_task(self.follower.run()) if self.follower else None
        try:
            if not await self._unless_stopped(self._start_all()):
                return STOPPED
            on_ready()
            await self._unless_stopped(self._watch())
        except Exception as error:
            self.say("hearth", f"{error}")
            return FAILED
        finally:
            await self._stop_all()
            if following and self.follower:
                following.cancel()
                with contextlib.suppress(asyncio.CancelledError):
                    await following
                self.follower.show()
        return STOPPED

    async def _unless_stopped(self, work: Awaitable[None]) -> bool:
        """Do the work, or leave it when told to stop; whether it was done."""
        doing, stopped = asyncio.ensure_future(work), asyncio.create_task(self.stopping.wait())
        await asyncio.wait({doing, stopped}, return_when=asyncio.FIRST_COMPLETED)
        if doing.done():
            stopped.cancel()
            doing.result()
            return True
        doing.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await doing
        return False

    async def _start_all(self) -> None:
        ready = {part.name: asyncio.Event() for part in self.parts}

        async def start_after_needs(part: Part) -> None:
            for need in part.needs:
                await ready[need].wait()
            await self._start(part)
            ready[part.name].set()

        tasks = [asyncio.create_task(start_after_needs(part)) for part in self.parts]
        try:
            await asyncio.gather(*tasks)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _start(self, part: Part) -> None:
        began = time.monotonic()
        process = await part.start()
        if process:
            self._running[part.name] = process
        self.say(part.name, f"ready after {time.monotonic() - began:.1f} s")

    async def _watch(self) -> None:
        while True:
            await asyncio.sleep(WATCH_SECONDS)
            for part in self.parts:
                process = self._running.get(part.name)
                if process and process.returncode is not None:
                    await self._restart(part, process)

    async def _restart(self, part: Part, process: Process) -> None:
        """Report a death with its last words and start again, unless it happens too often."""
        lines = last_lines(process.log).replace("\n", "\n    ")
        self.say(part.name, f"died with code {process.returncode}; its last lines:\n    {lines}")
        del self._running[part.name]
        deaths = self._deaths[part.name]
        deaths.append(time.monotonic())
        while deaths[0] < time.monotonic() - DEATHS_WINDOW_SECONDS:
            deaths.popleft()
        if len(deaths) >= DEATHS_MAX:
            raise RuntimeError(
                f"{part.name} died {len(deaths)} times in {DEATHS_WINDOW_SECONDS:.0f} s: giving up"
            )
        pause = RESTART_SECONDS[min(len(deaths), len(RESTART_SECONDS)) - 1]
        self.say(part.name, f"starts again in {pause:.1f} s")
        await asyncio.sleep(pause)
        await self._start(part)

    async def _stop_all(self) -> None:
        """Each part after those that need it."""
        stopped = {part.name: asyncio.Event() for part in self.parts}

        async def stop_after_dependents(part: Part) -> None:
            for other in self.parts:
                if part.name in other.needs:
                    await stopped[other.name].wait()
            if process := self._running.pop(part.name, None):
                await process.stop(STOP_SECONDS_MAX)
                self.say(part.name, "stopped")
            stopped[part.name].set()

        await asyncio.gather(*(stop_after_dependents(part) for part in self.parts))
