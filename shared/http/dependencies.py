"""Tells a dependency that is away, and will come back, from a mistake of ours, which will not."""

import asyncpg
from aiokafka.errors import KafkaError

AWAY = (OSError, TimeoutError, KafkaError, asyncpg.PostgresError, asyncpg.InterfaceError)
"""What starting up waits out: whatever Postgres or Kafka say, somebody can put right while we wait."""

_AWAY_CLASSES = ("08", "53", "57", "58")
"""SQLSTATE classes: connection, resources, operator intervention, system."""


def is_dependency_away(error: BaseException) -> bool:
    """Whether asking again later can help a single request."""
    if isinstance(error, asyncpg.PostgresError):
        return (error.sqlstate or "")[:2] in _AWAY_CLASSES
    if isinstance(error, asyncpg.InterfaceError):
        return "connection" in str(error) or "pool" in str(error)
    return isinstance(error, OSError | TimeoutError | KafkaError)


def name_of(error: BaseException) -> str:
    """Which dependency an error speaks of, for the log."""
    if isinstance(error, KafkaError):
        return "kafka"
    if isinstance(error, asyncpg.PostgresError | asyncpg.InterfaceError):
        return "postgres"
    return "unknown"
