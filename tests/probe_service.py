"""The probe as a process of its own, to be killed, frozen and restarted: `python -m tests.probe_service`."""

import asyncio
import os
import signal

from shared.engine.engine import Engine
from shared.engine.settings import EngineSettings
from shared.postgres.pool import open_pool
from tests.engine_world import SERVICE, routes


async def main() -> None:
    """Run until SIGTERM, then drain."""
    pool = await open_pool(os.environ["DATABASE_URL"], "probe", size_min=1, size_max=6)
    settings = EngineSettings(session_timeout_ms=6_000)
    engine = Engine(SERVICE, routes(), pool, os.environ["KAFKA_BOOTSTRAP_SERVERS"], settings)
    await engine.start()
    print("ready", flush=True)
    asked = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, asked.set)
    await asked.wait()
    await engine.stop()
    await pool.close()


if __name__ == "__main__":
    asyncio.run(main())
