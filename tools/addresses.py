"""Where Kafka, Postgres and the services are: from the environment, else from the running local stack."""

import os
from collections.abc import Mapping
from dataclasses import dataclass

import typer

from deploy.local.home import default_home


@dataclass(frozen=True, slots=True)
class Addresses:
    """Of what runs now."""

    bootstrap_servers: str
    admin_url: str
    """Postgres, with the password of one who may read every schema."""
    api_urls: Mapping[str, str]
    """By service; empty when the services run elsewhere."""
    api_token: str


def find_addresses() -> Addresses:
    """`KAFKA_BOOTSTRAP_SERVERS` and `DATABASE_URL` where set, else those of `hearth up`; ends the command if
    neither gives them."""
    state = default_home().state()
    brokers = os.environ.get("KAFKA_BOOTSTRAP_SERVERS") or state.get("kafka", {}).get("bootstrap_servers")
    database = os.environ.get("DATABASE_URL") or state.get("postgres", {}).get("admin_url")
    if not brokers or not database:
        typer.echo(
            "Nothing runs here: `hearth up` first, or set KAFKA_BOOTSTRAP_SERVERS and DATABASE_URL", err=True
        )
        raise typer.Exit(1)
    services = {name: service["api_url"] for name, service in state.get("services", {}).items()}
    return Addresses(brokers, database, services, state.get("api_token", ""))
