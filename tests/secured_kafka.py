"""A broker as a cluster's: TLS, SCRAM-SHA-512, and every user with the rights that the manifests give it."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.protocol.admin import CreateAclsRequest

from deploy.local.home import Home
from deploy.local.kafka import KafkaServer
from deploy.local.ports import HOST, choose_port
from shared.kafka.access import KafkaAccess
from tests.certificates import make_certificates

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

    @classmethod
    def of(cls, home: Home, users: Iterable[str]) -> "SecuredKafka":
        """A broker that knows these users; their passwords are those of `tests.deploy.pods`."""
        plain = KafkaServer.at(home)
        port = choose_port(taken=frozenset({plain.port, plain.controller_port}))
        made = cls(home, plain.port, plain.controller_port, secured_port=port)
        made.logins = {user: f"secret-of-{user}" for user in users}
        made.settings = LISTENER.format(
            host=HOST, port=plain.port, controller_port=plain.controller_port, secured_port=port,
            key_store=made.folder / "server.pem",
        )  # fmt: skip
        make_certificates(made.folder)
        return made

    @property
    def secured_servers(self) -> str:
        """Where clients connect with TLS and a login."""
        return f"{HOST}:{self.secured_port}"

    @property
    def authority(self) -> Path:
        """The certificate that clients trust."""
        return self.folder / "authority.crt"

    def access(self, user: str, password: str | None = None) -> KafkaAccess:
        """How a user gets in."""
        return KafkaAccess(self.secured_servers, user, password or self.logins[user], self.authority)

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
