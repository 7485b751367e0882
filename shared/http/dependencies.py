"""Tells a dependency that is away, and will come back, from a mistake of ours, which will not."""

import asyncio
from contextlib import suppress

import asyncpg
from aiokafka.errors import KafkaConnectionError, KafkaError

REACH_SECONDS_MAX = 3.0

AWAY = (OSError, TimeoutError, KafkaError, asyncpg.PostgresError, asyncpg.InterfaceError)
"""What starting up waits out: whatever Postgres or Kafka say, somebody can put right while we wait."""

_AWAY_CLASSES = ("08", "53", "57", "58")
"""SQLSTATE classes: connection, resources, operator intervention, system."""
_IN_THE_WAY = ("40001", "40P01", "55P03")
"""Another transaction is at the same rows: serialisation, deadlock, a lock that is not given in time."""


async def reach_kafka(bootstrap_servers: str) -> None:
    """Return when one of the servers accepts a connection; raises `KafkaConnectionError` when none does.

    Asked before the client library is: it would tell each failure in several lines of its own.
    """
    for address in bootstrap_servers.split(","):
        host, _, port = address.strip().rpartition(":")
        with suppress(OSError, TimeoutError):
            async with asyncio.timeout(REACH_SECONDS_MAX):
                _, writer = await asyncio.open_connection(host.strip("[]"), int(port))
            writer.close()
            return
    raise KafkaConnectionError(f"no answer from {bootstrap_servers}")


def is_dependency_away(error: BaseException) -> bool:
    """Whether asking again later can help a single request."""
    if isinstance(error, asyncpg.PostgresError):
        state = error.sqlstate or ""
        return state[:2] in _AWAY_CLASSES or state in _IN_THE_WAY
    if isinstance(error, asyncpg.InterfaceError):
        return "connection" in str(error) or "pool" in str(error)
    return isinstance(error, OSError | TimeoutError | KafkaError)


def name_of(error: BaseException) -> str:
    """Which dependency an error of starting up speaks of, for the log."""
    if isinstance(error, KafkaError):
        return "kafka"
    return "postgres"
