"""Servers that somebody else runs: their addresses come from the environment and nothing is started."""

from dataclasses import dataclass

from deploy.local.process import Process


@dataclass(frozen=True, slots=True)
class ExternalKafka:
    """Brokers at `KAFKA_BOOTSTRAP_SERVERS`."""

    bootstrap_servers: str

    async def start(self) -> Process | None:
        """Nothing to start."""
        return None

    async def stop(self) -> None:
        """Not ours to stop."""


@dataclass(frozen=True, slots=True)
class ExternalPostgres:
    """A server at `DATABASE_URL`, whose login may create roles and schemas in the database that it names."""

    admin_url: str

    async def start(self) -> Process | None:
        """Nothing to start."""
        return None

    async def stop(self) -> None:
        """Not ours to stop."""
