"""A broker as a cluster's: TLS, SCRAM-SHA-512, and every user with the rights that the manifests give it."""

import ipaddress
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.protocol.admin import CreateAclsRequest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from deploy.local.home import Home
from deploy.local.kafka import KafkaServer
from deploy.local.ports import HOST, choose_port
from shared.kafka.access import KafkaAccess

KINDS = {"topic": 2, "group": 3}
PATTERNS = {"literal": 3, "prefix": 4}
OPERATIONS = {"Read": 3, "Write": 4, "Describe": 8, "DescribeConfigs": 10}
ALLOW = 3
"""Codes of Kafka's protocol."""
LISTENER = """
listeners=PLAINTEXT://{host}:{port},CONTROLLER://{host}:{controller_port},SECURED://{host}:{secured_port}
listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT,SECURED:SASL_SSL
listener.name.secured.sasl.enabled.mechanisms=SCRAM-SHA-512
listener.name.secured.scram-sha-512.sasl.jaas.config=\
org.apache.kafka.common.security.scram.ScramLoginModule required;
listener.name.secured.ssl.keystore.type=PEM
listener.name.secured.ssl.keystore.location={key_store}
authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer
super.users=User:ANONYMOUS
"""
"""Who comes without a login comes by the other listener, and is the test itself."""


@dataclass(slots=True)
class SecuredKafka(KafkaServer):
    """A broker with a second listener that asks for TLS and a login."""

    secured_port: int = 0
    passwords: dict[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, home: Home, users: Iterable[str]) -> "SecuredKafka":
        """A broker that knows these users."""
        plain = KafkaServer.at(home)
        taken = frozenset({plain.port, plain.controller_port})
        passwords = {user: f"secret-of-{user}" for user in users}
        logins = tuple(
            part
            for user, password in passwords.items()
            for part in ("--add-scram", f'SCRAM-SHA-512=[name="{user}",password="{password}"]')
        )
        return cls(
            home, plain.port, plain.controller_port, format_options=logins,
            secured_port=choose_port(taken=taken), passwords=passwords,
        )  # fmt: skip

    @property
    def authority(self) -> Path:
        """The certificate that clients trust."""
        return self.folder / "authority.crt"

    def access(self, user: str, password: str | None = None) -> KafkaAccess:
        """How a user gets in."""
        return KafkaAccess(
            f"{HOST}:{self.secured_port}", user, password or self.passwords[user], self.authority
        )

    def _write_settings(self) -> None:
        KafkaServer._write_settings(self)
        key_store = self.folder / "broker.pem"
        key, certificate = _signed_by_itself()
        key_store.write_bytes(key + certificate)
        self.authority.write_bytes(certificate)
        path = self.folder / "server.properties"
        kept = [line for line in path.read_text().splitlines() if not line.startswith("listeners=")]
        more = LISTENER.format(
            host=HOST, port=self.port, controller_port=self.controller_port, secured_port=self.secured_port,
            key_store=key_store,
        )  # fmt: skip
        path.write_text("\n".join(kept) + more)

    async def allow(self, users: Iterable[dict[str, Any]]) -> None:
        """Give users the rights that their KafkaUser manifests name."""
        admin = AIOKafkaAdminClient(bootstrap_servers=self.bootstrap_servers)
        await admin.start()
        try:
            for user in users:
                for rule in user["spec"]["authorization"]["acls"]:
                    for operation in rule["operations"]:
                        await self._allow_one(admin, user["metadata"]["name"], rule, operation)
        finally:
            await admin.close()

    async def _allow_one(
        self, admin: AIOKafkaAdminClient, user: str, rule: dict[str, Any], operation: str
    ) -> None:
        resource = rule["resource"]
        place = KINDS[resource["type"]], resource["name"], PATTERNS[resource["patternType"]]
        right = f"User:{user}", rule["host"], OPERATIONS[operation], ALLOW
        told = await admin._send_to_controller(CreateAclsRequest(*place, *right))
        assert [code for code, _ in told.creation_responses] == [0], told


def _signed_by_itself() -> tuple[bytes, bytes]:
    """Key and certificate of this machine, in PEM; its own authority."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "hearth tests")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address(HOST))]), False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), True)
        .sign(key, hashes.SHA256())
    )
    form = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    return key.private_bytes(*form), certificate.public_bytes(serialization.Encoding.PEM)
