"""Who may do what in Kafka, told by the code: which topics each service reads, which it writes."""

import importlib
from collections.abc import Iterable
from dataclasses import dataclass

from connectors.sdk.command_intake import GROUP_PREFIX
from deploy.local.roles import SERVICES
from shared.http.runtime import Runtime
from tools.schemas.channels import CHANNELS

CONNECTORS = "connectors"
NOBODY = "127.0.0.1:1"


@dataclass(frozen=True, slots=True)
class Rights:
    """One user of the broker."""

    user: str
    group: str
    group_is_prefix: bool
    reads: tuple[str, ...]
    writes: tuple[str, ...]


def rights_of_services() -> list[Rights]:
    """One user for each service, with what its routes read and its channels carry."""
    return [
        Rights(f"hearth-{name}", group_of(name), False, topics_of(name), _written_by(name))
        for name in SERVICES
    ]


def rights_of_connectors() -> Rights:
    """One user for all connectors: they read what no service writes for services, and profiles."""
    read = sorted({channel.topic for channel in CHANNELS if not channel.received} | set(_profiles()))
    return Rights("hearth-connectors", GROUP_PREFIX, True, tuple(read), _written_by(CONNECTORS))


def group_of(service: str) -> str:
    """The consumer group of a service's replicas."""
    return f"hearth.{service}"


def topics_of(service: str) -> tuple[str, ...]:
    """The topics that a service's engine reads."""
    return _runtime(service).routes.topics


def _runtime(service: str) -> Runtime:
    """The service as its process builds it, of settings that lead to no server."""
    settings = importlib.import_module(f"services.{service}.settings").Settings(
        database_url=f"postgresql://nobody@{NOBODY}/nothing",
        kafka_bootstrap_servers=NOBODY,
        api_port=1,
        metrics_port=1,
        api_token="only-to-look-at-it",  # noqa: S106 - nothing listens
    )
    app = importlib.import_module(f"services.{service}.app").build(settings)
    runtime: Runtime = app.state.runtime
    return runtime


def _written_by(publisher: str) -> tuple[str, ...]:
    return tuple(sorted(each.topic for each in CHANNELS if publisher in each.publisher.split(", ")))


def _profiles() -> Iterable[str]:
    return (channel.topic for channel in CHANNELS if "operators" in channel.publisher.split(", "))
