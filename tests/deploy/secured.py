"""Servers as a cluster has them: TLS by an authority of its own, logins, the rights of the manifests."""

import contextlib
import os
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

from deploy.cluster.rendering import of_kind
from deploy.local.home import Home
from deploy.local.ports import HOST
from deploy.local.postgres import PostgresServer
from deploy.local.topics import create_topics
from tests.certificates import make_certificates
from tests.secured_kafka import SecuredKafka


@dataclass(frozen=True, slots=True)
class Secured:
    """Kafka whose clients need a login, and Postgres that speaks TLS; `kafka` itself is reached without."""

    kafka: SecuredKafka
    postgres: PostgresServer
    authority: Path
    """PEM, of the one who signs Postgres's certificate."""

    def database(self, user: str, password: str) -> str:
        """The address of the database for one login, as the manifests' credentials have it."""
        return (
            f"postgresql://{user}:{password}@{HOST}:{self.postgres.port}/hearth"
            f"?sslmode=verify-full&sslrootcert={self.authority}"
        )


@contextlib.asynccontextmanager
async def secured(home: Home, overlay: str) -> AsyncIterator[Secured]:
    """Both servers, the topics, and every KafkaUser of an overlay with its rights and nothing more."""
    users = of_kind(overlay, "KafkaUser")
    kafka = SecuredKafka.of(home, [each["metadata"]["name"] for each in users])
    postgres = PostgresServer.at(home)
    folder = home.folder("tls")
    folder.chmod(0o755)
    make_certificates(folder)
    key = folder / "server.key"
    if postgres.account:
        os.chown(key, postgres.account.uid, postgres.account.gid)
    postgres.settings = {"ssl": "on", "ssl_cert_file": str(folder / "server.crt"), "ssl_key_file": str(key)}
    try:
        await kafka.start()
        await postgres.start()
        await create_topics(kafka.bootstrap_servers)
        await kafka.allow(users)
        yield Secured(kafka, postgres, folder / "authority.crt")
    finally:
        await kafka.stop()
        await postgres.stop()
