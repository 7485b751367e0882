"""What runs behind a service's HTTP: its pool and its engine, brought up when their dependencies allow it."""

import asyncio
import random
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field

import structlog

from shared.engine.engine import Engine
from shared.engine.routes import Routes
from shared.engine.settings import EngineSettings
from shared.http import metrics
from shared.http.dependencies import AWAY, name_of, reach_kafka
from shared.kafka.access import access_of
from shared.observability.failures import describe
from shared.observability.lag import measure_loop_lag
from shared.observability.logs import watch_tasks
from shared.postgres.connection import Pool
from shared.postgres.pool import open_pool
from shared.settings import ServiceSettings

RETRY_SECONDS_MIN = 0.5
RETRY_SECONDS_MAX = 15.0
PROBE_SECONDS_MAX = 2.0
PROBE_FRESH_SECONDS = 1.0
STOP_SECONDS_MAX = 25.0
WATCH_SECONDS = 1.0
CENSUS_SECONDS = 20.0
POOL_CLOSE_SECONDS_MAX = 5.0

log = structlog.stdlib.get_logger(__name__)


@dataclass(slots=True)
class Runtime:
    """A service between its start and its end.

    Starting never fails for want of Postgres or Kafka: it waits for them, live and not ready. A mistake of
    ours, which waiting cannot mend, is kept in `failure` and `on_failure` is called.
    """

    name: str
    settings: ServiceSettings
    routes: Routes
    engine_settings: EngineSettings
    census: Callable[[Pool], Awaitable[None]] | None = None
    """Sets the gauges of the service that only its database knows."""
    on_failure: Callable[[], None] = lambda: None
    failure: Exception | None = None
    engine: Engine | None = None
    pool: Pool | None = None
    _tasks: list[asyncio.Task[None]] = field(default_factory=list)
    _probe: asyncio.Lock = field(default_factory=asyncio.Lock)
    _probed: tuple[float, bool] = (float("-inf"), False)

    async def open(self) -> Pool:
        """Begin to start; returns the pool, which connects when it is first used."""
        watch_tasks(asyncio.get_running_loop())
        url = self.settings.database_url.get_secret_value()
        self.pool = await open_pool(url, f"hearth-{self.name}", size_min=0)
        loops = (measure_loop_lag(), self._bring_up(), self._watch(), self._count())
        self._tasks = [asyncio.create_task(loop) for loop in loops]
        return self.pool

    async def close(self) -> None:
        """Drain: what was read is finished or given back, then connections are closed. Bounded in time."""
        log.info("the service drains", action="service_drains")
        engine, self.engine = self.engine, None
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if engine is not None:
            await _stop(engine)
        if self.pool is not None:
            await _close(self.pool)
        log.info("the service has stopped", action="service_stopped")

    def fail(self, error: Exception, why: str) -> None:
        """Give up: the process ends, if it is one."""
        log.critical(f"the service cannot start: {why}", action="start_failed", exc_info=error)
        self.failure = error
        self.on_failure()

    def is_live(self) -> bool:
        """Whether the process is worth keeping; one that waits for a dependency is."""
        return self.failure is None and (self.engine is None or self.engine.is_live())

    async def waits_for(self) -> list[str]:
        """What keeps the service from being ready: of `database` and `engine`."""
        ready = self.engine is not None and self.engine.is_ready()
        return [*([] if await self._database_answers() else ["database"]), *([] if ready else ["engine"])]

    async def _database_answers(self) -> bool:
        """Asked at most once a second, however many ask us: the route is open to anybody."""
        async with self._probe:
            asked_at, answered = self._probed
            if time.monotonic() - asked_at > PROBE_FRESH_SECONDS:
                answered = await self._ask_database()
                self._probed = (time.monotonic(), answered)
        return answered

    async def _ask_database(self) -> bool:
        if self.pool is None:
            return False
        try:
            async with asyncio.timeout(PROBE_SECONDS_MAX):
                await self.pool.fetchval("SELECT 1")
        except AWAY:
            return False
        return True

    async def _bring_up(self) -> None:
        delay = RETRY_SECONDS_MIN
        while True:
            try:
                await self._try_to_start()
                log.info("the service runs", action="service_started")
                return
            except AWAY as error:
                log.warning(
                    "a dependency is away; the service waits for it",
                    action="start_delayed",
                    dependency=name_of(error),
                    error=describe(error),
                    retry_seconds=round(delay, 1),
                )
            except Exception as error:
                self.fail(error, "a mistake of ours that waiting cannot mend")
                return
            # spread, so that all services of a cluster do not knock at the same moment
            await asyncio.sleep(delay * random.uniform(0.7, 1.0))  # noqa: S311
            delay = min(delay * 2, RETRY_SECONDS_MAX)

    async def _watch(self) -> None:
        """Tell of the pool and of being ready, again and again."""
        assert self.pool is not None
        metrics.CONNECTIONS_MAX.set(self.pool.get_max_size())
        while True:
            idle = self.pool.get_idle_size()
            metrics.CONNECTIONS.labels("idle").set(idle)
            metrics.CONNECTIONS.labels("busy").set(self.pool.get_size() - idle)
            metrics.READY.set(self.engine is not None and self.engine.is_ready())
            await asyncio.sleep(WATCH_SECONDS)

    async def _count(self) -> None:
        """Have the service count what only its database knows; one that fails is told and tried again."""
        while self.census is not None:
            await asyncio.sleep(CENSUS_SECONDS * random.uniform(0.7, 1.0))  # noqa: S311
            assert self.pool is not None
            try:
                await self.census(self.pool)
            except AWAY as error:
                log.warning("the census failed", action="census_failed", error=describe(error))

    async def _try_to_start(self) -> None:
        assert self.pool is not None
        await self.pool.fetchval("SELECT 1")
        await reach_kafka(self.settings.kafka_bootstrap_servers)
        engine = Engine(self.name, self.routes, self.pool, access_of(self.settings), self.engine_settings)
        try:
            await engine.start()
        except BaseException:
            await _stop(engine)
            raise
        self.engine = engine


async def _stop(engine: Engine) -> None:
    try:
        async with asyncio.timeout(STOP_SECONDS_MAX):
            await engine.stop()
    except Exception as error:
        log.error("the engine did not stop cleanly", action="stop_failed", exc_info=error)


async def _close(pool: Pool) -> None:
    with suppress(*AWAY):
        async with asyncio.timeout(POOL_CLOSE_SECONDS_MAX):
            await pool.close()
            return
    pool.terminate()
