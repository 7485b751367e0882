"""What each Secret of a cluster holds, in one place: for a secret store's templates, and for a first try.

`python -m deploy.cluster.credentials | kubectl apply -f -` invents them for a cluster without a store.
"""

import secrets
import sys
from collections.abc import Iterator, Mapping
from typing import Any

import yaml
from cryptography.fernet import Fernet

from deploy.local.prepare import password_variables
from deploy.local.roles import SERVICES

HOST = "hearth-database-rw"
DATABASE = "hearth"
ADMINISTRATOR = "hearth_admin"
AUTHORITY = "/run/hearth/database-authority/ca.crt"
ROLES = "database-roles"
OWNER = "database-owner"
OWN_KEYS = {"rewards": ("address-key", "fulfilment-secret")}
"""What a service's Secret holds beside its login and its token: a Fernet key, and a webhook's secret."""
BYTES = 24
"""URL-safe characters are made of them, so an address can hold them as they are."""


def database_url(user: str, password: str) -> str:
    """The cluster's database for one login; TLS, and the server must be the one it says it is."""
    return (
        f"postgresql://{user}:{password}@{HOST}:5432/{DATABASE}?sslmode=verify-full&sslrootcert={AUTHORITY}"
    )


def own_keys() -> list[str]:
    """Names of `OWN_KEYS` as a store and a template know them: `rewards_address_key`."""
    return [_stored(service, name) for service, names in OWN_KEYS.items() for name in names]


def _stored(service: str, name: str) -> str:
    return f"{service}_{name.replace('-', '_')}"


def contents(
    password_of: Mapping[str, str], token_of: Mapping[str, str], key_of: Mapping[str, str]
) -> dict[str, dict[str, str]]:
    """Every Secret by name: its keys and values. Passwords are by role, tokens by service, keys by name."""
    by_service = {
        f"{service}-credentials": {
            "database-url": database_url(f"hearth_{service}", password_of[f"hearth_{service}"]),
            "api-token": token_of[service],
            **{name: key_of[_stored(service, name)] for name in OWN_KEYS.get(service, ())},
        }
        for service in SERVICES
    }
    return {
        **by_service,
        ROLES: {role: password_of[role] for role in password_variables()},
        "database-administrator": {"database-url": database_url(ADMINISTRATOR, password_of[ADMINISTRATOR])},
        OWNER: {"username": ADMINISTRATOR, "password": password_of[ADMINISTRATOR]},
    }


def type_of(name: str) -> str:
    """What the Postgres operator expects of its own."""
    return "kubernetes.io/basic-auth" if name == OWNER else "Opaque"


def invented() -> Iterator[dict[str, Any]]:
    """The Secrets with values that nobody knew before."""
    passwords = {role: secrets.token_urlsafe(BYTES) for role in (*password_variables(), ADMINISTRATOR)}
    tokens = {service: secrets.token_urlsafe(BYTES) for service in SERVICES}
    keys = {name: Fernet.generate_key().decode() for name in own_keys()}
    for name, values in contents(passwords, tokens, keys).items():
        yield {
            "apiVersion": "v1",
            "kind": "Secret",
            "metadata": {"name": name, "namespace": "hearth"},
            "type": type_of(name),
            "stringData": values,
        }


def main() -> None:
    """Print them for kubectl; never to a terminal."""
    if sys.stdout.isatty():
        sys.exit("these are secrets: pipe them into `kubectl apply -f -`")
    sys.stdout.write(yaml.safe_dump_all(invented(), sort_keys=False))


if __name__ == "__main__":
    main()
