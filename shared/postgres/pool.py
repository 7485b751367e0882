"""The connection pool of a service: sessions that can neither hang nor hold a lane for long."""

from typing import Any

import asyncpg

SESSION_SETTINGS = {
    # A frozen owner must not hold its lanes.
    "idle_in_transaction_session_timeout": "15s",
    "lock_timeout": "5s",
    "statement_timeout": "30s",
    # Compiling a plan costs more than running any statement of ours.
    "jit": "off",
    # Plans are kept: one that was made for an almost empty table would read all of it when it has grown.
    "enable_seqscan": "off",
}
CONNECT_SECONDS_MAX = 10.0
COMMAND_SECONDS_MAX = 60.0


async def open_pool(
    url: str, application_name: str, *, size_min: int = 2, size_max: int = 16
) -> "asyncpg.Pool[asyncpg.Record]":
    """Open a pool of `size_min` to `size_max` connections; raises when the server cannot be reached now.

    `command_timeout` is the client's own limit, for a server that does not answer at all.
    """
    return await asyncpg.create_pool(
        url,
        min_size=size_min,
        max_size=size_max,
        timeout=CONNECT_SECONDS_MAX,
        command_timeout=COMMAND_SECONDS_MAX,
        server_settings={**SESSION_SETTINGS, "application_name": application_name},
        reset=_leave_as_it_is,
    )


async def _leave_as_it_is(connection: Any) -> None:
    """What is set or locked ends with its transaction, and that the pool ends: resetting is a round trip."""
