"""A connector as a process: logging, metrics on a port of their own, the loop and the exit code."""

import asyncio
import logging
from collections.abc import Coroutine
from contextlib import ExitStack
from typing import Any

from connectors.sdk.settings import ConnectorSettings
from shared.observability import logs
from shared.observability.exposition import metrics_served
from shared.settings import BadSettings


def run(settings: ConnectorSettings, work: Coroutine[Any, Any, None]) -> None:
    """Run until the work ends, with metrics where a port is given."""
    logs.configure(settings.connector_id, settings.log_level)
    logging.getLogger("aiokafka").setLevel(logging.ERROR)
    with ExitStack() as stack:
        if settings.metrics_port is not None:
            try:
                stack.enter_context(metrics_served(settings.metrics_host, settings.metrics_port))
            except OSError:
                work.close()
                raise BadSettings(f"cannot start: METRICS_PORT {settings.metrics_port} is taken") from None
        asyncio.run(_watched(work))


async def _watched(work: Coroutine[Any, Any, None]) -> None:
    logs.watch_tasks(asyncio.get_running_loop())
    await work
