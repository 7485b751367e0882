"""Servers as a cluster has them: TLS by an authority of its own, logins, the rights of the manifests."""

import contextlib
import os
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.protocol.admin import CreateAclsRequest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from deploy.cluster.rendering import of_kind
from deploy.local.home import Home
from deploy.local.kafka import KafkaServer
from deploy.local.ports import HOST, choose_port
from deploy.local.postgres import PostgresServer
from deploy.local.roles import SERVICES
from deploy.local.topics import create_topics
from tests.deploy.pods import password

# The codes of Kafka's protocol.
RESOURCES = {"topic": 2, "group": 3}
PATTERNS = {"literal": 3, "prefix": 4}
OPERATIONS = {"Read": 3, "Write": 4, "Create": 5, "Describe": 8, "DescribeConfigs": 10, "IdempotentWrite": 12}
ALLOW = 3
SETTINGS = """
listeners=PLAINTEXT://{host}:{port},CONTROLLER://{host}:{controller_port},SECURE://{host}:{secure_port}
listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT,SECURE:SASL_SSL
listener.name.secure.sasl.enabled.mechanisms=SCRAM-SHA-512
listener.name.secure.scram-sha-512.sasl.jaas.config=\
org.apache.kafka.common.security.scram.ScramLoginModule required;
ssl.keystore.type=PEM
ssl.keystore.location={keystore}
authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer
super.users=User:ANONYMOUS
"""


@dataclass(frozen=True, slots=True)
class Secured:
    """Kafka whose clients need a login, and Postgres that speaks TLS; `kafka` itself is reached without."""

    kafka: KafkaServer
    kafka_port: int
    postgres: PostgresServer
    authority: Path
    """PEM, of the one who signs both servers' certificates."""

    @property
    def bootstrap_servers(self) -> str:
        """With TLS and a login."""
        return f"{HOST}:{self.kafka_port}"

    def database(self, user: str, word: str) -> str:
        """The address of the database for one login, as the manifests' credentials have it."""
        return (
            f"postgresql://{user}:{word}@{HOST}:{self.postgres.port}/hearth"
            f"?sslmode=verify-full&sslrootcert={self.authority}"
        )


@contextlib.asynccontextmanager
async def secured(home: Home, overlay: str) -> AsyncIterator[Secured]:
    """Both servers, the topics, and every KafkaUser of an overlay with its rights and nothing more."""
    folder = home.folder("tls")
    folder.chmod(0o755)
    make_certificates(folder)
    kafka = KafkaServer.at(home)
    secure_port = choose_port(taken=frozenset({kafka.port, kafka.controller_port}))
    kafka.settings = SETTINGS.format(
        host=HOST, port=kafka.port, controller_port=kafka.controller_port, secure_port=secure_port,
        keystore=folder / "server.pem",
    )  # fmt: skip
    kafka.logins = {f"hearth-{service}": password(f"hearth-{service}") for service in SERVICES}
    postgres = PostgresServer.at(home)
    key = folder / "server.key"
    if postgres.account:
        os.chown(key, postgres.account.uid, postgres.account.gid)
    postgres.settings = {"ssl": "on", "ssl_cert_file": str(folder / "server.crt"), "ssl_key_file": str(key)}
    try:
        await kafka.start()
        await postgres.start()
        await create_topics(kafka.bootstrap_servers)
        await grant(kafka.bootstrap_servers, overlay)
        yield Secured(kafka, secure_port, postgres, folder / "authority.crt")
    finally:
        await kafka.stop()
        await postgres.stop()


async def grant(bootstrap_servers: str, overlay: str) -> None:
    """Give every KafkaUser what its manifest says."""
    requests = [
        CreateAclsRequest(
            RESOURCES[acl["resource"]["type"]], acl["resource"]["name"],
            PATTERNS[acl["resource"]["patternType"]], f"User:{user['metadata']['name']}", acl["host"],
            OPERATIONS[operation], ALLOW,
        )
        for user in of_kind(overlay, "KafkaUser")
        for acl in user["spec"]["authorization"]["acls"]
        for operation in acl["operations"]
    ]  # fmt: skip
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap_servers)
    await admin.start()
    try:
        for request in requests:
            answer = await admin._send_request(request)
            assert [each[0] for each in answer.creation_responses] == [0], answer
    finally:
        await admin.close()


def make_certificates(folder: Path) -> None:
    """`authority.crt`; `server.crt` and `server.key` for this machine's loopback; both as `server.pem`."""
    signing, serving = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    issuer = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "an authority of tests")])
    authority = _certificate(issuer, signing, issuer, signing, x509.BasicConstraints(ca=True, path_length=0))
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "a server of tests")])
    names = x509.SubjectAlternativeName([x509.IPAddress(ip_address(HOST))])
    certificate = _certificate(subject, serving, issuer, signing, names)
    private = serving.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    pem = certificate.public_bytes(serialization.Encoding.PEM)
    root = authority.public_bytes(serialization.Encoding.PEM)
    for name, content in {
        "authority.crt": root, "server.crt": pem, "server.key": private, "server.pem": private + pem + root,
    }.items():  # fmt: skip
        (folder / name).write_bytes(content)
    (folder / "server.key").chmod(0o600)


def _certificate(
    subject: x509.Name,
    of: ec.EllipticCurvePrivateKey,
    issuer: x509.Name,
    by: ec.EllipticCurvePrivateKey,
    extension: x509.ExtensionType,
) -> x509.Certificate:
    now = datetime.now(UTC)
    made = x509.CertificateBuilder(issuer, subject, of.public_key(), x509.random_serial_number())
    return (
        made.not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(extension, critical=isinstance(extension, x509.BasicConstraints))
        .sign(by, hashes.SHA256())
    )
