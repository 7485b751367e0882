"""How to reach Kafka: addresses, and where brokers ask for it TLS and a login."""

import ssl
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from faststream.security import BaseSecurity, SASLScram512

from shared.settings import ProcessSettings

SASL_MECHANISM = "SCRAM-SHA-512"


@dataclass(frozen=True, slots=True)
class KafkaAccess:
    """Brokers that ask for TLS and a login."""

    bootstrap_servers: str
    username: str
    password: str
    ca_file: Path

    def context(self) -> ssl.SSLContext:
        """Trusts the authorities of `ca_file` alone."""
        return ssl.create_default_context(cafile=str(self.ca_file))


Kafka = str | KafkaAccess
"""A bare address, or an address with TLS and a login."""


def access_of(settings: ProcessSettings) -> Kafka:
    """Where a process's brokers are, with the login where it has one."""
    if settings.kafka_ca_file is None:
        return settings.kafka_bootstrap_servers
    password = settings.kafka_password.get_secret_value()
    return KafkaAccess(
        settings.kafka_bootstrap_servers, settings.kafka_username, password, settings.kafka_ca_file
    )


def addresses(kafka: Kafka) -> str:
    """`host:port`, several separated by commas."""
    return kafka if isinstance(kafka, str) else kafka.bootstrap_servers


def client_arguments(kafka: Kafka) -> dict[str, Any]:
    """What every client of aiokafka is told."""
    if isinstance(kafka, str):
        return {"bootstrap_servers": kafka}
    return {
        "bootstrap_servers": kafka.bootstrap_servers,
        "security_protocol": "SASL_SSL",
        "ssl_context": kafka.context(),
        "sasl_mechanism": SASL_MECHANISM,
        "sasl_plain_username": kafka.username,
        "sasl_plain_password": kafka.password,
    }


def broker_security(kafka: Kafka) -> BaseSecurity | None:
    """The same for FastStream's broker."""
    if isinstance(kafka, str):
        return None
    return SASLScram512(kafka.username, kafka.password, ssl_context=kafka.context(), use_ssl=True)
