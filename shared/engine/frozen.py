"""Ends sessions of a frozen owner that hold what its successor needs.

`idle_in_transaction_session_timeout` ends those between two statements. One frozen in the middle of a COPY
counts as active, and neither that limit nor `statement_timeout` reaches a backend that waits for its client's
rows.
"""

from contextlib import suppress

import asyncpg
import structlog

from shared.postgres.connection import Pool

log = structlog.get_logger(__name__)

# A batch's COPY takes milliseconds; the seconds are those of idle_in_transaction_session_timeout.
END_FROZEN = """
    SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
    WHERE usename = current_user AND datname = current_database() AND pid <> pg_backend_pid()
      AND state = 'active' AND wait_event = 'ClientRead'
      AND state_change < clock_timestamp() - interval '15 seconds'
"""


async def end_frozen(pool: Pool, error: BaseException) -> None:
    """When a lock did not come in time: end our role's sessions that wait in vain for their client."""
    if not isinstance(error, asyncpg.LockNotAvailableError):
        return
    with suppress(asyncpg.PostgresError, asyncpg.InterfaceError, OSError, TimeoutError):
        async with pool.acquire() as connection:
            ended = await connection.fetchval(END_FROZEN)
        if ended:
            log.warning("sessions of a frozen owner were ended", action="frozen_ended", sessions=ended)
